package simd

// PlainRun returns how many bytes at the beginning of b are below 0x7f, or fewer: it may stop in the last 31.
func PlainRun(b []byte) int {
	if Available && len(b) >= 32 {
		return plainRun(&b[0], len(b))
	}
	return 0
}

// JSON16 writes units of UTF-16, little-endian, as the inside of a JSON string to dst, and returns how many bytes it wrote and how many
// units it read. It stops before the first that is neither an ASCII character which stands for itself there nor " or \; < > and & are
// among what doesn't. dst needs room for two bytes a unit and 16 more, which may be written to. Where there is no room, or less than 32
// bytes behind the units within their capacity, it does nothing.
func JSON16(dst, units []byte) (written, read int) {
	const ahead = 32 // bytes that are read at a time
	n := len(units) / 2
	if Available && n > 0 && cap(units) >= 2*n+ahead && len(dst) >= 2*n+16 {
		return json16(&dst[0], &units[0], n)
	}
	return 0, 0
}
