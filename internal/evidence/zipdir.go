package evidence

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"time"
)

// Bits of an entry's flags.
const (
	zipEncrypted        = 1 << 0
	zipEndMarker        = 1 << 1 // LZMA: the stream ends with a marker
	zipDescriptor       = 1 << 3 // sizes and CRC follow the content
	zipStrongEncryption = 1 << 6
	zipUTF8             = 1 << 11
)

// zipEntry is one entry of a zip's directory.
type zipEntry struct {
	name     string
	flags    uint16
	method   uint16
	time     uint16 // as DOS has it
	crc      uint32
	noCRC    bool
	packed   int64
	size     int64 // as the directory claims
	header   int64 // offset of the header in front of the content
	modified time.Time
	system   byte   // that wrote the entry: 3 and 19 have Unix modes
	attr     uint32 // as that system has them
	aes      struct {
		version  uint16
		strength byte
		method   uint16
	}
}

func (e *zipEntry) isFolder() bool {
	return (strings.HasSuffix(e.name, "/") || strings.HasSuffix(e.name, `\`)) && e.size == 0
}

// special names what is not a file, by the Unix mode.
func (e *zipEntry) special() string {
	if e.system != 3 && e.system != 19 {
		return ""
	}
	return specialMode(e.attr >> 16)
}

// specialMode names what is not a file, by the type bits of a Unix mode.
func specialMode(mode uint32) string {
	switch mode & 0xf000 {
	case 0xa000:
		return "link"
	case 0x1000:
		return "pipe"
	case 0xc000:
		return "socket"
	case 0x2000, 0x6000:
		return "device"
	}
	return ""
}

// checkByte is what the last byte of a ZipCrypto header must decrypt to.
func (e *zipEntry) checkByte() byte {
	if e.flags&zipDescriptor != 0 {
		return byte(e.time >> 8)
	}
	return byte(e.crc >> 24)
}

// zipDirectory reads the directory at the end of a zip. With an error it returns the entries read before it.
func zipDirectory(r io.ReaderAt, size int64, limit int) ([]*zipEntry, error) {
	start, base, err := findZipDirectory(r, size)
	if err != nil {
		return nil, err
	}
	var entries []*zipEntry
	in := bufio.NewReaderSize(io.NewSectionReader(r, start, size-start), 64<<10)
	for {
		sig, err := in.Peek(4)
		if err != nil {
			return entries, ErrTruncated
		}
		if string(sig) != "PK\x01\x02" {
			if string(sig) == "PK\x05\x06" || string(sig) == "PK\x06\x06" || string(sig) == "PK\x05\x05" {
				return entries, nil
			}
			return entries, fmt.Errorf("entry %d: %w", len(entries), ErrCorrupt)
		}
		if len(entries) >= limit {
			return entries, fmt.Errorf("%w: more than %d entries", ErrLimit, limit)
		}
		e, err := readZipEntry(in)
		if err != nil {
			return entries, fmt.Errorf("entry %d: %w", len(entries), ErrTruncated)
		}
		e.header += base
		if e.header < 0 || e.header > size || e.packed < 0 {
			e.header = size // found missing when it is opened, and said then
		}
		entries = append(entries, e)
	}
}

// findZipDirectory returns where the directory starts, and what to add to offsets in it: more than 0 where something stands in
// front of the zip.
//
//	end record: 0 "PK\5\6"  8 entries here  10 entries  12 size of directory (4)  16 its offset (4)  20 length of comment
func findZipDirectory(r io.ReaderAt, size int64) (start, base int64, err error) {
	tail := make([]byte, min(size, 22+math.MaxUint16))
	n, _ := r.ReadAt(tail, size-int64(len(tail)))
	tail = tail[:n]
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < 22 {
		return 0, 0, fmt.Errorf("%w: no directory at the end", ErrTruncated)
	}
	end := size - int64(len(tail)) + int64(i)
	length, offset := int64(binary.LittleEndian.Uint32(tail[i+12:])), int64(binary.LittleEndian.Uint32(tail[i+16:]))
	before := end
	if big, at, ok := readZip64End(r, end); ok {
		length, offset, before = int64(binary.LittleEndian.Uint64(big[40:])), int64(binary.LittleEndian.Uint64(big[48:])), at
	}
	if base = before - length - offset; length >= 0 && offset >= 0 && base >= 0 && isZipEntry(r, base+offset, end) {
		return base + offset, base, nil
	}
	if offset >= 0 && offset < size && isZipEntry(r, offset, end) {
		return offset, 0, nil
	}
	return 0, 0, fmt.Errorf("%w: the end record points nowhere", ErrCorrupt)
}

// isZipEntry says whether a directory starts at the offset; an empty one is where the end record is.
func isZipEntry(r io.ReaderAt, at, end int64) bool {
	var sig [4]byte
	return at == end || readExact(r, sig[:], at) && (string(sig[:]) == "PK\x01\x02" || string(sig[:]) == "PK\x06\x06")
}

// readZip64End reads the end record of large zips, by the locator before the other end record.
func readZip64End(r io.ReaderAt, end int64) (record [56]byte, at int64, ok bool) {
	var locator [20]byte
	if end < 20 || !readExact(r, locator[:], end-20) || string(locator[:4]) != "PK\x06\x07" {
		return record, 0, false
	}
	for _, at := range []int64{int64(binary.LittleEndian.Uint64(locator[8:])), end - 20 - 56} {
		if at >= 0 && readExact(r, record[:], at) && string(record[:4]) == "PK\x06\x06" {
			return record, at, true
		}
	}
	return record, 0, false
}

// readZipEntry reads one entry.
//
//	0 "PK\1\2"  4 made by (version, system)  6 version needed  8 flags  10 method  12 time  14 date  16 crc (4)  20 packed (4)
//	24 size (4)  28 length of name  30 of extra  32 of comment  34 disk  36 internal  38 attributes (4)  42 offset of header (4)
func readZipEntry(in *bufio.Reader) (*zipEntry, error) {
	var h [46]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return nil, err
	}
	e := &zipEntry{
		system: h[5],
		flags:  binary.LittleEndian.Uint16(h[8:]), method: binary.LittleEndian.Uint16(h[10:]),
		time: binary.LittleEndian.Uint16(h[12:]), crc: binary.LittleEndian.Uint32(h[16:]),
		packed: int64(binary.LittleEndian.Uint32(h[20:])), size: int64(binary.LittleEndian.Uint32(h[24:])),
		attr: binary.LittleEndian.Uint32(h[38:]), header: int64(binary.LittleEndian.Uint32(h[42:])),
	}
	name, extra := int(binary.LittleEndian.Uint16(h[28:])), int(binary.LittleEndian.Uint16(h[30:]))
	rest := make([]byte, name+extra)
	if _, err := io.ReadFull(in, rest); err != nil {
		return nil, err
	}
	if _, err := in.Discard(int(binary.LittleEndian.Uint16(h[32:]))); err != nil {
		return nil, err
	}
	e.describe(string(rest[:name]), binary.LittleEndian.Uint16(h[14:]), rest[name:])
	return e, nil
}

// describe sets what name, date and extra fields tell; the same in the directory and in the header before a member.
func (e *zipEntry) describe(name string, date uint16, extra []byte) {
	e.modified = dosTime(date, e.time)
	raw := name
	if e.flags&zipUTF8 != 0 {
		e.name = pathText(name)
	} else {
		e.name = dosText(name)
	}
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return
		}
		e.extra(id, extra[:n], raw)
		extra = extra[n:]
	}
}

// extra takes in one extra field.
func (e *zipEntry) extra(id uint16, p []byte, rawName string) {
	switch id {
	case 0x0001: // sizes that don't fit 32 bits, only those, in this order
		for _, v := range []*int64{&e.size, &e.packed, &e.header} {
			if *v == math.MaxUint32 && len(p) >= 8 {
				*v = int64(binary.LittleEndian.Uint64(p) & math.MaxInt64)
				p = p[8:]
			}
		}
	case 0x9901: // AES: version (2), "AE", strength (1), method (2)
		if len(p) >= 7 {
			e.aes.version, e.aes.strength, e.aes.method = binary.LittleEndian.Uint16(p), p[4], binary.LittleEndian.Uint16(p[5:])
		}
	case 0x7075: // name in UTF-8: version (1), CRC of the other name (4)
		if len(p) >= 5 && p[0] == 1 && binary.LittleEndian.Uint32(p[1:]) == crc32.ChecksumIEEE([]byte(rawName)) {
			e.name = pathText(string(p[5:]))
		}
	case 0x5455: // Unix times: which (1), modified (4)
		if len(p) >= 5 && p[0]&1 != 0 {
			e.modified = time.Unix(int64(int32(binary.LittleEndian.Uint32(p[1:]))), 0).UTC()
		}
	case 0x000a: // NTFS times: reserved (4), tag 1 (2), its length 24 (2), modified (8)
		if len(p) >= 16 && p[4] == 1 {
			const to1970 = 11644473600
			ticks := binary.LittleEndian.Uint64(p[8:])
			e.modified = time.Unix(int64(ticks/1e7)-to1970, int64(ticks%1e7)*100).UTC()
		}
	}
}

// dosTime decodes a time of two seconds' precision. It is local time of an unknown zone and taken as UTC.
func dosTime(date, clock uint16) time.Time {
	if date == 0 {
		return time.Time{}
	}
	return time.Date(1980+int(date>>9), time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
}

// zipScan finds members by the headers in front of them, for a zip without a directory.
//
//	0 "PK\3\4"  4 version  6 flags  8 method  10 time  12 date  14 crc (4)  18 packed (4)  22 size (4)  26 length of name  28 of extra
func zipScan(r io.ReaderAt, size int64, limit int) []*zipEntry {
	var entries []*zipEntry
	for at := int64(0); at < size && len(entries) < limit; {
		var h [30]byte
		if at = findBytes(r, "PK\x03\x04", at, size); at < 0 || !readExact(r, h[:], at) {
			break
		}
		e := &zipEntry{
			header: at, flags: binary.LittleEndian.Uint16(h[6:]), method: binary.LittleEndian.Uint16(h[8:]),
			time: binary.LittleEndian.Uint16(h[10:]), crc: binary.LittleEndian.Uint32(h[14:]),
			packed: int64(binary.LittleEndian.Uint32(h[18:])), size: int64(binary.LittleEndian.Uint32(h[22:])),
		}
		name, extra := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
		rest := make([]byte, name+extra)
		if name == 0 || !readExact(r, rest, at+30) {
			at += 4
			continue
		}
		e.describe(string(rest[:name]), binary.LittleEndian.Uint16(h[12:]), rest[name:])
		start := at + 30 + int64(len(rest))
		if e.flags&zipDescriptor != 0 {
			e.fromDescriptor(r, start, size)
		}
		entries = append(entries, e)
		at = start + max(0, min(e.packed, size-start))
	}
	return entries
}

// fromDescriptor finds the end of a member whose sizes follow it: "PK\7\8", CRC (4), packed (4 or 8), size (4 or 8).
func (e *zipEntry) fromDescriptor(r io.ReaderAt, start, size int64) {
	e.noCRC = true
	for at := start; ; at += 4 {
		var d [16]byte
		if at = findBytes(r, "PK\x07\x08", at, size); at < 0 || !readExact(r, d[:], at) {
			e.packed, e.size = size-start, size-start
			return
		}
		if uint32(at-start) == binary.LittleEndian.Uint32(d[8:]) {
			e.packed, e.crc, e.noCRC = at-start, binary.LittleEndian.Uint32(d[4:]), false
			return
		}
	}
}

// findBytes returns the offset of the first what in [from, size), -1 if there is none.
func findBytes(r io.ReaderAt, what string, from, size int64) int64 {
	buf := make([]byte, 64<<10)
	for from < size {
		n, _ := r.ReadAt(buf, from)
		if i := bytes.Index(buf[:n], []byte(what)); i >= 0 {
			return from + int64(i)
		}
		if n < len(buf) {
			return -1
		}
		from += int64(n - len(what) + 1)
	}
	return -1
}
