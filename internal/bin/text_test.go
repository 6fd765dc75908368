package bin

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"testing"
)

// numbers are those around which the number of digits changes, and some between.
func numbers() (list []uint64) {
	for k := range 64 {
		list = append(list, 1<<k-1, 1<<k, 1<<k+1, 0x0123456789abcdef>>k, 0xfedcba9876543210>>k)
	}
	for n := uint64(1); n < math.MaxUint64/10; n *= 10 {
		list = append(list, n-1, n, n+1, 9*n, 10*n-1)
	}
	for n := range uint64(1100) {
		list = append(list, n)
	}
	return append(list, math.MaxUint64)
}

// TestNumbers compares the fast ways of writing numbers with the standard library's.
func TestNumbers(t *testing.T) {
	for _, n := range numbers() {
		if got, want := string(AppendUint([]byte("x"), n)), "x"+strconv.FormatUint(n, 10); got != want {
			t.Errorf("%d is written as %s", n, got)
		}
		if got, want := string(AppendHex([]byte("x"), n)), "x"+strconv.FormatUint(n, 16); got != want {
			t.Errorf("%d is written as %s, not %s", n, got, want)
		}
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], Hex8(uint32(n), UpperHex))
		if want := fmt.Sprintf("%08X", uint32(n)); string(b[:]) != want {
			t.Errorf("%s is written as %s", want, b)
		}
		for width := range 9 {
			b := make([]byte, width)
			PutUint(b, n)
			if want := fmt.Sprintf("%08d", n%1e8)[8-width:]; string(b) != want {
				t.Errorf("the last %d digits of %d are written as %s", width, n, b)
			}
		}
	}
}
