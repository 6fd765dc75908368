package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/bodgit/sevenzip"
	"github.com/stangelandcl/ppmd"
	"github.com/ulikunitz/xz/lzma"
)

func init() {
	// The library's own decoders take a window of up to 4 GiB on the word of a header.
	sevenzip.RegisterDecompressor([]byte{0x03, 0x01, 0x01}, sevenZipLZMA)
	sevenzip.RegisterDecompressor([]byte{0x21}, sevenZipLZMA2)
	sevenzip.RegisterDecompressor([]byte{0x03, 0x04, 0x01}, sevenZipPPMd)
}

// sevenZipMembers yields the members of a 7z in its order: in a solid archive any other order would unpack
// everything again and again.
func sevenZipMembers(c *container) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		z, err := openSevenZip(c)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, f := range z.File {
			if f.Mode().IsDir() {
				continue
			}
			if !yield(sevenZipMember(f), nil) {
				return
			}
		}
	}
}

func sevenZipMember(f *sevenzip.File) *member {
	m := &member{name: pathText(f.Name), packed: -1, solid: true, backslash: true}
	if !f.Modified.IsZero() {
		m.modified = f.Modified.UTC()
	}
	if f.Attributes&0x8000 != 0 { // the upper half is a Unix mode
		m.special = specialMode(f.Attributes >> 16)
	}
	m.open = func(string) (io.Reader, error) { return openSevenZipFile(f) }
	return m
}

func openSevenZipFile(f *sevenzip.File) (io.Reader, error) {
	var r io.ReadCloser
	err := safely(func() (err error) {
		r, err = f.Open()
		return err
	})
	if err != nil {
		return nil, sevenZipError(err)
	}
	whole := &shortReader{r: safeReader{r}, left: int64(min(f.UncompressedSize, 1<<62))}
	var content io.Reader = whole
	if f.CRC32 != 0 {
		content = newCRCReader(whole, f.CRC32)
	}
	return &closingReader{Reader: content, inner: safeReader{r}}, nil
}

// openSevenZip finds the password, where one is needed, by reading the first member: the format has no other check, and no mark
// that tells a wrong password from damage. So passwords are tried on an archive that only seems damaged, too.
func openSevenZip(c *container) (*sevenzip.Reader, error) {
	z, err := newSevenZip(c, "")
	if err == nil {
		if err = probeSevenZip(z); err == nil {
			return z, nil
		}
	} else if !isEncrypted(err) {
		return nil, sevenZipError(err)
	}
	for _, password := range c.o.passwords() {
		if with, err := newSevenZip(c, password); err == nil && probeSevenZip(with) == nil {
			// A fresh one: deriving a key writes over the initialisation vector that the library holds, so
			// the same encrypted stream can't be opened twice.
			return newSevenZip(c, password)
		}
	}
	if isEncrypted(err) {
		return nil, errPassword
	}
	return z, nil // damage in a member is found again when it is read
}

func newSevenZip(c *container, password string) (z *sevenzip.Reader, err error) {
	if err := checkSevenZip(c, password); err != nil {
		return nil, err
	}
	err = safely(func() (err error) {
		z, err = sevenzip.NewReaderWithPassword(c, c.size, password)
		return err
	})
	return z, err
}

// probeLimit bounds what is unpacked to try a password; a wrong one shows at once in all methods but "store".
const probeLimit = 64 << 20

// probeSevenZip reads the first member that is not empty.
func probeSevenZip(z *sevenzip.Reader) error {
	for _, f := range z.File {
		if f.UncompressedSize == 0 || f.Mode().IsDir() {
			continue
		}
		var r io.ReadCloser
		err := safely(func() (err error) {
			r, err = f.Open()
			return err
		})
		if err != nil {
			return err
		}
		safe := safeReader{r}
		defer safe.Close()
		var content io.Reader = safe
		if f.CRC32 != 0 {
			content = newCRCReader(safe, f.CRC32)
		}
		_, err = io.Copy(io.Discard, io.LimitReader(content, probeLimit))
		return err
	}
	return nil
}

func isEncrypted(err error) bool {
	var e *sevenzip.ReadError
	return errors.As(err, &e) && e.Encrypted
}

func sevenZipError(err error) error {
	if isEncrypted(err) {
		return errPassword
	}
	return damaged(err)
}

func oneReader(readers []io.ReadCloser) (io.ReadCloser, error) {
	if len(readers) != 1 {
		return nil, errors.New("a method with several inputs")
	}
	return readers[0], nil
}

// sevenZipLZMA reads LZMA: properties (1), window (4).
func sevenZipLZMA(p []byte, size uint64, readers []io.ReadCloser) (io.ReadCloser, error) {
	in, err := oneReader(readers)
	if err != nil || len(p) != 5 {
		return nil, fmt.Errorf("LZMA properties: %w", ErrCorrupt)
	}
	head := binary.LittleEndian.AppendUint64(bytes.Clone(p), size)
	r, err := lzma.ReaderConfig{DictCap: maxWindow}.NewReader(io.MultiReader(bytes.NewReader(head), in))
	if err != nil {
		return nil, err
	}
	return &readAndClose{r, in}, nil
}

// sevenZipLZMA2 reads LZMA2: one byte for the window, of which no more is needed than comes out.
func sevenZipLZMA2(p []byte, size uint64, readers []io.ReadCloser) (io.ReadCloser, error) {
	in, err := oneReader(readers)
	if err != nil || len(p) != 1 || p[0] > 40 {
		return nil, fmt.Errorf("LZMA2 properties: %w", ErrCorrupt)
	}
	window := max(min(uint64(2|p[0]&1)<<(p[0]/2+11), size), lzma.MinDictCap)
	if window > maxWindow {
		return nil, fmt.Errorf("%w: LZMA2 asks for a window of %d bytes", ErrLimit, window)
	}
	r, err := lzma.Reader2Config{DictCap: int(window)}.NewReader2(in)
	if err != nil {
		return nil, err
	}
	return &readAndClose{r, in}, nil
}

// sevenZipPPMd reads PPMd: order (1), memory (4).
func sevenZipPPMd(p []byte, size uint64, readers []io.ReadCloser) (io.ReadCloser, error) {
	in, err := oneReader(readers)
	if err != nil || len(p) != 5 {
		return nil, fmt.Errorf("PPMd properties: %w", ErrCorrupt)
	}
	memory := binary.LittleEndian.Uint32(p[1:])
	if memory > maxWindow || size > math.MaxInt {
		return nil, fmt.Errorf("%w: PPMd asks for %d bytes of memory", ErrLimit, memory)
	}
	r, err := ppmd.NewH7zReader(in, int(p[0]), int(memory), int(size))
	if err != nil {
		return nil, err
	}
	return &readAndClose{&r, in}, nil
}

type readAndClose struct {
	io.Reader
	io.Closer
}
