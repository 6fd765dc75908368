package evidence

import "fmt"

// budget bounds what comes out of a container or a member. What a member spends, its container, the container's
// container and so on spend too.
type budget struct {
	parent *budget
	what   string
	left   int64 // bytes
	allow  int64 // of the start, for the message
	items  int   // members left; counted in containers only
}

// containerBudget bounds the members of a container of size bytes.
func (o *Options) containerBudget(parent *budget, size int64) *budget {
	n := min(o.MaxTotal, o.ratioBytes(size))
	return &budget{parent: parent, what: "container", left: n, allow: n, items: o.MaxMembers}
}

// memberBudget bounds one member; packed is its size in the container, -1 if unknown.
func (o *Options) memberBudget(parent *budget, packed int64) *budget {
	n := o.MaxMember
	if packed >= 0 {
		n = min(n, o.ratioBytes(packed))
	}
	return &budget{parent: parent, what: "member", left: n, allow: n}
}

// ratioBytes is what size bytes may unpack to.
func (o *Options) ratioBytes(size int64) int64 {
	if size > (1<<62)/o.MaxRatio {
		return 1 << 62
	}
	return max(ratioFloor, size*o.MaxRatio)
}

// spend takes n bytes from the budget and those above it.
func (b *budget) spend(n int64) error {
	for ; b != nil; b = b.parent {
		if b.left -= n; b.left < 0 {
			return fmt.Errorf("%w: more than %d bytes come out of the %s", ErrLimit, b.allow, b.what)
		}
	}
	return nil
}

// member counts one member.
func (b *budget) member() error {
	for ; b != nil; b = b.parent {
		if b.what != "container" {
			continue
		}
		if b.items--; b.items < 0 {
			return fmt.Errorf("%w: too many members", ErrLimit)
		}
	}
	return nil
}

// spent says whether the container or one around it is used up, so that going on is of no use.
func (b *budget) spent() bool {
	for ; b != nil; b = b.parent {
		if b.left < 0 || b.items < 0 {
			return true
		}
	}
	return false
}
