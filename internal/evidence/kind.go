package evidence

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
)

// magic is a kind with fixed bytes at a fixed place.
type magic struct {
	kind   string
	offset int
	bytes  string
	more   func(head []byte) bool // a further test where the bytes alone say too little; may be nil
}

// magics are tried in order; the longer and rarer come first where one is the beginning of another.
var magics = []magic{
	// Windows artefacts
	{"evtx", 0, "ElfFile\x00", nil},
	{"evtx-chunk", 0, "ElfChnk\x00", nil},
	{"evt", 0, "\x30\x00\x00\x00LfLe", nil},
	{"registry-hive", 0, "regf", regfIsHive},
	{"registry-log", 0, "regf", nil},
	{"registry-log", 0, "HvLE", nil},
	{"prefetch", 4, "SCCA", nil},
	{"prefetch", 0, "MAM\x04", nil},
	{"mam-compressed", 0, "MAM", func(h []byte) bool { return len(h) > 3 && h[3]&^0x80 >= 2 && h[3]&^0x80 <= 5 }},
	{"mft", 0, "FILE0\x00", nil},
	{"mft", 0, "FILE*\x00", nil},
	{"mft", 0, "BAAD0\x00", nil},
	{"ntfs-index", 0, "INDX(\x00", nil},
	{"ntfs-logfile", 0, "RSTR\x1e\x00", nil},
	{"ntfs-logfile", 0, "RCRD(\x00", nil},
	{"lnk", 0, "\x4c\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", nil},
	{"ese", 4, "\xef\xcd\xab\x89", nil},
	{"etl", 0, "", isETL},
	{"ole", 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", nil},
	{"pst", 0, "!BDN", nil},
	{"dbx", 0, "\xcf\xad\x12\xfe", nil},
	{"rtf", 0, "{\\rtf", nil},
	{"onenote", 0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", nil},
	{"chm", 0, "ITSF\x03\x00\x00\x00", nil},
	{"thumbcache", 0, "CMMM", nil},
	{"defender-quarantine", 0, "\xdb\xe8\xc5\x01", nil},
	{"defender-detections", 0, "\x08\x00\x00\x00\x08\x00", nil},
	{"url-cache", 0, "Client UrlCache MMF", nil},
	{"wmi-index", 0, "\xcc\xac\x00\x00", nil},
	{"wmi-map", 0, "\xcd\xab\x00\x00", nil},
	{"restore-point-log", 8, "\x12\xef\xcd\xab", nil},
	{"recycle-info", 0, "\x05\x00\x00\x00", func(h []byte) bool { return len(h) > 20 && string(h[12:16]) == "\x20\x03\x00\x00" }},
	// databases and stores
	{"sqlite", 0, "SQLite format 3\x00", nil},
	{"sqlite-wal", 0, "\x37\x7f\x06\x82", nil},
	{"sqlite-wal", 0, "\x37\x7f\x06\x83", nil},
	{"sqlite-journal", 0, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", nil},
	{"sqlite-shm", 0, "\x18\xe2\x2d\x00", nil},
	{"chrome-cache", 0, "\xc3\xca\x03\xc1", nil},
	{"chrome-cache", 0, "\xc3\xca\x04\xc1", nil},
	{"chrome-cache", 0, "\x30\x5c\x72\xa7\x1b\x6d\xfb\xfc", nil},
	{"java-cache", 4, "\x02\x5a", func(h []byte) bool { return string(h[:4]) == "\x00\x00\x00\x00" }},
	{"mlocate", 0, "\x00mlocate", nil},
	{"journal", 0, "LPKSHHRH", nil},
	{"plist", 0, "bplist0", nil},
	{"keychain", 0, "kych", nil},
	{"ds-store", 0, "\x00\x00\x00\x01Bud1", nil},
	{"mozlz4", 0, "mozLz40\x00", nil},
	{"spotlight", 0, "8tst", nil},
	{"spotlight", 0, "8tsd", nil},
	{"apple-double", 0, "\x00\x05\x16\x07", nil},
	// programs
	{"pe", 0, "MZ", isPE},
	{"dos-program", 0, "MZ", nil},
	{"core-dump", 0, "\x7fELF", func(h []byte) bool { return elfType(h) == 4 }},
	{"elf", 0, "\x7fELF", nil},
	{"macho", 0, "\xcf\xfa\xed\xfe", nil},
	{"macho", 0, "\xce\xfa\xed\xfe", nil},
	{"macho", 0, "\xfe\xed\xfa\xcf", nil},
	{"macho", 0, "\xfe\xed\xfa\xce", nil},
	{"macho", 0, "\xca\xfe\xba\xbe\x00\x00\x00", func(h []byte) bool { return len(h) > 7 && h[7] > 0 && h[7] < 30 }},
	{"java-class", 0, "\xca\xfe\xba\xbe", nil},
	{"dex", 0, "dex\n0", nil},
	{"wasm", 0, "\x00asm", nil},
	{"pyc", 2, "\r\n", func(h []byte) bool { return len(h) >= 16 && h[1] >= 0x0c && h[1] <= 0x0f }},
	// archives and packed streams
	{"zip", 0, "PK\x03\x04", nil},
	{"zip", 0, "PK\x05\x06", nil},
	{"zip", 0, "PK00PK\x03\x04", nil},
	{"zip-part", 0, "PK\x07\x08", nil},
	{"7z", 0, "7z\xbc\xaf\x27\x1c", nil},
	{"rar", 0, "Rar!\x1a\x07\x00", nil},
	{"rar", 0, "Rar!\x1a\x07\x01\x00", nil},
	{"gzip", 0, "\x1f\x8b\x08", nil},
	{"compress", 0, "\x1f\x9d", nil},
	{"bzip2", 0, "BZh", isBzip2},
	{"xz", 0, "\xfd7zXZ\x00", nil},
	{"zstd", 0, "\x28\xb5\x2f\xfd", nil},
	{"zstd", 0, "\x2a\x4d\x18", isZstdSkippable},
	{"lz4", 0, "\x04\x22\x4d\x18", nil},
	{"tar", 257, "ustar", nil},
	{"cab", 0, "MSCF\x00\x00\x00\x00", nil},
	{"cpio", 0, "07070", nil},
	{"ar", 0, "!<arch>\n", nil},
	{"rpm", 0, "\xed\xab\xee\xdb", nil},
	{"arj", 0, "\x60\xea", func(h []byte) bool { return len(h) > 10 && h[10] == 2 && h[3] < 11 }},
	{"ace", 7, "**ACE**", nil},
	{"lha", 2, "-lh", func(h []byte) bool { return len(h) > 6 && h[6] == '-' }},
	{"wim", 0, "MSWIM\x00\x00\x00", nil},
	{"xar", 0, "xar!\x00\x1c", nil},
	// disks and memory
	{"vhdx", 0, "vhdxfile", nil},
	{"vhd", 0, "conectix", nil},
	{"vmdk", 0, "KDMV", nil},
	{"vmdk", 0, "COWD", nil},
	{"vmdk", 0, "# Disk DescriptorFile", nil},
	{"qcow2", 0, "QFI\xfb", nil},
	{"vdi", 0x40, "\x7f\x10\xda\xbe", nil},
	{"e01", 0, "EVF\x09\x0d\x0a\xff\x00", nil},
	{"ex01", 0, "EVF2\x0d\x0a\x81\x00", nil},
	{"l01", 0, "LVF\x09\x0d\x0a\xff\x00", nil},
	{"lx01", 0, "LEF2\x0d\x0a\x81\x00", nil},
	{"aff", 0, "AFF10\r\n", nil},
	{"minidump", 0, "MDMP\x93\xa7", nil},
	{"crash-dump", 0, "PAGEDU64", nil},
	{"crash-dump", 0, "PAGEDUMP", nil},
	{"hiberfil", 0, "HIBR", nil},
	{"hiberfil", 0, "hibr", nil},
	{"hiberfil", 0, "WAKE", nil},
	{"hiberfil", 0, "wake", nil},
	{"memory-lime", 0, "EMiL\x01", nil},
	{"memory-vmware", 0, "\xd2\xbe\xd2\xbe", nil},
	{"bitlocker-volume", 3, "-FVE-FS-", nil},
	{"ntfs-volume", 3, "NTFS    ", nil},
	{"exfat-volume", 3, "EXFAT   ", nil},
	{"fat-volume", 54, "FAT1", nil},
	{"fat-volume", 82, "FAT32   ", nil},
	{"ext-volume", 1080, "\x53\xef", func(h []byte) bool { return binary.LittleEndian.Uint32(h[1024+24:]) <= 6 }},
	{"xfs-volume", 0, "XFSB\x00\x00", nil},
	{"apfs-volume", 32, "NXSB", nil},
	{"luks-volume", 0, "LUKS\xba\xbe", nil},
	{"squashfs", 0, "hsqs", nil},
	{"disk-image", 512, "EFI PART", nil},
	{"disk-image", 510, "\x55\xaa", isPartitioned},
	// network
	{"pcapng", 0, "\x0a\x0d\x0d\x0a", nil},
	{"pcap", 0, "\xd4\xc3\xb2\xa1", nil},
	{"pcap", 0, "\xa1\xb2\xc3\xd4", nil},
	{"pcap", 0, "\x4d\x3c\xb2\xa1", nil},
	{"pcap", 0, "\xa1\xb2\x3c\x4d", nil},
	{"snoop", 0, "snoop\x00\x00\x00", nil},
	{"netflow-nfdump", 0, "\x0c\xa5\x01\x00", nil},
	// Linux and macOS
	{"fsevents", 0, "1SLD", nil},
	{"fsevents", 0, "2SLD", nil},
	{"tracev3", 0, "\x00\x10\x00\x00\x11\x00\x00\x00", nil},
	{"uuidtext", 0, "\x99\x88\x77\x66", nil},
	{"uuidtext", 0, "hcsd", nil},
	{"timesync", 0, "\xb0\xbb\x30\x00", nil},
	{"asl", 0, "ASL DB\x00", nil},
	{"bsm-audit", 0, "\x14", isBSM},
	{"utmp", 0, "", isUtmp},
	// documents, pictures, sound
	{"pdf", 0, "%PDF-", nil},
	{"postscript", 0, "%!PS", nil},
	{"png", 0, "\x89PNG\r\n\x1a\n", nil},
	{"jpeg", 0, "\xff\xd8\xff", nil},
	{"gif", 0, "GIF8", nil},
	{"bmp", 0, "BM", func(h []byte) bool { return len(h) > 17 && h[14] >= 12 && h[15] == 0 && h[16] == 0 && h[6] == 0 }},
	{"tiff", 0, "II*\x00", nil},
	{"tiff", 0, "MM\x00*", nil},
	{"icon", 0, "\x00\x00\x01\x00", func(h []byte) bool { return len(h) > 22 && h[5] == 0 && h[4] > 0 && h[9] == 0 }},
	{"riff", 0, "RIFF", nil},
	{"ogg", 0, "OggS", nil},
	{"mp3", 0, "ID3", nil},
	{"mp4", 4, "ftyp", nil},
	{"font", 0, "\x00\x01\x00\x00\x00", func(h []byte) bool { return len(h) > 16 && h[5] > 0 && h[5] < 64 }},
	{"font", 0, "OTTO\x00", nil},
	{"font", 0, "wOF", nil},
	{"swf", 0, "FWS", func(h []byte) bool { return len(h) > 8 && h[3] < 60 }},
	{"swf", 0, "CWS", func(h []byte) bool { return len(h) > 8 && h[3] < 60 }},
	// keys and mail
	{"pgp-message", 0, "-----BEGIN PGP", nil},
	{"pem", 0, "-----BEGIN ", nil},
	{"age-encrypted", 0, "age-encryption.org/", nil},
	{"mbox", 0, "From ", isMbox},
}

// kindOf says what a file is from its first bytes, and where these don't tell from a few at known places. It goes by
// content alone: evidence is renamed by intruders and by collectors.
func kindOf(head []byte, b *blob) string {
	if b.size == 0 {
		return "empty"
	}
	for i := range magics {
		m := &magics[i]
		if len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.bytes)) && (m.more == nil || m.more(head)) {
			if m.kind == "ole" {
				return oleKind(head)
			}
			return m.kind
		}
	}
	if kind := kindOfOldTar(head); kind != "" {
		return kind
	}
	if kind := kindOfText(head, int64(len(head)) == b.size); kind != "" {
		return kind
	}
	return kindElsewhere(head, b)
}

// kindElsewhere looks past the head and at weak marks.
func kindElsewhere(head []byte, b *blob) string {
	var p [8]byte
	if readExact(b, p[:5], 0x8001) && string(p[:5]) == "CD001" {
		return "iso"
	}
	if b.size >= 512 && readExact(b, p[:], b.size-512) {
		switch {
		case string(p[:]) == "conectix":
			return "vhd"
		case string(p[:4]) == "koly":
			return "dmg"
		}
	}
	switch {
	case isUSN(head):
		return "usnjrnl"
	case isRecycleInfo(head, b.size):
		return "recycle-info"
	case isCustomDestinations(head):
		return "jumplist"
	case isJob(head):
		return "scheduled-job"
	case isESELog(head):
		return "ese-log"
	case isEnd(b):
		return "zip"
	case allZero(head):
		return "zeros"
	}
	return "unknown"
}

// oleStreams tell compound files by the name of a stream, as far as the directory lies in the head.
var oleStreams = []struct{ kind, stream string }{
	{"jumplist", "DestList"}, {"doc", "WordDocument"}, {"xls", "Workbook"}, {"ppt", "PowerPoint Document"},
	{"msg", "__properties_version1.0"}, {"thumbs-db", "Catalog"},
}

func oleKind(head []byte) string {
	for _, s := range oleStreams {
		wide := make([]byte, 0, 2*len(s.stream))
		for i := range len(s.stream) {
			wide = append(wide, s.stream[i], 0)
		}
		if bytes.Contains(head, append([]byte{0, 0}, wide...)) || bytes.Contains(head, append(wide, 0, 0)) {
			return s.kind
		}
	}
	return "ole"
}

func readExact(r io.ReaderAt, p []byte, at int64) bool {
	n, _ := r.ReadAt(p, at)
	return n == len(p)
}

// isEnd finds a zip with something before it, as self-extracting ones have, by the record at its end. Programs are
// told by their own magic before, so they stay programs.
func isEnd(b *blob) bool {
	var p [4]byte
	return b.size > 22 && readExact(b, p[:], b.size-22) && string(p[:]) == "PK\x05\x06"
}

// isESELog knows a log of the ESE by the sizes that its header gives for pages and sectors.
func isESELog(h []byte) bool {
	return len(h) >= 16 && string(h[8:16]) == "\x00\x10\x01\x00\x10\x00\x00\x10"
}

func allZero(head []byte) bool { return len(bytes.TrimLeft(head, "\x00")) == 0 }

// regfIsHive tells a primary hive, file type 0, from transaction logs of the old and new form.
func regfIsHive(h []byte) bool { return len(h) >= 32 && binary.LittleEndian.Uint32(h[28:]) == 0 }

func isPE(h []byte) bool {
	if len(h) < 64 {
		return false
	}
	at := uint64(binary.LittleEndian.Uint32(h[60:]))
	return at+4 > uint64(len(h)) || bytes.HasPrefix(h[at:], []byte("PE\x00\x00")) // a header beyond the head is taken on trust
}

func elfType(h []byte) uint16 {
	if len(h) < 18 {
		return 0
	}
	if h[5] == 2 {
		return binary.BigEndian.Uint16(h[16:])
	}
	return binary.LittleEndian.Uint16(h[16:])
}

// isETL knows a trace by its first buffer: buffer size at 0, and the system header of its first event at 0x48.
func isETL(h []byte) bool {
	if len(h) < 0x70 {
		return false
	}
	size := binary.LittleEndian.Uint32(h)
	return size >= 1024 && size <= 1<<26 && size%1024 == 0 && h[0x4b] == 0xc0 && h[0x4a] <= 2
}

func isBzip2(h []byte) bool {
	return len(h) >= 10 && h[3] >= '1' && h[3] <= '9' &&
		(string(h[4:10]) == "\x31\x41\x59\x26\x53\x59" || string(h[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

func isZstdSkippable(h []byte) bool { return len(h) > 3 && h[0]&0xf0 == 0x50 }

// isPartitioned asks of a boot sector that it is not text and has at least one sound partition entry.
func isPartitioned(h []byte) bool {
	used := 0
	for i := range 4 {
		e := h[446+16*i : 462+16*i]
		if e[0] != 0 && e[0] != 0x80 {
			return false
		}
		if e[4] != 0 && binary.LittleEndian.Uint32(e[12:]) > 0 {
			used++
		}
	}
	return used > 0
}

// isUSN looks for a change record, version 2 to 4, at the start or after the zeros that collectors leave.
func isUSN(h []byte) bool {
	rest := bytes.TrimLeft(h, "\x00")
	at := (len(h) - len(rest)) &^ 7
	if len(h)-at < 60 {
		return false
	}
	length, major, minor := binary.LittleEndian.Uint32(h[at:]), binary.LittleEndian.Uint16(h[at+4:]), binary.LittleEndian.Uint16(h[at+6:])
	return length >= 56 && length <= 1024 && length%8 == 0 && major >= 2 && major <= 4 && minor == 0
}

// isRecycleInfo knows $I files: version 1 is 544 bytes, version 2 says the length of its name.
func isRecycleInfo(h []byte, size int64) bool {
	if len(h) < 28 {
		return false
	}
	switch binary.LittleEndian.Uint64(h) {
	case 1:
		return size == 544
	case 2:
		return size == 28+2*int64(binary.LittleEndian.Uint32(h[24:]))
	}
	return false
}

// isCustomDestinations knows a jump list by its header and the class id of links or the footer that follows.
func isCustomDestinations(h []byte) bool {
	return len(h) >= 12 && binary.LittleEndian.Uint32(h) == 2 && binary.LittleEndian.Uint32(h[4:]) <= 64 &&
		(bytes.Contains(h, []byte("\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46")) || bytes.Contains(h, []byte("\xab\xfb\xbf\xba")))
}

// isJob knows a task of the old form: a Windows version, the format's version 1, and the fixed offset of the name.
func isJob(h []byte) bool {
	return len(h) >= 70 && binary.LittleEndian.Uint16(h[2:]) == 1 && binary.LittleEndian.Uint16(h[20:]) == 0x46
}

// isBSM asks for a plausible first header token of macOS's or Solaris's audit trail.
func isBSM(h []byte) bool {
	return len(h) >= 18 && binary.BigEndian.Uint32(h[1:]) < 1<<16 && h[5] >= 2 && h[5] <= 11 ||
		len(h) >= 11 && h[0] == 0x11 && h[1] != 0
}

// isUtmp knows login records of Linux (384 bytes each) by two in a row with sound types and times.
func isUtmp(h []byte) bool {
	const record = 384
	if len(h) < record {
		return false
	}
	for at := 0; at < min(2*record, len(h)-record+1); at += record {
		e := h[at:]
		kind, seconds := binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[340:])
		if kind == 0 || kind > 9 || seconds < 500_000_000 {
			return false
		}
		if line := e[8:40]; slices.ContainsFunc(bytes.TrimRight(line, "\x00"), func(c byte) bool { return c < 0x20 || c > 0x7e }) {
			return false
		}
	}
	return true
}

func isMbox(h []byte) bool {
	line, rest, ok := strings.Cut(string(h[:min(len(h), 4096)]), "\n")
	return ok && strings.Count(line, ":") >= 2 && looksLikeHeaders(rest)
}

// kindOfOldTar knows tar archives from before POSIX by their checksum.
func kindOfOldTar(h []byte) string {
	if len(h) < 512 || h[0] == 0 {
		return ""
	}
	field := strings.Trim(string(h[148:156]), " \x00")
	if len(field) < 2 {
		return ""
	}
	var want, sum int
	for _, c := range field {
		if c < '0' || c > '7' {
			return ""
		}
		want = want*8 + int(c-'0')
	}
	for i, c := range h[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	if sum != want {
		return ""
	}
	return "tar"
}
