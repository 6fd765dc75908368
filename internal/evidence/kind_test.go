package evidence

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func utf16LE(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func zeroPad(s string, n int) string { return s + strings.Repeat("\x00", n-len(s)) }

func TestKindOf(t *testing.T) {
	for _, c := range []struct{ want, data string }{
		{"empty", ""},
		{"evtx", zeroPad("ElfFile\x00", 4096)},
		{"registry-hive", zeroPad("regf", 4096)},
		{"registry-log", zeroPad("regf\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00\x00\x06\x00\x00\x00", 512)},
		{"prefetch", zeroPad("\x1e\x00\x00\x00SCCA", 100)},
		{"prefetch", zeroPad("MAM\x04\x00\x10", 100)},
		{"mft", zeroPad("FILE0\x00\x03\x00", 1024)},
		{"usnjrnl", zeroPad(zeroPad("", 64)+"\x60\x00\x00\x00\x02\x00\x00\x00", 200)},
		{"lnk", zeroPad("\x4c\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", 100)},
		{"jumplist", zeroPad("\x02\x00\x00\x00\x01\x00\x00\x00", 40) + "\xab\xfb\xbf\xba"},
		{"ese", zeroPad("\x12\x34\x56\x78\xef\xcd\xab\x89", 700)},
		{"recycle-info", zeroPad("\x02\x00\x00\x00\x00\x00\x00\x00", 24) + "\x02\x00\x00\x00a\x00\x00\x00"},
		{"ole", zeroPad("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 512)},
		{"pst", zeroPad("!BDN", 600)},
		{"sqlite", zeroPad("SQLite format 3\x00", 1024)},
		{"pe", zeroPad("MZ", 60) + "\x40\x00\x00\x00PE\x00\x00"},
		{"dos-program", zeroPad("MZ", 60) + "\x40\x00\x00\x00NE\x00\x00"},
		{"elf", zeroPad("\x7fELF\x02\x01\x01", 16) + "\x02\x00\x3e\x00"},
		{"core-dump", zeroPad("\x7fELF\x02\x01\x01", 16) + "\x04\x00\x3e\x00"},
		{"macho", zeroPad("\xcf\xfa\xed\xfe", 64)},
		{"java-class", zeroPad("\xca\xfe\xba\xbe\x00\x00\x00\x34", 64)},
		{"7z", "7z\xbc\xaf\x27\x1c\x00\x04"},
		{"rar", "Rar!\x1a\x07\x01\x00"},
		{"gzip", "\x1f\x8b\x08\x00"},
		{"xz", "\xfd7zXZ\x00"},
		{"zstd", "\x28\xb5\x2f\xfd"},
		{"bzip2", "BZh91AY&SY"},
		{"tar", zeroPad(zeroPad("x.txt", 257)+"ustar\x0000", 1024)},
		{"pcap", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00"},
		{"pcapng", "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00"},
		{"vhdx", "vhdxfile"},
		{"vhd", zeroPad("", 1024) + zeroPad("conectix", 512)},
		{"iso", zeroPad("", 0x8001) + zeroPad("CD001", 2048)},
		{"vmdk", "KDMV\x01\x00\x00\x00"},
		{"e01", "EVF\x09\x0d\x0a\xff\x00"},
		{"qcow2", "QFI\xfb\x00\x00\x00\x03"},
		{"ntfs-volume", zeroPad("\xeb\x52\x90NTFS    ", 510) + "\x55\xaa"},
		{"disk-image", zeroPad(zeroPad("\xfa\x33", 446)+"\x80\x01\x01\x00\x07\xfe\xff\xff\x00\x08\x00\x00\x00\x00\x10\x00", 510) + "\x55\xaa"},
		{"minidump", "MDMP\x93\xa7\x00\x00"},
		{"crash-dump", "PAGEDU64"},
		{"memory-lime", "EMiL\x01\x00\x00\x00"},
		{"journal", "LPKSHHRH"},
		{"pdf", "%PDF-1.7\n"},
		{"png", "\x89PNG\r\n\x1a\n"},
		{"zeros", zeroPad("", 5000)},
		{"unknown", "\x01\x02\x03\x04\x05\x06\x07\x00\x01"},
		{"json", "{\n \"a\": 1,\n \"b\": [1, 2]\n}\n"},
		{"json", `{"a":1}`},
		{"json", `[{"a":1}, {"b":2}]`},
		{"jsonl", "{\"a\":1}\n{\"a\":2}\n"},
		{"jsonl", "\ufeff{\"a\":1}\r\n{\"a\":2}\r\n"},
		{"text", "{this is not json}\nat all\n"},
		{"xml", "<?xml version=\"1.0\"?>\n<Events><Event/></Events>\n"},
		{"xml", utf16LE("<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<Task/>\n")},
		{"plist-xml", "<?xml version=\"1.0\"?>\n<!DOCTYPE plist PUBLIC \"x\" \"y\">\n<plist version=\"1.0\"/>\n"},
		{"html", "<!DOCTYPE html>\n<html></html>"},
		{"csv", "time,host,what\n1,PC01,\"a, b\"\n2,PC02,c\n"},
		{"csv", "time\thost\n1\tPC01\n2\tPC02\n"},
		{"text", "Mar  1 10:11:12 web01 sshd[1]: Accepted\n"},
		{"text", "<34>1 2024-03-01T10:11:12Z web01 app - - - message\n"},
		{"text", "gr\xfc\xdfe\nund mehr text\n"},
		{"text-utf16", utf16LE("some words\r\nof text\r\n")},
		{"reg-export", utf16LE("Windows Registry Editor Version 5.00\r\n")},
		{"email", "Received: from a.example.com\r\nFrom: ada@example.com\r\nSubject: x\r\n\r\nbody\r\n"},
		{"mbox", "From ada@example.com Fri Mar  1 10:11:12 2024\nFrom: ada@example.com\nSubject: x\n\nbody\n"},
		{"script-shell", "#!/bin/sh\necho\n"},
		{"script-python", "#!/usr/bin/env -S python3.12 -u\nprint()\n"},
		{"script-php", "<?php echo 1;\n"},
		{"script-batch", "@echo off\r\n"},
		{"zeek", "#separator \\x09\n#fields\tts\n"},
		{"w3c-log", "#Software: Microsoft Internet Information Services 10.0\r\n"},
	} {
		data := []byte(c.data)
		got := kindOf(data[:min(len(data), headSize)], newBlob(bytes.NewReader(data), int64(len(data)), nil))
		if got != c.want {
			t.Errorf("kind of %.40q is %s, want %s", c.data, got, c.want)
		}
	}
}

// corpusKinds is what a format of the corpus's manifest, which goes by names, may be as a kind: $I files keep the ending of what was
// deleted, and one message is wrapped in its SMTP session.
var corpusKinds = map[string][]string{
	"evtx": {"evtx"}, "evt": {"evt"}, "ese": {"ese"}, "gzip": {"gzip"}, "lnk": {"lnk"}, "mft": {"mft"}, "prefetch": {"prefetch"}, "prefetch-mam": {"prefetch"},
	"regf": {"registry-hive", "registry-log"}, "sqlite": {"sqlite"}, "zip": {"zip", "recycle-info"}, "usn": {"usnjrnl"}, "eml": {"email", "mbox", "text"},
	"automaticdestinations-ms": {"jumplist"}, "customdestinations-ms": {"jumplist"}, "plist": {"plist", "plist-xml"}, "job": {"scheduled-job"},
}

// TestKindsOfCorpus holds the kinds against what the corpus says its files are.
func TestKindsOfCorpus(t *testing.T) {
	root := filepath.Join("..", "..", ".shared", "corpus")
	manifest, err := os.ReadFile(filepath.Join(root, "manifest.jsonl"))
	if err != nil {
		t.Skip("the shared corpus is not here: ", err)
	}
	kinds := map[string]string{}
	var args []string
	for _, part := range []string{"evtx", "artefacts", "cases", "mail", "logs", "net"} {
		args = append(args, filepath.Join(root, part))
	}
	for f, err := range Walk(t.Context(), args, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		kinds[f.SHA256] = f.Kind
	}
	checked := map[string]int{}
	for line := range bytes.Lines(manifest) {
		var m struct{ Path, SHA256, Format string }
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		got, walked := kinds[m.SHA256]
		if want := corpusKinds[m.Format]; walked && want != nil {
			if checked[m.Format]++; !slices.Contains(want, got) {
				t.Errorf("%s is %s, the corpus says %s", m.Path, got, m.Format)
			}
		}
	}
	if len(checked) < 10 {
		t.Errorf("little was compared: %v", checked)
	}
}
