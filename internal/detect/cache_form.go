package detect

import (
	"encoding/binary"

	"github.com/goshawk-ir/goshawk/internal/bin"
	"github.com/goshawk-ir/goshawk/sigma"
)

// appendRules appends what a cache keeps of rules: the length of the report, the report, the engine.
func appendRules(dst []byte, engine *sigma.Engine, report *Report) ([]byte, error) {
	at := len(dst)
	dst = appendReport(binary.LittleEndian.AppendUint32(dst, 0), report)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return engine.AppendBinary(dst)
}

// decodeRules reads what appendRules wrote; nil for anything else.
func decodeRules(text string) (*sigma.Engine, *Report) {
	if len(text) < 4 {
		return nil, nil
	}
	n := int64(binary.LittleEndian.Uint32([]byte(text[:4])))
	if n > int64(len(text)-4) {
		return nil, nil
	}
	report := decodeReport([]byte(text[4 : 4+n]))
	engine, err := sigma.ReadEngine(text[4+n:])
	if err != nil || report == nil {
		return nil, nil
	}
	return engine, report
}

// A report is a list of sets and a list of problems. Numbers have 32 bits, a text has its length before it.

func appendReport(dst []byte, r *Report) []byte {
	number := func(n int) { dst = binary.LittleEndian.AppendUint32(dst, uint32(n)) }
	text := func(s string) {
		number(len(s))
		dst = append(dst, s...)
	}
	number(len(r.Sets))
	for _, s := range r.Sets {
		text(s.Name)
		text(s.SHA256)
		number(s.Rules)
		number(s.Correlations)
		number(s.Filters)
		number(s.Refused)
	}
	number(len(r.Problems))
	for _, p := range r.Problems {
		text(p.Path)
		number(p.Line)
		number(p.Column)
		text(p.Msg)
		text(p.Hint)
		warning := 0
		if p.Warning {
			warning = 1
		}
		number(warning)
	}
	return dst
}

// decodeReport reads a report; nil if it is none.
func decodeReport(data []byte) *Report {
	c := bin.NewCursor(data, 0)
	number := func() int { return int(c.U32()) }
	text := func() string { return string(c.Bytes(number())) }
	r := &Report{}
	for n := number(); n > 0 && c.Err() == nil; n-- {
		r.Sets = append(r.Sets, RuleSet{
			Name: text(), SHA256: text(), Rules: number(), Correlations: number(), Filters: number(), Refused: number(),
		})
	}
	for n := number(); n > 0 && c.Err() == nil; n-- {
		r.Problems = append(r.Problems, Problem{
			Path: text(), Line: number(), Column: number(), Msg: text(), Hint: text(), Warning: number() != 0,
		})
	}
	if c.Err() != nil || c.Left() != 0 {
		return nil
	}
	return r
}
