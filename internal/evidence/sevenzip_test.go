package evidence

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"path/filepath"
	"testing"
)

// sevenZip puts a header after some content, with sound checksums.
func sevenZip(content, header []byte) []byte {
	out := []byte("7z\xbc\xaf\x27\x1c\x00\x04\x00\x00\x00\x00")
	out = binary.LittleEndian.AppendUint64(out, uint64(len(content)))
	out = binary.LittleEndian.AppendUint64(out, uint64(len(header)))
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(header))
	binary.LittleEndian.PutUint32(out[8:], crc32.ChecksumIEEE(out[12:]))
	return append(append(out, content...), header...)
}

// TestSevenZipCounts opens archives whose checksums are right and whose counts are not.
func TestSevenZipCounts(t *testing.T) {
	const much = "\xf0\xff\xff\xff\xff" // 2^32-1
	for _, c := range []struct {
		name, header string
		want         error
	}{
		{"files", "\x01\x05" + much, ErrLimit},
		{"packed_streams", "\x01\x04\x06\x00" + much, ErrLimit},
		{"folders", "\x01\x04\x07\x0b" + much, ErrLimit},
		{"members", "\x01\x04\x07\x0b\x01\x00\x01\x01\x00\x0c\x01\x00\x08\x0d" + much, ErrLimit},
		{"methods", "\x01\x04\x07\x0b\x01\x00" + much, ErrCorrupt},
		{"inputs", "\x01\x04\x07\x0b\x01\x00\x01\x11\x00" + much, ErrCorrupt},
		{"properties", "\x01\x04\x07\x0b\x01\x00\x01\x21\x00" + much, ErrCorrupt},
		{"empty", "", nil},
		{"other", "\x07", ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.7z"), sevenZip([]byte("content"), []byte(c.header))))
			f := find(t, all, "a.7z")
			if len(f.Problems) != 1 || c.want != nil && !errors.Is(f.Problems[0], c.want) {
				t.Errorf("%v, want %v", f.Problems, c.want)
			}
		})
	}
	t.Run("in_a_packed_header", func(t *testing.T) {
		// One folder of method "copy", its packed stream at the start.
		inner := "\x01\x05" + much
		streams := "\x06\x00\x01\x09" + string(rune(len(inner))) + "\x00\x07\x0b\x01\x00\x01\x01\x00\x0c" + string(rune(len(inner))) + "\x00\x00"
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.7z"), sevenZip([]byte(inner), []byte("\x17"+streams))))
		if f := find(t, all, "a.7z"); len(f.Problems) != 1 || !errors.Is(f.Problems[0], ErrLimit) {
			t.Errorf("%v", f.Problems)
		}
	})
}
