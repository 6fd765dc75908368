package sigma

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func BenchmarkReadEngine(b *testing.B) {
	shared(b, "sigma/rules")
	c, _ := corpusRules()
	e, _ := Compile(c, Options{})
	data, _ := e.AppendBinary(nil)
	text := string(data)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadEngine(text); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(data)), "bytes")
}

func TestStoreSigmaHQ(t *testing.T) {
	shared(t, "sigma/rules")
	c, _ := corpusRules()
	e, _ := Compile(c, Options{})
	sameStored(t, e)
}

// sameStored compares an engine with what is read of its stored form.
func sameStored(t *testing.T, e *Engine) *Engine {
	t.Helper()
	data, err := e.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadEngine(string(data))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := got.AppendBinary(nil)
	if string(again) != string(data) {
		t.Error("stored again, the engine that was read is another")
	}
	if !reflect.DeepEqual(e.compiled, got.compiled) {
		t.Error("DeepEqual")
	}
	return got
}

var storedOptions = []cmp.Option{cmpopts.EquateEmpty()}
