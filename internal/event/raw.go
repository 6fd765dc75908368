package event

// Raw is a value as it lies in the evidence. Tag and Bytes together determine its text: two values of which both are the same
// have the same text, and are both null or both not. So what was found out about one need not be found out about the other.
//
// It is the same type as sigma.Raw, so that records can be shown to rules without copying.
type Raw = struct {
	Bytes []byte // valid until the parser's next step
	Tag   uint8  // RawNone, RawNull, RawOther, or a type of the source's own, of which RawTextOf tells more
}

// Tags that all sources share. In those between RawNull and RawOther the two highest bits say what the text is like, and
// the others are the source's own.
const (
	RawNone  = 0   // the record has no such field
	RawNull  = 1   // the field is there, and its one value is Null; Bytes is empty
	RawUTF16 = 64  // this bit alone: the text is Bytes, UTF-16 little-endian, up to the first NUL; an odd byte at the end is none of it
	RawPlain = 128 // this bit alone: the text is made of RawPlainText's characters
	RawOther = 255 // ask Values: a list, a value of several parts, or something unusual
)

// RawPlainText holds the characters of numbers, GUIDs, SIDs and times: those that the text of a RawPlain value has, and
// perhaps others.
const RawPlainText = "0123456789abcdefABCDEFxSTZ{}-.:?"

// RawText says what the text of a Raw is like.
type RawText uint8

// The kinds of text.
const (
	RawTextAny   RawText = iota // any text, or none
	RawTextUTF16                // Bytes is the text, UTF-16 little-endian, up to the first NUL; an odd byte at the end is none of it
	RawTextPlain                // characters of RawPlainText alone
)

// RawTextOf returns what the text of values with this tag is like.
func RawTextOf(tag uint8) RawText {
	switch tag & (RawUTF16 | RawPlain) {
	case RawUTF16:
		return RawTextUTF16
	case RawPlain:
		return RawTextPlain
	}
	return RawTextAny
}

// RawValues is implemented by Values that can show values as they lie in the evidence.
type RawValues interface {
	// Raw sets dst[i] to the value of field fields[i], for each of fields. The tag is RawNone if and only if Len is 0, and
	// RawOther if Len is more than 1; what is put there is valid until the parser's next step.
	Raw(dst []Raw, fields []int32)
	// AnyText calls f with every text of the record, UTF-16 little-endian, which may have NULs, until f returns true; it returns
	// whether f did, or whether there is text of another kind. Numbers, truth values and values that are RawPlain are passed
	// over, and so are fields that are Apart; those of but that Raw shows as RawUTF16 may be. Calls with one key have the same
	// but, and f says the same of the same text: both may be remembered.
	//
	// Where the texts of a record lie together in its evidence, piece, if it isn't nil, may be shown these bytes instead: where it returns
	// false, f would return false for each text in them, wherever they begin.
	AnyText(key uint64, but []int32, piece, f func(utf16 []byte) bool) bool
}
