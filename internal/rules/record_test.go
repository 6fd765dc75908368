package rules

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/goshawk-ir/goshawk/sigma"
)

// record is an event as testdata writes it.
type record struct {
	Product  string         `yaml:"product"` // windows, if not given
	Service  string         `yaml:"service"`
	Channel  string         `yaml:"channel"`
	Provider string         `yaml:"provider"`
	EventID  int            `yaml:"event_id"`
	Host     string         `yaml:"host"`
	Time     time.Time      `yaml:"time"`
	Fields   map[string]any `yaml:"fields"`

	values [][]string // of each field of the schema
}

// cases is a file of testdata: of a detection rule it holds records, of a correlation sequences of records.
type cases[T any] struct {
	Match []T `yaml:"match"`
	Miss  []T `yaml:"miss"`
}

func readCases[T any](base string) (*cases[T], error) {
	data, err := os.ReadFile(filepath.Join("testdata", base))
	if err != nil {
		return nil, err
	}
	c := new(cases[T])
	if err := yaml.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("testdata/%s: %w", base, err)
	}
	if len(c.Match) == 0 || len(c.Miss) == 0 {
		return nil, errors.New("testdata/" + base + ": give at least one match and one miss")
	}
	return c, nil
}

// schema says of what shape r is, and prepares r's values.
func (r *record) schema() *sigma.Schema {
	s := &sigma.Schema{Product: cmp.Or(r.Product, "windows"), Service: r.Service, Channel: r.Channel, Provider: r.Provider}
	hostField := "hostname"
	if s.Product == "windows" {
		s.EventID, hostField = strconv.Itoa(r.EventID), "Computer"
	}
	fields := map[string][]string{hostField: {cmp.Or(r.Host, "WS01")}}
	for name, v := range r.Fields {
		fields[name] = texts(v)
	}
	for name := range fields {
		s.Fields = append(s.Fields, name)
	}
	slices.Sort(s.Fields)
	r.values = r.values[:0]
	for _, name := range s.Fields {
		r.values = append(r.values, fields[name])
	}
	return s
}

func texts(v any) (out []string) {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}

// AppendValues gives the values of a field to the engine.
func (r *record) AppendValues(dst *sigma.Values, field int) {
	for _, text := range r.values[field] {
		dst.End(append(dst.Buffer(), text...))
	}
}

// near says whether r is of the same channel, or log, and event id as other.
func (r *record) near(other *record) bool {
	return r.Channel == other.Channel && r.Service == other.Service && r.EventID == other.EventID
}
