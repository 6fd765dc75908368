// Package bin reads little-endian structures out of byte slices that nobody vouches for. A Cursor never reads
// outside its slice: the first attempt is remembered as its error, and from then on it yields zeroes, so that a
// decoder checks once at the end of a structure instead of after each field.
package bin

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrTruncated is the cause of every error of a Cursor, for errors.Is.
var ErrTruncated = errors.New("truncated")

// Cursor is a position in a slice of bytes.
type Cursor struct {
	data []byte
	pos  int
	err  error
}

// NewCursor returns a cursor on data at pos.
func NewCursor(data []byte, pos int) Cursor {
	c := Cursor{data: data}
	c.Seek(pos)
	return c
}

// Pos returns the offset of the next byte.
func (c *Cursor) Pos() int { return c.pos }

// Left returns how many bytes follow.
func (c *Cursor) Left() int { return len(c.data) - c.pos }

// Err returns the first error.
func (c *Cursor) Err() error { return c.err }

// Seek goes to an offset from the slice's start.
func (c *Cursor) Seek(pos int) {
	if pos < 0 || pos > len(c.data) {
		c.fail(pos, 0)
		return
	}
	c.pos = pos
}

// Skip passes over n bytes.
func (c *Cursor) Skip(n int) { c.Bytes(n) }

// Bytes returns the next n bytes, as they lie in the slice, or nil if there are not so many.
func (c *Cursor) Bytes(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.data)-c.pos {
		c.fail(c.pos, n)
		return nil
	}
	b := c.data[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b
}

// U8 returns the next byte.
func (c *Cursor) U8() uint8 {
	if b := c.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 returns the next two bytes as a number.
func (c *Cursor) U16() uint16 {
	if b := c.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 returns the next four bytes as a number.
func (c *Cursor) U32() uint32 {
	if b := c.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 returns the next eight bytes as a number.
func (c *Cursor) U64() uint64 {
	if b := c.Bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// fail remembers the first error and moves to the end, so that loops over what is left end.
func (c *Cursor) fail(at, n int) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %d bytes at 0x%x of 0x%x", ErrTruncated, n, at, len(c.data))
	}
	c.pos = len(c.data)
}
