package heap

// Written returns n zeros, in memory that has been written to. Where somebody reads fresh memory before writing to it, as who looks for a free
// place in a table does, the system first shows it one page of zeros for all, and brings a page of its own after that: two faults
// instead of one, and at the second all processors of the program are interrupted. It is for what will be written to everywhere.
func Written[T any](n int) []T {
	s := make([]T, n)
	clear(s)
	return s
}
