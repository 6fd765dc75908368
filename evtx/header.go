package evtx

import (
	"encoding/binary"
	"hash/crc32"
)

// Sizes of the format.
const (
	FileHeaderSize   = 4096    // where the first chunk begins
	ChunkSize        = 1 << 16 // of every chunk
	chunkHeaderSize  = 512     // where the first record of a chunk begins
	recordHeaderSize = 24
	minRecordSize    = recordHeaderSize + 4 // header and the copy of the size
)

const (
	fileMagic  = "ElfFile\x00"
	chunkMagic = "ElfChnk\x00"
)

// Header is what the file header states. Nothing of it is relied on: logs are often copied while they are written to.
//
//	0    8  magic "ElfFile\0"
//	8    8  number of the first chunk
//	16   8  number of the last chunk
//	24   8  next record identifier
//	32   4  size of the header in use: 128
//	36   2  minor version
//	38   2  major version
//	40   2  size of the header block: 4096
//	42   2  number of chunks
//	120  4  flags: 1 dirty, 2 full
//	124  4  CRC-32 of the first 120 bytes
type Header struct {
	FirstChunk, LastChunk uint64
	NextRecordID          uint64
	Minor, Major          uint16
	BlockSize             uint16
	ChunkCount            uint16
	Dirty, Full           bool
	NoChecksum            bool // the header says that it carries none
	ChecksumOK            bool
}

func parseHeader(b []byte) Header {
	le := binary.LittleEndian
	flags := le.Uint32(b[120:])
	return Header{
		FirstChunk: le.Uint64(b[8:]), LastChunk: le.Uint64(b[16:]), NextRecordID: le.Uint64(b[24:]),
		Minor: le.Uint16(b[36:]), Major: le.Uint16(b[38:]), BlockSize: le.Uint16(b[40:]), ChunkCount: le.Uint16(b[42:]),
		Dirty: flags&1 != 0, Full: flags&2 != 0, NoChecksum: flags&4 != 0,
		ChecksumOK: crc32.ChecksumIEEE(b[:120]) == le.Uint32(b[124:]),
	}
}

// ChunkHeader is what the header of a chunk states.
//
//	0    8  magic "ElfChnk\0"
//	8    8  number of the first record
//	16   8  number of the last record
//	24   8  identifier of the first record
//	32   8  identifier of the last record
//	40   4  size of the header in use: 128
//	44   4  offset of the last record
//	48   4  offset of the free space
//	52   4  CRC-32 of the records
//	124  4  CRC-32 of the header: bytes 0 to 120 and 128 to 512
//	128  256  offsets of names, by hash
//	384  128  offsets of template definitions, by identifier
type ChunkHeader struct {
	FirstNumber, LastNumber uint64
	FirstID, LastID         uint64
	LastRecord, FreeSpace   uint32
	dataSum, headerSum      uint32
}

func parseChunkHeader(b []byte) ChunkHeader {
	le := binary.LittleEndian
	return ChunkHeader{
		FirstNumber: le.Uint64(b[8:]), LastNumber: le.Uint64(b[16:]),
		FirstID: le.Uint64(b[24:]), LastID: le.Uint64(b[32:]),
		LastRecord: le.Uint32(b[44:]), FreeSpace: le.Uint32(b[48:]),
		dataSum: le.Uint32(b[52:]), headerSum: le.Uint32(b[124:]),
	}
}
