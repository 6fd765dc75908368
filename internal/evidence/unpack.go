package evidence

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// maxWindow bounds the memory that a stream's header can ask a decoder to hold; "zstd --long=27", "xz -9" and 7-Zip's
// highest level stay below.
const maxWindow = 256 << 20

// Methods of zip.
const (
	zipStore     = 0
	zipDeflate   = 8
	zipDeflate64 = 9
	zipBzip2     = 12
	zipLZMA      = 14
	zipZstdOld   = 20
	zipZstd      = 93
	zipXZ        = 95
)

// decompressZip returns the content of an entry packed by the method.
func decompressZip(method uint16, r io.Reader, e *zipEntry) (io.Reader, error) {
	switch method {
	case zipStore:
		return r, nil
	case zipDeflate:
		return flate.NewReader(r), nil
	case zipDeflate64:
		return newDeflate64Reader(r), nil
	case zipBzip2:
		return bzip2.NewReader(r), nil
	case zipLZMA:
		return newZipLZMAReader(r, e)
	case zipZstd, zipZstdOld:
		return newZstdReader(r)
	case zipXZ:
		return newXZReader(r)
	}
	return nil, fmt.Errorf("%w: zip method %d", ErrUnsupported, method)
}

// newZipLZMAReader turns zip's header of an LZMA stream into the one that stands in .lzma files.
//
//	zip: 0 version (2)  2 length of properties, 5 (2)  4 properties      .lzma: 0 properties (5)  5 size (8), all ones if a marker ends it
func newZipLZMAReader(r io.Reader, e *zipEntry) (io.Reader, error) {
	var h [9]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, fmt.Errorf("%w: LZMA header", ErrTruncated)
	}
	if binary.LittleEndian.Uint16(h[2:]) != 5 {
		return nil, fmt.Errorf("%w: LZMA properties", ErrCorrupt)
	}
	size := uint64(e.size)
	if e.flags&zipEndMarker != 0 {
		size = 1<<64 - 1
	}
	head := binary.LittleEndian.AppendUint64(bytes.Clone(h[4:]), size)
	return lzma.ReaderConfig{DictCap: maxWindow}.NewReader(io.MultiReader(bytes.NewReader(head), r))
}

func newZstdReader(r io.Reader) (io.Reader, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

func newXZReader(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if window := xzWindow(in); window > maxWindow {
		return nil, fmt.Errorf("%w: xz asks for a window of %d bytes", ErrLimit, window)
	}
	return xz.NewReader(in)
}

// xzWindow reads from the first block's header how much its decoder would hold, 0 if it can't be told; xz writes the same
// for all blocks.
//
//	stream header (12)  block: size of header (1, in fours, less one)  flags (1)  [packed size]  [size]  filters: id, size of properties, properties
func xzWindow(in *bufio.Reader) int64 {
	head, _ := in.Peek(12 + 1024)
	if len(head) < 14 {
		return 0
	}
	flags, p := head[13], head[14:]
	num := func() uint64 {
		v, n := binary.Uvarint(p)
		p = p[max(n, 0):]
		return v
	}
	if flags&0x40 != 0 {
		num()
	}
	if flags&0x80 != 0 {
		num()
	}
	for range flags&3 + 1 {
		id, size := num(), num()
		if size > uint64(len(p)) {
			return 0
		}
		const lzma2 = 0x21
		if id == lzma2 && size == 1 {
			code := p[0] & 0x3f
			return int64(2|code&1) << (code/2 + 11)
		}
		p = p[size:]
	}
	return 0
}
