package evtx

import (
	"encoding/binary"

	"github.com/goshawk-ir/goshawk/internal/simd"
)

// image is a template definition as it lay in a chunk, to recognise it by its bytes where it lies again.
type image struct {
	program *program
	guid    [16]byte // the program's
	size    int      // of the definition
	bytes   []byte   // it, with zeros up to a multiple of 32
	free    []uint32 // a bit for each byte that may be another elsewhere, as simd.EqualBut has them
	names   []imageName
}

// imageName is where the offset of a name stands in an image. Such offsets may be others elsewhere, and so may what heads a name that
// stands in the definition and is no part of it: the offset of the next name, and a hash.
type imageName struct {
	at   int32
	here bool // the name itself follows
	name string
}

// image returns an image of the definition that the walker has read as p.
func (w *walker) image(p *program) *image {
	start, size := w.from, w.to-w.from
	padded := (size + 31) &^ 31
	im := &image{program: p, guid: p.guid, size: size, bytes: make([]byte, padded), free: make([]uint32, padded/32)}
	copy(im.bytes, w.chunk.data[start:w.to])
	release := func(from, n int) {
		for i := from; i < from+n && i < padded; i++ {
			im.free[i/32] |= 1 << (i % 32)
		}
	}
	release(size, padded-size)
	named := 0
	for i := range w.form {
		if w.form[i].named {
			named++
		}
	}
	im.names = make([]imageName, 0, named)
	for i := range w.form {
		s := &w.form[i]
		if !s.named {
			continue
		}
		at := s.to + s.skip
		n := imageName{at: int32(at - start), here: s.at == at+4, name: s.name}
		release(int(n.at), 4)
		if n.here {
			release(int(n.at)+4, 6)
		}
		im.names = append(im.names, n)
	}
	return im
}

// weight returns about how much memory the image takes.
func (im *image) weight() int {
	n := len(im.bytes) + 4*len(im.free) + 256
	for i := range im.names {
		n += 32 + len(im.names[i].name)
	}
	return n
}

// shows says whether the definition at [start, end) of the chunk is what the image shows.
//
// Fast path: chunks repeat their definitions, and to compare one takes a fraction of the time of reading it. All bytes that a walker
// looks at are compared, so the answer is that of reading it.
func (c *Chunk) shows(im *image, start, end int) bool {
	if end-start != im.size || c.salvage || !simd.EqualBut(im.bytes, c.data[start:], im.free) {
		return false
	}
	for i := range im.names {
		n := &im.names[i]
		at := start + int(n.at)
		off := binary.LittleEndian.Uint32(c.data[at:])
		e := &c.names[(off>>1)&uint32(len(c.names)-1)]
		switch here := off == uint32(at+4); {
		case here != n.here:
			return false
		case here:
			*e = nameAt{off, n.name}
		case e.off == off && e.text == n.name && off > 0:
		default:
			if name, err := c.name(int(off)); err != nil || name != n.name {
				return false
			}
		}
	}
	return true
}

// images is definitions of chunks before with one identifier, or several that share a place. Logs of several hosts, and of one before and
// after an update, have several versions of a definition; and a name stands in the first definition of a chunk that needs it.
type images struct {
	last  *image // that was found last: where the search begins
	known []*image
	next  int // to make way for another
}

// maxImages is how many images are kept for a place, and maxImageBytes how much memory all of a Chunk may take before they are let go.
const (
	maxImages     = 32
	maxImageBytes = 8 << 20
)

// find returns the program of the definition at [start, end) of the chunk, if one of the images shows it.
func (s *images) find(c *Chunk, guid *[16]byte, start, end int) *program {
	last := s.last
	if last == nil {
		return nil
	}
	if last.guid == *guid && c.shows(last, start, end) {
		return last.program
	}
	for _, im := range s.known {
		if im != last && im.guid == *guid && c.shows(im, start, end) {
			s.last = im
			return im.program
		}
	}
	return nil
}

// add keeps an image, in place of the oldest if there are too many.
func (s *images) add(im *image) {
	if s.last = im; len(s.known) < maxImages {
		s.known = append(s.known, im)
		return
	}
	s.known[s.next] = im
	s.next = (s.next + 1) % maxImages
}
