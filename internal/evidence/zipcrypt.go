package evidence

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// zipAES is the method of entries under WinZip's AES; the true one stands in their extra field.
const zipAES = 99

// aesReader decrypts WinZip's AES and checks the code at its end.
//
//	salt (8, 12 or 16)  password check (2)  content  HMAC-SHA1 of the encrypted content (10)
//
// The keys come from PBKDF2 with HMAC-SHA1 in 1000 rounds: encryption key, HMAC key, password check. The counter of
// CTR mode is little-endian and starts at 1, other than crypto/cipher's.
type aesReader struct {
	r       io.Reader
	left    int64 // encrypted bytes
	block   cipher.Block
	counter uint64
	stream  []byte // key stream not used yet
	buf     [64 * aes.BlockSize]byte
	mac     hash.Hash
}

const (
	aesRounds  = 1000
	aesCheck   = 2
	aesMACSize = 10
)

func newAESReader(r io.Reader, packed int64, strength byte, password string) (io.Reader, error) {
	if strength < 1 || strength > 3 {
		return nil, fmt.Errorf("%w: AES strength %d", ErrUnsupported, strength)
	}
	keySize, saltSize := 8+8*int(strength), 4+4*int(strength)
	content := packed - int64(saltSize+aesCheck+aesMACSize)
	if content < 0 {
		return nil, fmt.Errorf("%w: too short for AES", ErrCorrupt)
	}
	head := make([]byte, saltSize+aesCheck)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("%w: AES header", ErrTruncated)
	}
	keys, err := pbkdf2.Key(sha1.New, password, head[:saltSize], aesRounds, 2*keySize+aesCheck)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(keys[2*keySize:], head[saltSize:]) == 0 {
		return nil, errPassword
	}
	block, err := aes.NewCipher(keys[:keySize])
	if err != nil {
		return nil, err
	}
	return &aesReader{r: r, left: content, block: block, counter: 1, mac: hmac.New(sha1.New, keys[keySize:2*keySize])}, nil
}

func (a *aesReader) Read(p []byte) (int, error) {
	if a.left == 0 {
		return 0, a.finish()
	}
	if int64(len(p)) > a.left {
		p = p[:a.left]
	}
	n, err := a.r.Read(p)
	a.left -= int64(n)
	a.mac.Write(p[:n])
	for done := 0; done < n; {
		if len(a.stream) == 0 {
			a.refill()
		}
		k := subtle.XORBytes(p[done:n], p[done:n], a.stream)
		a.stream = a.stream[k:]
		done += k
	}
	if err == io.EOF && a.left > 0 {
		err = io.ErrUnexpectedEOF
	} else if err == io.EOF {
		err = nil // the code is still to be checked
	}
	return n, err
}

// refill makes the next piece of the key stream.
func (a *aesReader) refill() {
	clear(a.buf[:])
	for at := 0; at < len(a.buf); at += aes.BlockSize {
		binary.LittleEndian.PutUint64(a.buf[at:], a.counter)
		a.counter++
		a.block.Encrypt(a.buf[at:at+aes.BlockSize], a.buf[at:at+aes.BlockSize])
	}
	a.stream = a.buf[:]
}

func (a *aesReader) finish() error {
	var code [aesMACSize]byte
	if _, err := io.ReadFull(a.r, code[:]); err != nil {
		return fmt.Errorf("%w: no authentication code", ErrTruncated)
	}
	if subtle.ConstantTimeCompare(code[:], a.mac.Sum(nil)[:aesMACSize]) == 0 {
		return fmt.Errorf("%w: authentication code mismatch", ErrCorrupt)
	}
	a.left = -1
	a.r = eofReader{}
	return io.EOF
}

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

// zipCryptoReader decrypts the old encryption of zip: three keys that each byte of the plain content moves on.
type zipCryptoReader struct {
	r    io.Reader
	keys zipCryptoKeys
}

type zipCryptoKeys [3]uint32

func newZipCryptoKeys(password string) zipCryptoKeys {
	k := zipCryptoKeys{0x12345678, 0x23456789, 0x34567890}
	for i := range len(password) {
		k.update(password[i])
	}
	return k
}

func (k *zipCryptoKeys) update(b byte) {
	k[0] = crc32.IEEETable[byte(k[0])^b] ^ k[0]>>8
	k[1] = (k[1]+k[0]&0xff)*134775813 + 1
	k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
}

// next is the byte that the next one is encrypted with.
func (k *zipCryptoKeys) next() byte {
	t := k[2]&0xffff | 2
	return byte(t * (t ^ 1) >> 8)
}

// newZipCryptoReader reads the header of 12 bytes, whose last one tells a wrong password 255 times in 256; the rest is the
// CRC's to tell.
func newZipCryptoReader(r io.Reader, check byte, password string) (io.Reader, error) {
	z := &zipCryptoReader{r: r, keys: newZipCryptoKeys(password)}
	var head [12]byte
	if _, err := io.ReadFull(z, head[:]); err != nil {
		return nil, fmt.Errorf("%w: encryption header", ErrTruncated)
	}
	if head[11] != check {
		return nil, errPassword
	}
	return z, nil
}

func (z *zipCryptoReader) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	for i, c := range p[:n] {
		p[i] = c ^ z.keys.next()
		z.keys.update(p[i])
	}
	return n, err
}
