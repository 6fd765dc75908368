package pipeline

import "testing"

func TestShelf(t *testing.T) {
	s := shelf[string]{most: 3}
	if _, ok := s.get(0); ok {
		t.Error("an empty shelf has something")
	}
	for i, thing := range []string{"a", "b", "c", "too many"} {
		s.put(i%2, thing)
	}
	for _, want := range []string{"c", "a", "b"} { // the last of its own, then those of others
		if got, ok := s.get(0); !ok || got != want {
			t.Errorf("got %q, %v, want %q", got, ok, want)
		}
	}
	if got, ok := s.get(1); ok {
		t.Errorf("%q is left", got)
	}
}
