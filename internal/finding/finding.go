// Package finding defines what goshawk says about evidence: a Finding names the rule that saw something, where,
// when, on which host, and every record that it rests on.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"sync"
	"time"
)

// Levels, weakest first, as Sigma names them.
var Levels = []string{"informational", "low", "medium", "high", "critical"}

// LevelRank returns the position of level in Levels, or 0 for a word that is none.
func LevelRank(level string) int {
	for i, l := range Levels {
		if l == level {
			return i
		}
	}
	return 0
}

// Finding is one statement about the evidence. Its JSON form is part of the contract.
type Finding struct {
	ID       string          `json:"id"` // the same in every run over the same evidence; of a hunt's findings, "" stands for NewID
	Time     time.Time       `json:"time,omitzero"`
	First    time.Time       `json:"first,omitzero"` // of the contributing records, where there are several
	Last     time.Time       `json:"last,omitzero"`
	Host     string          `json:"host,omitempty"`
	Level    string          `json:"level"`
	Title    string          `json:"title"`
	Rule     Rule            `json:"rule"`
	Attack   []string        `json:"attack,omitempty"` // ATT&CK technique ids, in the version that the case is stamped with
	Evidence []Evidence      `json:"evidence"`
	Count    int             `json:"count,omitempty"` // contributing records, where more than Evidence lists
	Channel  string          `json:"channel,omitempty"`
	EventID  uint32          `json:"event_id,omitempty"`
	Fields   json.RawMessage `json:"fields,omitempty"` // of the first record, as its evidence names them; for a correlation, its group
}

// Rule names what made a finding.
type Rule struct {
	Kind  string `json:"kind"` // sigma, correlation (also "sigma"), yara, ioc, tamper
	ID    string `json:"id"`
	Title string `json:"title"`
}

// Evidence is the place of one record.
type Evidence struct {
	Path      string    `json:"path"`
	SHA256    string    `json:"sha256,omitempty"`
	RecordID  *uint64   `json:"record_id,omitempty"`
	Offset    int64     `json:"offset"`
	Recovered bool      `json:"recovered"`
	Time      time.Time `json:"time,omitzero"` // the record's own, where it may differ from the finding's
}

// Identifier returns the finding's ID.
func (f *Finding) Identifier() string {
	if f.ID == "" {
		return NewID(f)
	}
	return f.ID
}

// NewID derives the identifier of f from its rule and the places of its evidence, so that it is the same in every run
// over the same evidence: the first 16 bytes of a SHA-256, in hexadecimal.
func NewID(f *Finding) string { return string(appendNewID(nil, f)) }

// appendNewID appends what NewID returns.
func appendNewID(dst []byte, f *Finding) []byte {
	m := idMakers.Get().(*idMaker)
	defer idMakers.Put(m)
	b := f.appendPlaces(m.buf[:0])
	sum := sha256.Sum256(b)
	if m.buf = b; cap(b) > maxIDBuf {
		m.buf = nil
	}
	return hex.AppendEncode(dst, sum[:idSize])
}

// idSize is how many bytes of the hash make an identifier.
const idSize = 16

// appendPlaces appends what an identifier is the hash of.
func (f *Finding) appendPlaces(b []byte) []byte {
	b = append(append(append(append(b, f.Rule.Kind...), '\n'), f.Rule.ID...), '\n')
	for i := range f.Evidence {
		e := &f.Evidence[i]
		b = append(append(append(append(b, e.Path...), 0), e.SHA256...), 0)
		b = append(strconv.AppendInt(b, e.Offset, 10), 0)
		b = append(strconv.AppendBool(b, e.Recovered), '\n')
	}
	return b
}

// idMaker is memory for making an identifier.
type idMaker struct{ buf []byte }

var idMakers = sync.Pool{New: func() any { return &idMaker{} }}

// maxIDBuf is how much of it is kept: findings over very many records are rare.
const maxIDBuf = 1 << 16
