package evtx

import (
	"errors"
	"fmt"
)

// Causes of damage, for errors.Is.
var (
	ErrCorrupt   = errors.New("corrupt")
	ErrTruncated = errors.New("truncated")
	ErrLimit     = errors.New("over the limit")
)

// Damage is a place that could not be read. Iterators yield it between records and go on.
type Damage struct {
	Offset int64  // of the first byte that could not be read, in the file
	What   string // what was tried: "read chunk 12"
	Err    error
}

// Error gives attempt, place and cause in one line.
func (d *Damage) Error() string { return fmt.Sprintf("%s at 0x%x: %v", d.What, d.Offset, d.Err) }

// Unwrap returns the cause.
func (d *Damage) Unwrap() error { return d.Err }

// otherTemplate says that there is another template than the one that is looked for. A damaged log has many of them, which nobody reads.
type otherTemplate struct{ want, at, have uint32 }

func (e *otherTemplate) Error() string {
	return fmt.Sprintf("%v: template 0x%08x is looked for at 0x%x of the chunk, there is 0x%08x", ErrCorrupt, e.want, e.at, e.have)
}

func (e *otherTemplate) Unwrap() error { return ErrCorrupt }

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
