package simd

// Word is a text that two bytes stand for; of Text, Size bytes count.
type Word struct {
	Text [32]byte
	Size int
}

// MarkLeads is how many bytes a mark may begin with: all below 0x20 but zero. Marks holds those that begin with 1, by their second byte, then
// those that begin with 2, and so on.
const MarkLeads = 0x1f

// Words is what marks stand for.
type Words [MarkLeads * 256]Word

// Unmark writes text to dst, with the words that marks stand for in their places, and returns how many bytes it wrote and how many of text it read. It
// stops where less than 34 bytes of text, or less than 64 of dst, are left, and at a zero. What is behind written in dst may be written to.
func Unmark(dst, text []byte, words *Words) (written, read int) {
	if Available && len(text) >= 34 && len(dst) >= 64 {
		return unmark(&dst[0], len(dst), &text[0], len(text), words)
	}
	return 0, 0
}
