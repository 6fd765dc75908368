package report

import (
	"net/url"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// leastTrace is the level of findings from which on what they name may be the intruder's own.
const leastTrace = "medium"

// Traces returns the indicators of a case that another case of the same actor may show too: what the indicator list has without a note,
// named by a finding of medium level or more, less hashes of programs that every Windows has and names of the machines that were
// looked at.
func Traces(r *casefile.Reader) (attrib.Indicators, error) {
	set, own := newIndicatorSet(), names{}
	for f, err := range r.Findings() {
		if err != nil {
			return nil, err
		}
		own.add(f.Host)
		if finding.LevelRank(f.Level) >= finding.LevelRank(leastTrace) {
			set.add(f, nil, nil)
		}
	}
	for f, err := range r.Evidence() {
		if err != nil {
			return nil, err
		}
		for _, h := range f.Hosts {
			own.add(h.Name)
		}
	}
	indicators, _ := set.finish()
	return tracesOf(indicators, own), nil
}

func tracesOf(indicators []*Indicator, own names) attrib.Indicators {
	out := attrib.Indicators{} // attrib leaves out types that it doesn't compare
	for _, i := range indicators {
		if i.Note == "" && !i.windows && i.Rank >= finding.LevelRank(leastTrace) && !own.hold(i) {
			out[i.Type] = append(out[i.Type], i.Value)
		}
	}
	return out
}

// names are those of the machines that were looked at, and of their domains.
type names map[string]bool

// ownNames gathers the machines of the case.
func (m *Model) ownNames() names {
	own := names{}
	for _, h := range m.Hosts {
		own.add(h.Name)
	}
	for name := range m.EvidenceHosts {
		own.add(name)
	}
	return own
}

func (n names) add(host string) {
	host = strings.ToLower(host)
	if host == "" || len(n) >= 2*maxHosts {
		return
	}
	n[host] = true
	if _, domain, ok := strings.Cut(host, "."); ok && strings.Contains(domain, ".") {
		n[domain] = true
	}
}

// hold says whether an indicator is a name of the victim's own.
func (n names) hold(i *Indicator) bool {
	name := strings.ToLower(i.Value)
	switch i.Type {
	case "url":
		u, err := url.Parse(i.Value)
		if err != nil {
			return false
		}
		name = u.Hostname()
	case "email":
		name = name[strings.LastIndexByte(name, '@')+1:]
	case "domain":
	default:
		return false
	}
	for ; name != ""; _, name, _ = strings.Cut(name, ".") {
		if n[name] {
			return true
		}
	}
	return false
}
