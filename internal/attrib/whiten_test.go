package attrib

import (
	"math"
	"testing"
)

// TestSolve holds the solution by conjugate gradients against the system that it solves.
func TestSolve(t *testing.T) {
	k := embeddedRanker(t).k
	b := make([]float64, len(k.full.mean))
	for i := range b {
		b[i] = math.Sin(float64(i))
	}
	x, back := k.solve(&k.full, b), make([]float64, len(b))
	k.product(&k.full, x, back)
	for i := range b {
		if math.Abs(back[i]-b[i]) > 1e-5 {
			t.Fatalf("column %d: %v, want %v", i, back[i], b[i])
		}
	}
}

// TestCholesky holds the solution of a small system.
func TestCholesky(t *testing.T) {
	x := cholesky([][]float64{{4, 0, 0}, {2, 5, 0}, {1, 2, 6}}, []float64{7, 9, 9})
	for i, want := range []float64{1, 1, 1} {
		if math.Abs(x[i]-want) > 1e-9 {
			t.Errorf("x[%d] is %v, want %v", i, x[i], want)
		}
	}
}
