package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/casefile"
)

// maxEvidence bounds the files of evidence that a Model holds.
const maxEvidence = 4_000

// maxFileProblems bounds the problems of one file that a Model holds.
const maxFileProblems = 20

// readEvidence keeps the files that were not read in full, and as many of the others as there is room for.
func (m *Model) readEvidence(r *casefile.Reader) error {
	m.EvidenceHosts = map[string]*casefile.HostStat{}
	var whole []*casefile.EvidenceFile
	for f, err := range r.Evidence() {
		if err != nil {
			return err
		}
		m.addRecords(f)
		m.addKind(f)
		f.Hosts = nil
		f.Problems = f.Problems[:min(len(f.Problems), maxFileProblems)]
		switch {
		case f.Status != casefile.StatusRead && len(m.Evidence) < maxEvidence:
			m.Evidence = append(m.Evidence, f)
		case len(whole) < maxEvidence:
			whole = append(whole, f)
		default:
			m.LostEvidence++
		}
	}
	slices.SortFunc(m.Kinds, func(a, b KindCount) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), strings.Compare(a.Parser, b.Parser))
	})
	room := min(len(whole), maxEvidence-len(m.Evidence))
	m.LostEvidence += int64(len(whole) - room)
	slices.SortStableFunc(m.Evidence, func(a, b *casefile.EvidenceFile) int {
		return cmp.Or(cmp.Compare(statusRank(a.Status), statusRank(b.Status)), strings.Compare(a.Path, b.Path))
	})
	m.Evidence = append(m.Evidence, whole[:room]...)
	return nil
}

func (m *Model) addRecords(f *casefile.EvidenceFile) {
	for _, s := range f.Hosts {
		s.Name = clipBytes(s.Name, maxHostName)
		have := m.EvidenceHosts[s.Name]
		if have == nil {
			if len(m.EvidenceHosts) >= maxHosts {
				continue
			}
			have = &casefile.HostStat{Name: s.Name}
			m.EvidenceHosts[s.Name] = have
		}
		have.Records += s.Records
		have.First, have.Last = widen(have.First, have.Last, s.First)
		have.First, have.Last = widen(have.First, have.Last, s.Last)
	}
}

func (m *Model) addKind(f *casefile.EvidenceFile) {
	if f.Parser == "" {
		return
	}
	i := slices.IndexFunc(m.Kinds, func(k KindCount) bool { return k.Parser == f.Parser })
	if i < 0 {
		i = len(m.Kinds)
		m.Kinds = append(m.Kinds, KindCount{Parser: f.Parser})
	}
	m.Kinds[i].Files++
	m.Kinds[i].Records += f.Records + f.Recovered
}

// statusRank puts what was lost before what is merely of no known kind.
func statusRank(status string) int {
	switch status {
	case casefile.StatusPartly:
		return 0
	case casefile.StatusUnreadable:
		return 1
	case casefile.StatusNotParsed:
		return 2
	}
	return 3
}
