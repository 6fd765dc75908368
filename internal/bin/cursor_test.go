package bin

import (
	"errors"
	"testing"
)

func TestCursor(t *testing.T) {
	c := NewCursor([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 1)
	if got := c.U8(); got != 2 {
		t.Errorf("U8 is %d", got)
	}
	if got := c.U16(); got != 0x0403 {
		t.Errorf("U16 is 0x%x", got)
	}
	if got := c.U32(); got != 0x08070605 {
		t.Errorf("U32 is 0x%x", got)
	}
	c.Seek(8)
	if got := c.U64(); got != 0x100f0e0d0c0b0a09 || c.Err() != nil || c.Left() != 0 {
		t.Errorf("U64 is 0x%x, error %v, left %d", got, c.Err(), c.Left())
	}
}

func TestCursorEnd(t *testing.T) {
	for _, tt := range []struct {
		name string
		read func(c *Cursor)
	}{
		{"number", func(c *Cursor) { c.U64() }},
		{"negative_length", func(c *Cursor) { c.Bytes(-1) }},
		{"seek_before", func(c *Cursor) { c.Seek(-1) }},
		{"seek_behind", func(c *Cursor) { c.Seek(5) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewCursor([]byte{1, 2, 3, 4}, 0)
			tt.read(&c)
			first := c.Err()
			if !errors.Is(first, ErrTruncated) {
				t.Fatalf("error is %v", first)
			}
			if got := c.U8(); got != 0 || c.Err() != first || c.Left() != 0 {
				t.Errorf("after the error: U8 is %d, error %v, left %d", got, c.Err(), c.Left())
			}
		})
	}
}
