package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/goshawk-ir/goshawk/internal/casefile"
)

// links knows where on the page things stand. A thing that is not shown has no link.
type links struct {
	m      *Model
	s      *selection
	groups map[*Group]string
	hosts  map[*Host]string
	files  map[fileKey]string
	used   map[fileKey]bool // files that shown findings rest on
}

type fileKey struct{ path, sha256 string }

// Bounds of what the page lists.
const (
	maxShownHosts = 200
	maxShownFiles = 800
)

func newLinks(m *Model, s *selection) *links {
	l := &links{m: m, s: s, groups: map[*Group]string{}, hosts: map[*Host]string{}, files: map[fileKey]string{}, used: map[fileKey]bool{}}
	for i, h := range m.Hosts {
		if i < maxShownHosts {
			l.hosts[h] = "host-" + strconv.Itoa(i+1)
		}
	}
	for i, g := range m.Groups {
		if len(s.groups[g]) > 0 && l.hosts[g.Host] != "" {
			l.groups[g] = "rule-" + strconv.Itoa(i+1)
		}
	}
	for g, found := range s.groups {
		if l.groups[g] == "" {
			continue
		}
		for _, f := range found {
			for _, e := range f.Places {
				l.used[fileKey{e.Path, e.SHA256}] = true
			}
		}
	}
	n := 0
	for _, f := range m.Evidence {
		if l.fileShown(f) && n < maxShownFiles {
			n++
			l.files[fileKey{f.Path, f.SHA256}] = "file-" + strconv.Itoa(n)
		}
	}
	for _, f := range m.Evidence {
		key := fileKey{f.Path, f.SHA256}
		if n < maxShownFiles && l.files[key] == "" {
			n++
			l.files[key] = "file-" + strconv.Itoa(n)
		}
	}
	return l
}

// fileShown says which files are listed first: those that findings rest on, and those that were not read in full.
func (l *links) fileShown(f *casefile.EvidenceFile) bool {
	return l.used[fileKey{f.Path, f.SHA256}] || f.Status == casefile.StatusPartly || f.Status == casefile.StatusUnreadable
}

// finding returns the anchor of a finding, "" if the page doesn't show it.
func (l *links) finding(id string) string {
	f := l.s.byID[id]
	if f == nil {
		return ""
	}
	return findingAnchor(id)
}

// findingAnchor names the place of a finding on the page. Every id that goshawk makes stands in it as it is; one out of a foreign
// case that would not do as an anchor is replaced by its hash.
func findingAnchor(id string) string {
	plain := len(id) <= 64
	for _, c := range []byte(id) {
		plain = plain && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-')
	}
	if !plain || id == "" {
		sum := sha256.Sum256([]byte(id))
		return "f-" + hex.EncodeToString(sum[:16])
	}
	return "f-" + id
}

// best returns the anchor of a finding, or of its group where the finding isn't shown.
func (l *links) best(g *Group, id string) string {
	if a := l.finding(id); a != "" && l.groups[g] != "" {
		return a
	}
	return l.groups[g]
}

// file returns the anchor of a file of evidence.
func (l *links) file(path, sha256 string) string { return l.files[fileKey{path, sha256}] }
