package attrib

import (
	"fmt"
	"slices"
	"strings"
)

// object is what is wanted of a STIX object.
type object struct {
	kind, id, name     string
	gone               bool // revoked or deprecated
	relation, from, to string
	version            string
	aliases, tactics   []string
	attackID           string
	reports            []string
	prose              []byte            // as it stands in the bundle, which it is part of
	dates              map[string]string // of reports that are cited with one
}

// wantedKinds are the types of object that knowledge is made of; the others are stepped over.
var wantedKinds = map[string]bool{
	"intrusion-set": true, "campaign": true, "attack-pattern": true, "malware": true, "tool": true, "relationship": true,
	"x-mitre-collection": true,
}

// ReadBundle reads an ATT&CK bundle (STIX 2.0 or 2.1, of any version): identifiers, names, relationships, and the names and dates of
// their reports. Revoked and deprecated objects, and what hangs on them, are left out. No prose is kept; of the description of a group
// and of its campaigns only the sectors and countries of its victims, as our vocabulary has them.
func ReadBundle(data []byte) (*Table, error) {
	b := bundle{byID: map[string]*object{}, dates: map[string]string{}}
	found := false
	err := members(data, func(key, value []byte) error {
		if string(key) != "objects" {
			return nil
		}
		found = true
		return elements(value, b.add)
	})
	if err != nil {
		return nil, fmt.Errorf("read the ATT&CK bundle: %w", err)
	}
	if !found {
		return nil, fmt.Errorf("read the ATT&CK bundle: it has no list of objects, so it is no STIX bundle")
	}
	t := b.table()
	if len(t.Groups) == 0 || len(t.Techniques) == 0 {
		return nil, fmt.Errorf("read the ATT&CK bundle: %d groups and %d techniques that still stand; nothing can be ranked with it",
			len(t.Groups), len(t.Techniques))
	}
	return t, nil
}

type bundle struct {
	byID      map[string]*object
	relations []*object
	version   string
	dates     map[string]string
}

func (b *bundle) add(value []byte) error {
	o := &object{}
	if err := members(value, o.member); err != nil {
		return err
	}
	switch {
	case !wantedKinds[o.kind]:
	case o.kind == "x-mitre-collection":
		b.version = o.version
	case o.gone:
	case o.kind == "relationship":
		if o.relation == "uses" || o.relation == "attributed-to" {
			b.relations = append(b.relations, o)
			b.date(o)
		}
	case o.attackID != "":
		b.byID[o.id] = o
		b.date(o)
	}
	return nil
}

// date notes the dates of the reports that o cites; of two for one report the earlier.
func (b *bundle) date(o *object) {
	for report, date := range o.dates {
		b.dates[report] = earlier(b.dates[report], date)
	}
}

func (o *object) member(key, value []byte) error {
	switch string(key) {
	case "type":
		o.kind = plain(value)
	case "id":
		o.id = plain(value)
	case "name":
		o.name = plain(value)
	case "description":
		o.prose = value
	case "revoked", "x_mitre_deprecated":
		o.gone = o.gone || string(value) == "true"
	case "relationship_type":
		o.relation = plain(value)
	case "source_ref":
		o.from = plain(value)
	case "target_ref":
		o.to = plain(value)
	case "x_mitre_version":
		o.version = plain(value)
	case "aliases", "x_mitre_aliases":
		return elements(value, func(v []byte) error { o.aliases = append(o.aliases, plain(v)); return nil })
	case "kill_chain_phases":
		return elements(value, o.phase)
	case "external_references":
		return elements(value, o.reference)
	}
	return nil
}

func (o *object) phase(value []byte) error {
	chain, phase := "", ""
	err := members(value, func(key, v []byte) error {
		switch string(key) {
		case "kill_chain_name":
			chain = plain(v)
		case "phase_name":
			phase = plain(v)
		}
		return nil
	})
	if strings.HasPrefix(chain, "mitre-") && phase != "" {
		o.tactics = append(o.tactics, phase)
	}
	return err
}

func (o *object) reference(value []byte) error {
	source, id, date := "", "", ""
	err := members(value, func(key, v []byte) error {
		switch string(key) {
		case "source_name":
			source = plain(v)
		case "external_id":
			id = plain(v)
		case "description":
			date = citedDate(plain(v))
		}
		return nil
	})
	switch {
	case strings.HasPrefix(source, "mitre-") && id != "" && o.attackID == "":
		o.attackID = id
	case source != "" && !strings.HasPrefix(source, "mitre-"):
		o.reports = append(o.reports, source)
		if date != "" {
			if o.dates == nil {
				o.dates = map[string]string{}
			}
			o.dates[source] = earlier(o.dates[source], date)
		}
	}
	return err
}

// table puts the objects together: what campaigns used counts for the groups that they are attributed to.
func (b *bundle) table() *Table {
	t := &Table{Version: b.version, Dates: b.dates}
	for _, o := range b.byID {
		switch o.kind {
		case "intrusion-set":
			t.Groups = append(t.Groups, Entry{ID: o.attackID, Name: o.name, Aliases: o.aliases, Reports: o.reports, Victims: victimsIn(plain(o.prose))})
		case "attack-pattern":
			t.Techniques = append(t.Techniques, Entry{ID: o.attackID, Name: o.name, Aliases: o.tactics})
		case "malware", "tool":
			t.Software = append(t.Software, Entry{ID: o.attackID, Name: o.name, Aliases: o.aliases, Reports: o.reports})
		}
	}
	actors, victims := map[string][]string{}, map[string][]Victims{}
	for _, r := range b.relations {
		from, to := b.byID[r.from], b.byID[r.to]
		if r.relation == "attributed-to" && from != nil && to != nil && from.kind == "campaign" && to.kind == "intrusion-set" {
			actors[r.from] = append(actors[r.from], to.attackID)
			victims[to.attackID] = append(victims[to.attackID], victimsIn(plain(from.prose)))
		}
	}
	for i := range t.Groups {
		for _, of := range victims[t.Groups[i].ID] {
			t.Groups[i].Victims.join(of)
		}
	}
	for _, r := range b.relations {
		from, to := b.byID[r.from], b.byID[r.to]
		if r.relation != "uses" || from == nil || to == nil || to.kind == "intrusion-set" || to.kind == "campaign" {
			continue
		}
		users := []string{from.attackID}
		if by := actors[r.from]; len(by) > 0 {
			users = by
		}
		for _, user := range users {
			t.Uses = append(t.Uses, Use{By: user, What: to.attackID, Reports: r.reports})
		}
	}
	t.sort()
	return t
}

// sort puts a table in an order that its bundle's doesn't show in.
func (t *Table) sort() {
	for _, list := range [][]Entry{t.Groups, t.Techniques, t.Software} {
		slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
		for i := range list {
			list[i].Reports = tidy(list[i].Reports)
		}
	}
	for i := range t.Uses {
		t.Uses[i].Reports = tidy(t.Uses[i].Reports)
	}
	slices.SortFunc(t.Uses, func(a, b Use) int {
		if c := strings.Compare(a.By, b.By); c != 0 {
			return c
		}
		if c := strings.Compare(a.What, b.What); c != 0 {
			return c
		}
		return slices.Compare(a.Reports, b.Reports)
	})
}

// tidy sorts names and takes out those that stand twice.
func tidy(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
