package evidence

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/bodgit/sevenzip"
)

// The library makes lists as long as a 7z's header says, up to 2^32 entries, and memory that can't be had ends the program without
// a panic to recover from. So the counts are read here first; the library sees only headers whose counts fit what they hold.

// Marks of the parts of a 7z header.
const (
	szEnd           = 0x00
	szHeader        = 0x01
	szProperties    = 0x02
	szAdditional    = 0x03
	szMainStreams   = 0x04
	szFiles         = 0x05
	szPackInfo      = 0x06
	szUnpackInfo    = 0x07
	szSubStreams    = 0x08
	szSizes         = 0x09
	szDigests       = 0x0a
	szFolders       = 0x0b
	szUnpackSizes   = 0x0c
	szStreamCounts  = 0x0d
	szEncodedHeader = 0x17
)

const (
	szSignatureSize = 32
	maxSZHeader     = 64 << 20
	maxSZCoders     = 32
)

// checkSevenZip reads the counts in the header, which is decoded for it if need be.
//
//	0 "7z\xbc\xaf\x27\x1c"  6 version (2)  8 CRC of the next 20 bytes  12 offset of the header, from 32 (8)  20 its size (8)  28 its CRC
func checkSevenZip(c *container, password string) error {
	var h [szSignatureSize]byte
	if !readExact(c, h[:], 0) {
		return ErrTruncated
	}
	if crc32.ChecksumIEEE(h[12:]) != binary.LittleEndian.Uint32(h[8:]) {
		return fmt.Errorf("start header: %w: checksum mismatch", ErrCorrupt)
	}
	offset, size := binary.LittleEndian.Uint64(h[12:]), binary.LittleEndian.Uint64(h[20:])
	if room := uint64(c.size - szSignatureSize); offset > room || size > room-offset {
		return fmt.Errorf("header: %w", ErrTruncated)
	}
	if size > maxSZHeader {
		return fmt.Errorf("header: %w: %d bytes", ErrLimit, size)
	}
	header := make([]byte, size)
	if !readExact(c, header, szSignatureSize+int64(offset)) {
		return fmt.Errorf("header: %w", ErrTruncated)
	}
	if len(header) > 0 && header[0] == szEncodedHeader {
		s := szCursor{p: header[1:], limit: uint64(c.o.MaxMembers)}
		if s.streams(); s.err != nil {
			return fmt.Errorf("header: %w", s.err)
		}
		var err error
		if header, err = decodeSZHeader(c, header[1:], password); err != nil {
			return err
		}
	}
	s := szCursor{p: header, limit: uint64(c.o.MaxMembers)}
	if s.header(); s.err != nil {
		return fmt.Errorf("header: %w", s.err)
	}
	return nil
}

// decodeSZHeader unpacks a packed header by the library: over an archive of one member whose streams are those of the header.
func decodeSZHeader(c *container, streams []byte, password string) ([]byte, error) {
	header := append([]byte{szHeader, szMainStreams}, streams...)
	header = append(header, szFiles, 1, szEnd, szEnd)
	front := []byte("7z\xbc\xaf\x27\x1c\x00\x04\x00\x00\x00\x00")
	front = binary.LittleEndian.AppendUint64(front, uint64(c.size-szSignatureSize))
	front = binary.LittleEndian.AppendUint64(front, uint64(len(header)))
	front = binary.LittleEndian.AppendUint32(front, crc32.ChecksumIEEE(header))
	binary.LittleEndian.PutUint32(front[8:], crc32.ChecksumIEEE(front[12:]))
	var data []byte
	err := safely(func() error {
		z, err := sevenzip.NewReaderWithPassword(&framed{front, c, c.size, header}, c.size+int64(len(header)), password)
		if err != nil {
			return err
		}
		if len(z.File) != 1 {
			return ErrCorrupt
		}
		r, err := z.File[0].Open()
		if err != nil {
			return err
		}
		defer r.Close()
		data, err = io.ReadAll(io.LimitReader(r, maxSZHeader+1))
		return err
	})
	if err == nil && len(data) > maxSZHeader {
		err = fmt.Errorf("header: %w: more than %d bytes", ErrLimit, maxSZHeader)
	}
	return data, err
}

// framed is a file with other bytes in place of its first and more at its end.
type framed struct {
	front []byte
	r     io.ReaderAt
	size  int64
	back  []byte
}

func (f *framed) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) && err == nil {
		k, pos := 0, at+int64(n)
		switch {
		case pos < int64(len(f.front)):
			k = copy(p[n:], f.front[pos:])
		case pos < f.size:
			if k, err = f.r.ReadAt(p[n:n+int(min(int64(len(p)-n), f.size-pos))], pos); k > 0 {
				err = nil
			}
		case pos-f.size < int64(len(f.back)):
			k = copy(p[n:], f.back[pos-f.size:])
		default:
			err = io.EOF
		}
		n += k
	}
	return n, err
}

// szCursor reads a header for its counts; the first thing wrong is kept.
type szCursor struct {
	p     []byte
	limit uint64
	err   error

	folders []szFolder
}

type szFolder struct {
	outputs uint64
	streams uint64
	digest  bool
}

func (s *szCursor) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.p = nil
}

func (s *szCursor) byte() byte {
	if len(s.p) == 0 {
		s.fail(ErrCorrupt)
		return 0
	}
	b := s.p[0]
	s.p = s.p[1:]
	return b
}

func (s *szCursor) skip(n uint64) {
	if n > uint64(len(s.p)) {
		s.fail(ErrCorrupt)
		return
	}
	s.p = s.p[n:]
}

// num reads a number of 1 to 9 bytes: the ones at the front of the first byte say how many follow.
func (s *szCursor) num() uint64 {
	first := s.byte()
	extra := bits.LeadingZeros8(^first)
	var v uint64
	if extra < 7 {
		v = uint64(first&(1<<(8-extra)-1)) << (8 * extra)
	}
	for i := range extra {
		v |= uint64(s.byte()) << (8 * i)
	}
	return v
}

// count reads a number of things.
func (s *szCursor) count() uint64 {
	n := s.num()
	if n > s.limit {
		s.fail(fmt.Errorf("%w: a count of %d", ErrLimit, n))
		return 0
	}
	return n
}

func (s *szCursor) nums(n uint64) {
	for ; n > 0 && s.err == nil; n-- {
		s.num()
	}
}

// digests reads the checksums of n streams and says which have one.
func (s *szCursor) digests(n uint64) []bool {
	defined := make([]bool, min(n, s.limit))
	all, mask, b := s.byte() != 0, byte(0), byte(0)
	have := uint64(0)
	for i := range defined {
		if !all {
			if mask >>= 1; mask == 0 {
				b, mask = s.byte(), 0x80
			}
		}
		if defined[i] = all || b&mask != 0; defined[i] {
			have++
		}
	}
	s.skip(4 * have)
	return defined
}

func (s *szCursor) header() {
	if s.byte() != szHeader {
		s.fail(ErrCorrupt)
	}
	for s.err == nil {
		switch s.byte() {
		case szEnd:
			return
		case szProperties:
			for s.err == nil && s.byte() != szEnd {
				s.skip(s.num())
			}
		case szAdditional, szMainStreams:
			s.streams()
		case szFiles:
			s.count() // each list of files' properties is as long as this
			return
		default:
			s.fail(ErrCorrupt)
		}
	}
}

func (s *szCursor) streams() {
	s.folders = nil
	for s.err == nil {
		switch s.byte() {
		case szEnd:
			return
		case szPackInfo:
			s.packInfo()
		case szUnpackInfo:
			s.unpackInfo()
		case szSubStreams:
			s.subStreams()
		default:
			s.fail(ErrCorrupt)
		}
	}
}

func (s *szCursor) packInfo() {
	s.num()
	n := s.count()
	for s.err == nil {
		switch s.byte() {
		case szEnd:
			return
		case szSizes:
			s.nums(n)
		case szDigests:
			s.digests(n)
		default:
			s.fail(ErrCorrupt)
		}
	}
}

func (s *szCursor) unpackInfo() {
	if s.byte() != szFolders {
		s.fail(ErrCorrupt)
	}
	n := s.count()
	if s.byte() != 0 {
		s.fail(fmt.Errorf("%w: folders kept elsewhere", ErrUnsupported))
	}
	for ; n > 0 && s.err == nil; n-- {
		s.folders = append(s.folders, s.folder())
	}
	for s.err == nil {
		switch s.byte() {
		case szEnd:
			return
		case szUnpackSizes:
			for _, f := range s.folders {
				s.nums(f.outputs)
			}
		case szDigests:
			for i, defined := range s.digests(uint64(len(s.folders))) {
				s.folders[i].digest = defined
			}
		default:
			s.fail(ErrCorrupt)
		}
	}
}

// folder reads how one stream is unpacked.
func (s *szCursor) folder() szFolder {
	coders := s.num()
	if coders == 0 || coders > maxSZCoders {
		s.fail(fmt.Errorf("%w: %d methods", ErrCorrupt, coders))
	}
	var inputs, outputs uint64
	for ; coders > 0 && s.err == nil; coders-- {
		b := s.byte()
		s.skip(uint64(b & 0x0f))
		in, out := uint64(1), uint64(1)
		if b&0x10 != 0 {
			in, out = s.num(), s.num()
		}
		if in > maxSZCoders || out > maxSZCoders {
			s.fail(fmt.Errorf("%w: a method with %d inputs and %d outputs", ErrCorrupt, in, out))
		}
		inputs, outputs = inputs+in, outputs+out
		if b&0x20 != 0 {
			s.skip(s.num())
		}
	}
	if s.err != nil || outputs == 0 || inputs < outputs-1 {
		s.fail(ErrCorrupt)
		return szFolder{}
	}
	s.nums(2 * (outputs - 1))
	if packed := inputs - (outputs - 1); packed > 1 {
		s.nums(packed)
	}
	return szFolder{outputs: outputs, streams: 1}
}

func (s *szCursor) subStreams() {
	for s.err == nil {
		switch s.byte() {
		case szEnd:
			return
		case szStreamCounts:
			total := uint64(0)
			for i := range s.folders {
				s.folders[i].streams = s.count()
				if total += s.folders[i].streams; total > s.limit {
					s.fail(fmt.Errorf("%w: %d members", ErrLimit, total))
				}
			}
		case szSizes:
			for _, f := range s.folders {
				s.nums(max(f.streams, 1) - 1)
			}
		case szDigests:
			n := uint64(0)
			for _, f := range s.folders {
				if f.streams != 1 || !f.digest {
					n += f.streams
				}
			}
			s.digests(n)
		default:
			s.fail(ErrCorrupt)
		}
	}
}

var _ io.ReaderAt = (*framed)(nil)
