package evidence

import (
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

func newXZReader(r io.Reader) (io.Reader, error) { return xz.NewReader(r) }
