package evidence

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
)

// zipMembers opens a zip by its directory, or if that is gone (a copy that was cut short, as evidence often is)
// by the headers in front of its members. Members come in order of their names.
//
// The standard library's reader refuses the whole archive where one entry is damaged and knows neither encryption nor
// archives without a directory, so the directory is read here.
func zipMembers(c *container) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		entries, err := zipDirectory(c, c.size, c.o.MaxMembers)
		if err != nil {
			if !yield(nil, fmt.Errorf("read directory: %w", err)) {
				return
			}
			if len(entries) == 0 {
				entries = zipScan(c, c.size, c.o.MaxMembers)
			}
		}
		slices.SortStableFunc(entries, func(a, b *zipEntry) int { return cmp.Compare(a.name, b.name) })
		c.hint = zipHint(c, entries)
		for _, e := range entries {
			if e.isFolder() {
				continue
			}
			if !yield(e.member(c), nil) {
				return
			}
		}
	}
}

// member says how to read the entry.
func (e *zipEntry) member(c *container) *member {
	m := &member{name: e.name, modified: e.modified, packed: min(e.packed, c.size), encrypted: e.flags&zipEncrypted != 0, backslash: true}
	m.special = e.special()
	m.open = func(password string) (io.Reader, error) { return e.open(c, password) }
	if m.special == "link" && !m.encrypted && e.size <= maxName {
		if r, err := e.open(c, ""); err == nil {
			target, _ := io.ReadAll(io.LimitReader(r, maxName))
			m.target = pathText(string(target))
		}
	}
	return m
}

// open gives the entry's content, decrypted and decompressed, checked against its CRC.
func (e *zipEntry) open(r io.ReaderAt, password string) (io.Reader, error) {
	start, err := e.dataStart(r)
	if err != nil {
		return nil, err
	}
	var content io.Reader = &shortReader{r: io.NewSectionReader(r, start, e.packed), left: e.packed}
	method, crc := e.method, !e.noCRC
	switch {
	case e.flags&zipStrongEncryption != 0:
		return nil, fmt.Errorf("%w: strong encryption of zip", ErrUnsupported)
	case e.flags&zipEncrypted != 0 && method == zipAES:
		if content, err = newAESReader(content, e.packed, e.aes.strength, password); err != nil {
			return nil, err
		}
		method = e.aes.method
		crc = crc && e.aes.version == 1 // version 2 leaves the CRC out, since it tells of the content
	case e.flags&zipEncrypted != 0:
		if content, err = newZipCryptoReader(content, e.checkByte(), password); err != nil {
			return nil, err
		}
	}
	plain, err := decompressZip(method, content, e)
	if err != nil {
		return nil, damaged(err)
	}
	plain = safeReader{plain}
	if crc {
		return &closingReader{Reader: newCRCReader(plain, e.crc), inner: plain}, nil
	}
	return plain, nil
}

// closingReader closes another reader than the one it reads from.
type closingReader struct {
	io.Reader
	inner io.Reader
}

func (c *closingReader) Close() error {
	if closer, ok := c.inner.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// shortReader tells the end of the container from the end of the member.
type shortReader struct {
	r    io.Reader
	left int64
}

func (s *shortReader) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p)
	s.left -= int64(n)
	if err == io.EOF && s.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// dataStart reads the header in front of the entry's content, whose length the directory doesn't say.
func (e *zipEntry) dataStart(r io.ReaderAt) (int64, error) {
	var h [30]byte
	if !readExact(r, h[:], e.header) {
		return 0, fmt.Errorf("read header at 0x%x: %w", e.header, ErrTruncated)
	}
	if string(h[:4]) != "PK\x03\x04" {
		return 0, fmt.Errorf("read header at 0x%x: %w", e.header, ErrCorrupt)
	}
	return e.header + 30 + int64(binary.LittleEndian.Uint16(h[26:])) + int64(binary.LittleEndian.Uint16(h[28:])), nil
}

// refineZip tells documents and packages from zips that people packed.
func refineZip(b *blob) string {
	entries, err := zipDirectory(b, b.size, 4096)
	if err != nil && !errors.Is(err, ErrLimit) {
		return "zip"
	}
	return zipKind(func(test func(string) bool) bool {
		return slices.ContainsFunc(entries, func(e *zipEntry) bool { return test(e.name) })
	})
}

// maxHint bounds the small files that a collection describes itself in.
const maxHint = 1 << 20

// zipHint looks for a file in which the collection names its host.
func zipHint(r io.ReaderAt, entries []*zipEntry) string {
	for _, e := range entries {
		if !isHintName(path.Base(e.name)) || strings.Count(e.name, "/") > 1 || e.flags&zipEncrypted != 0 || e.size > maxHint {
			continue
		}
		content, err := e.open(r, "")
		if err != nil {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(content, maxHint))
		if err == nil && json.Valid(data) {
			if host := hintHost(data); host != "" {
				return host
			}
		}
	}
	return ""
}
