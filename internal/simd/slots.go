package simd

import (
	"encoding/binary"
	"unsafe"
)

// Classes sorts bytes into classes, by a table for each half of a byte as Triples has them: a byte is of a class if both have its bit.
type Classes struct{ lower, upper [16]uint8 }

// MakeClasses returns the tables in which the bytes that a function says true of have one of its bits. Bits are given out from the highest
// on: a function that is true of one byte alone has one. MakeClasses panics if eight don't suffice: functions must not be more irregular.
func MakeClasses(is ...func(c byte) bool) (c Classes, bits []uint8) {
	next := 0
	for _, f := range is {
		sets, all := map[uint16]uint8{}, uint8(0) // by the lower halves that go with an upper one
		for upper := range 16 {
			set := uint16(0)
			for lower := range 16 {
				if f(byte(upper<<4 | lower)) {
					set |= 1 << lower
				}
			}
			if set == 0 {
				continue
			}
			bit, ok := sets[set]
			if !ok {
				if next == 8 {
					panic("simd: classes of too many kinds")
				}
				bit = Mark >> next
				next++
				sets[set] = bit
				for lower := range 16 {
					if set>>lower&1 != 0 {
						c.lower[lower] |= bit
					}
				}
			}
			c.upper[upper] |= bit
			all |= bit
		}
		bits = append(bits, all)
	}
	return c, bits
}

// Mark is the highest bit of a class.
const Mark = 0x80

// Of returns the bits of the classes that a byte is in.
func (c *Classes) Of(b byte) uint8 { return c.lower[b&15] & c.upper[b>>4] }

// Slots reads descriptors of four bytes, a size in 16 bits and a type in eight, of values that lie one behind the other from pos on. It
// sets slots[i] to descriptor i, in the lower half, with the offset of its value above it and ones above that, 16 bits each. It returns
// where the last value ends, the classes that types have, bits of c, and the descriptors with Mark, if there are at most 64. Byte 0 must
// have no class. Where the end is beyond 16 bits, slots are of no use. Up to seven slots within the capacity of slots are written to
// besides.
func Slots[S ~uint64](slots []S, descriptors []byte, pos int, c *Classes) (end int, classes uint8, marked uint64) {
	const atOnce = 8
	n := len(slots)
	whole := (n + atOnce - 1) &^ (atOnce - 1)
	// Fast path: the same eight at a time.
	if Available && n > 0 && whole <= cap(slots) && 4*whole <= cap(descriptors) {
		end, seen, marked := slots8((*uint64)(unsafe.Pointer(&slots[0])), &descriptors[0], n, pos, c)
		return end, uint8(seen), marked
	}
	return plainSlots(slots, descriptors, pos, c)
}

// plainSlots is Slots, one by one.
func plainSlots[S ~uint64](slots []S, descriptors []byte, pos int, c *Classes) (end int, classes uint8, marked uint64) {
	for i := range slots {
		d := binary.LittleEndian.Uint32(descriptors[4*i:])
		slots[i] = S(d) | S(uint16(pos))<<32 | 0xffff<<48
		pos += int(uint16(d))
		class := c.Of(byte(d >> 16))
		classes |= class
		marked |= uint64(class/Mark) << i
	}
	return pos, classes, marked
}
