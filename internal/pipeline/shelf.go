package pipeline

import (
	"slices"
	"sync"
)

// shelf keeps memory that is not in use, for the worker that filled it last: in the caches of its processor it may still lie. Where
// processors don't share a cache, a line that another one has written takes as long to bring as one from memory, and longer.
type shelf[T any] struct {
	most int // things that are kept

	mu     sync.Mutex
	things []shelved[T]
}

type shelved[T any] struct {
	by    int // the worker
	thing T
}

// get takes what was put there last by the worker, or what another one has put there; ok is false if there is nothing.
func (s *shelf[T]) get(by int) (thing T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := len(s.things) - 1
	if at < 0 {
		return thing, false
	}
	for i := at; i >= 0; i-- {
		if s.things[i].by == by {
			at = i
			break
		}
	}
	thing = s.things[at].thing
	s.things = slices.Delete(s.things, at, at+1)
	return thing, true
}

func (s *shelf[T]) put(by int, thing T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.things) < s.most {
		s.things = append(s.things, shelved[T]{by, thing})
	}
}
