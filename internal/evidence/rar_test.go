package evidence

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"
)

// rar4 packs names and contents without compression, in the form of RAR 1.5 to 4.
//
//	0 CRC-16 of the rest of the header  2 type  3 flags (2)  5 size of the header (2)  7 fields
func rar4(pairs ...string) []byte {
	out := []byte("Rar!\x1a\x07\x00")
	block := func(kind byte, flags uint16, fields []byte) {
		h := []byte{kind}
		h = binary.LittleEndian.AppendUint16(h, flags)
		h = binary.LittleEndian.AppendUint16(h, uint16(7+len(fields)))
		h = append(h, fields...)
		out = binary.LittleEndian.AppendUint16(out, uint16(crc32.ChecksumIEEE(h)))
		out = append(out, h...)
	}
	block(0x73, 0, make([]byte, 6))
	for i := 0; i < len(pairs); i += 2 {
		name, content := pairs[i], []byte(pairs[i+1])
		f := binary.LittleEndian.AppendUint32(nil, uint32(len(content)))
		f = binary.LittleEndian.AppendUint32(f, uint32(len(content)))
		f = append(f, 3) // Unix
		f = binary.LittleEndian.AppendUint32(f, crc32.ChecksumIEEE(content))
		f = binary.LittleEndian.AppendUint32(f, 44<<25|3<<21|1<<16|10<<11|11<<5|6) // 2024-03-01 10:11:12
		f = append(f, 20, 0x30)                                                    // stored
		f = binary.LittleEndian.AppendUint16(f, uint16(len(name)))
		f = binary.LittleEndian.AppendUint32(f, 0o100644)
		block(0x74, 0x8000, append(f, name...))
		out = append(out, content...)
	}
	block(0x7b, 0x4000, nil)
	return out
}

// rar5 packs names and contents without compression, in the form of RAR 5; with a password, encrypted.
//
//	0 CRC-32 of the rest of the header  4 size of what follows  type  flags  [size of extra]  [size of data]  fields  extra
func rar5(password string, pairs ...string) []byte {
	out := []byte("Rar!\x1a\x07\x01\x00")
	block := func(fields []byte) {
		h := append(binary.AppendUvarint(nil, uint64(len(fields))), fields...)
		out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(h))
		out = append(out, h...)
	}
	block([]byte{1, 0, 0})
	for i := 0; i < len(pairs); i += 2 {
		name, content := pairs[i], []byte(pairs[i+1])
		crc, size := crc32.ChecksumIEEE(content), len(content)
		var extra []byte
		if password != "" {
			extra, content = rar5Encrypt(password, content)
		}
		f := []byte{2, 2}
		if extra != nil {
			f[1] |= 1
			f = binary.AppendUvarint(f, uint64(len(extra)))
		}
		f = binary.AppendUvarint(f, uint64(len(content)))
		f = append(f, 2|4)
		f = binary.AppendUvarint(f, uint64(size))
		f = binary.AppendUvarint(f, 0o100644)
		f = binary.LittleEndian.AppendUint32(f, 1709287872)
		f = binary.LittleEndian.AppendUint32(f, crc)
		f = append(f, 0, 1) // stored, Unix
		f = binary.AppendUvarint(f, uint64(len(name)))
		f = append(f, name...)
		block(append(f, extra...))
		out = append(out, content...)
	}
	block([]byte{5, 0, 0})
	return out
}

func rar5Encrypt(password string, content []byte) (extra, packed []byte) {
	const rounds = 4 // as a power of two
	salt, iv := []byte("sixteen of salt."), []byte("sixteen for iv..")
	key, err := pbkdf2.Key(sha256.New, password, salt, 1<<rounds, 32)
	if err != nil {
		panic(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	packed = make([]byte, (len(content)+15)&^15)
	copy(packed, content)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(packed, packed)
	fields := append([]byte{1, 0, 0, rounds}, salt...)
	fields = append(fields, iv...)
	return append(binary.AppendUvarint(nil, uint64(len(fields))), fields...), packed
}

func TestRar(t *testing.T) {
	content := strings.Repeat("a line of text\n", 300)
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"rar4", rar4("b/x.log", content, "a.txt", "a\n")},
		{"rar5", rar5("", "b/x.log", content, "a.txt", "a\n")},
		{"infected", rar5("infected", "b/x.log", content, "a.txt", "a\n")},
		{"password", rar5("Hunter_7", "b/x.log", content, "a.txt", "a\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := walk(t, Options{Passwords: []string{"wrong", "Hunter_7"}}, write(t, filepath.Join(t.TempDir(), "a.rar"), c.data))
			wantListing(t, all, fmt.Sprintf("a.rar!/b/x.log text %d", len(content)), "a.rar!/a.txt text 2", fmt.Sprintf("a.rar rar %d", len(c.data)))
			if all[0].data != content || all[0].Modified.IsZero() {
				t.Errorf("other content, or no time: %v", all[0].Modified)
			}
		})
	}
	t.Run("unknown_password", func(t *testing.T) {
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.rar"), rar5("Hunter_7", "a.txt", content)))
		if f := find(t, all, "a.rar"); len(f.Problems) != 1 || !errors.Is(f.Problems[0], errPassword) {
			t.Errorf("%v", f.Problems)
		}
	})
	t.Run("damaged_member", func(t *testing.T) {
		data := rar4("x.log", content, "a.txt", "a\n")
		data[strings.Index(string(data), "a line")+7] ^= 1
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.rar"), data))
		if f := find(t, all, "a.rar!/x.log"); len(f.Problems) != 1 || !errors.Is(f.Problems[0], ErrCorrupt) {
			t.Errorf("%v", f.Problems)
		}
		if f := find(t, all, "a.rar!/a.txt"); f.data != "a\n" || len(f.Problems) > 0 {
			t.Errorf("the member after the damage: %v", f.Problems)
		}
	})
	t.Run("cut", func(t *testing.T) {
		data := rar4("x.log", content, "a.txt", "a\n")
		f := find(t, walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.rar"), data[:2000])), "a.rar!/x.log")
		if len(f.Problems) != 1 || !strings.HasPrefix(content, f.data) || len(f.data) == 0 {
			t.Errorf("%d bytes, %v", len(f.data), f.Problems)
		}
	})
}
