package attrib

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// nobody stands for the group of a campaign that is attributed to none.
const nobody = -1

// Knowledge is what reports say that groups used, in the form in which cases are compared with it. It is not changed after it
// was made, and may be used by several goroutines.
type Knowledge struct {
	version      string
	groups       []Entry
	techniques   []Entry
	software     []Entry
	tactics      []string // names; tacticsOf holds positions in it
	tacticsOf    [][]int
	tacticWeight []int // of each tactic: its position in tacticOrder, or -1
	parents      []string
	parentOf     []int
	groupAt      map[string]int
	itemAt       map[string]int // techniques first, then software

	witnesses []witness
	byReport  map[string][]int // positions of witnesses
	softTechs [][]int          // techniques of each software
	onlyBy    map[string][][2]int
	together  []pairing            // report by report: software and groups that it speaks of both
	pairsOf   map[string][]pairing // the same by report
	dates     map[string]string    // of reports, as texts
	firstDate float64              // of any witness, and the last: years with their fraction
	lastDate  float64
	full      counts // with nothing left out

	victims []Victims  // of each group, and below, what learned cases say beside techniques and software
	hit     [][]string // learned cases of each group that name victims
	lessons [][]lesson
	traces  map[trace]*traced
	learned int // cases
}

// witness is one report on one group: what it says that the group used.
type witness struct {
	group               int
	report              string
	when                float64 // the year and its fraction in which it was written, 0 if not known
	techs, soft, parent []int
	copyOf              int // the witness that says the same, or -1; a copy is not counted while that one stands
}

// pairing says that a report speaks of a group and of a software, with a weight that is small where it speaks of many.
type pairing struct {
	group, soft int
	weight      float64
}

// nearlySame is how much of what two reports on a group say must be the same (Jaccard) for them to count as one, if they say no less
// than fewestForCopy things.
const (
	nearlySame    = 0.9
	fewestForCopy = 5
)

// NewKnowledge puts a table, and cases of one's own, in order.
func NewKnowledge(t *Table, local ...LocalCase) *Knowledge {
	k := &Knowledge{
		version: t.Version, groups: slices.Clone(t.Groups), techniques: t.Techniques, software: t.Software,
		groupAt: map[string]int{}, itemAt: map[string]int{}, byReport: map[string][]int{},
		onlyBy: map[string][][2]int{}, pairsOf: map[string][]pairing{}, dates: datesWith(t.Dates, local),
	}
	k.number(local)
	k.testify(t, local)
	k.markCopies()
	k.implications(t)
	k.pair(t)
	k.full = k.count(nil)
	k.heed(local)
	return k
}

// localReport is the report that a case of one's own counts as.
func localReport(c *LocalCase) string { return "local: " + c.Name }

// datesWith adds the dates of cases of one's own to those of reports.
func datesWith(dates map[string]string, local []LocalCase) map[string]string {
	if len(local) == 0 {
		return dates
	}
	all := map[string]string{} // the table's own stay as they are
	maps.Copy(all, dates)
	for i := range local {
		if c := &local[i]; dateYear(c.When) != 0 {
			all[localReport(c)] = c.When
		}
	}
	return all
}

// number gives every group, technique and software its position.
func (k *Knowledge) number(local []LocalCase) {
	for i, g := range k.groups {
		k.groupAt[g.ID] = i
	}
	for _, c := range local {
		if _, ok := k.groupAt[c.Group]; !ok {
			k.groupAt[c.Group] = len(k.groups)
			k.groups = append(k.groups, Entry{ID: c.Group, Name: cmp.Or(c.GroupName, c.Group)})
		}
	}
	parents, tactics := map[string]int{}, map[string]int{}
	for i, t := range k.techniques {
		k.itemAt[t.ID] = i
		parent, _, _ := strings.Cut(t.ID, ".")
		if _, ok := parents[parent]; !ok {
			parents[parent] = len(k.parents)
			k.parents = append(k.parents, parent)
		}
		k.parentOf = append(k.parentOf, parents[parent])
		var of []int
		for _, name := range t.Aliases {
			if _, ok := tactics[name]; !ok {
				tactics[name] = len(k.tactics)
				k.tactics = append(k.tactics, name)
			}
			of = append(of, tactics[name])
		}
		k.tacticsOf = append(k.tacticsOf, of)
	}
	k.tacticWeight = make([]int, len(k.tactics))
	for i, name := range k.tactics {
		if name == "stealth" || name == "defense-impairment" {
			name = "defense-evasion" // which version 19 split
		}
		k.tacticWeight[i] = slices.Index(tacticOrder, name)
	}
	for i, s := range k.software {
		k.itemAt[s.ID] = len(k.techniques) + i
	}
}

// testify makes the witnesses: each report on each group is one.
func (k *Knowledge) testify(t *Table, local []LocalCase) {
	type key struct{ by, report string }
	said := map[key]map[int]bool{}
	say := func(by, report string, item int) {
		w := said[key{by, report}]
		if w == nil {
			w = map[int]bool{}
			said[key{by, report}] = w
		}
		w[item] = true
	}
	for _, u := range t.Uses {
		item, ok := k.itemAt[u.What]
		if !ok || strings.HasPrefix(u.By, "S") {
			continue
		}
		reports := u.Reports
		if len(reports) == 0 {
			reports = []string{""}
		}
		for _, r := range reports {
			say(u.By, r, item)
		}
	}
	for i := range local {
		c := &local[i]
		for _, id := range slices.Concat(c.Techniques, c.Software) {
			if item, ok := k.itemAt[k.Canonical(id)]; ok {
				say(c.Group, localReport(c), item)
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(said), func(a, b key) int {
		return cmp.Or(strings.Compare(a.by, b.by), strings.Compare(a.report, b.report))
	})
	for _, at := range keys {
		group, ok := k.groupAt[at.by]
		if !ok {
			group = nobody
		}
		k.byReport[at.report] = append(k.byReport[at.report], len(k.witnesses))
		w := k.newWitness(group, at.report, slices.Sorted(maps.Keys(said[at])))
		if w.when = dateYear(k.dates[at.report]); w.when != 0 {
			k.firstDate, k.lastDate = math.Min(cmp.Or(k.firstDate, w.when), w.when), math.Max(k.lastDate, w.when)
		}
		k.witnesses = append(k.witnesses, w)
	}
}

func (k *Knowledge) newWitness(group int, report string, items []int) witness {
	w := witness{group: group, report: report, copyOf: -1}
	for _, item := range items {
		if item < len(k.techniques) {
			w.techs = append(w.techs, item)
			w.parent = append(w.parent, k.parentOf[item])
		} else {
			w.soft = append(w.soft, item-len(k.techniques))
		}
	}
	slices.Sort(w.parent)
	w.parent = slices.Compact(w.parent)
	return w
}

// markCopies finds the reports on a group that say what another one says already.
func (k *Knowledge) markCopies() {
	for i := range k.witnesses {
		b := &k.witnesses[i]
		size := len(b.techs) + len(b.soft)
		if b.group == nobody || size < fewestForCopy {
			continue
		}
		for j := i - 1; j >= 0 && k.witnesses[j].group == b.group; j-- {
			a := &k.witnesses[j]
			if a.copyOf >= 0 {
				continue
			}
			both := shared(a.techs, b.techs) + shared(a.soft, b.soft)
			if float64(both) >= nearlySame*float64(size+len(a.techs)+len(a.soft)-both) {
				b.copyOf = j
				break
			}
		}
	}
}

// shared counts what two sorted lists have in common.
func shared(a, b []int) int {
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n++
			i++
			j++
		}
	}
	return n
}

// implications notes which techniques each software has, and which report alone says so.
func (k *Knowledge) implications(t *Table) {
	sets := make([]map[int]bool, len(k.software))
	only := map[[2]int]string{}
	for _, u := range t.Uses {
		tech, ok := k.itemAt[u.What]
		by, isSoft := k.itemAt[u.By]
		if !ok || !isSoft || tech >= len(k.techniques) || by < len(k.techniques) {
			continue
		}
		s := by - len(k.techniques)
		if sets[s] == nil {
			sets[s] = map[int]bool{}
		}
		at := [2]int{s, tech}
		switch {
		case len(u.Reports) == 1 && (!sets[s][tech] || only[at] == u.Reports[0]):
			only[at] = u.Reports[0]
		default:
			only[at] = ""
		}
		sets[s][tech] = true
	}
	k.softTechs = make([][]int, len(k.software))
	for s, set := range sets {
		k.softTechs[s] = slices.Sorted(maps.Keys(set))
	}
	for at, report := range only {
		if report != "" {
			k.onlyBy[report] = append(k.onlyBy[report], at)
		}
	}
}

// pair finds the reports that speak both of a group and of a software: that they stand in one report ties them, if loosely, even
// where no relationship does.
func (k *Knowledge) pair(t *Table) {
	groups, soft := map[string]map[int]bool{}, map[string]map[int]bool{}
	note := func(in map[string]map[int]bool, report string, n int) {
		if in[report] == nil {
			in[report] = map[int]bool{}
		}
		in[report][n] = true
	}
	for _, u := range t.Uses {
		by, isSoft := k.itemAt[u.By]
		g, isGroup := k.groupAt[u.By]
		for _, r := range u.Reports {
			switch {
			case isSoft && by >= len(k.techniques):
				note(soft, r, by-len(k.techniques))
			case isGroup:
				note(groups, r, g)
			}
		}
	}
	for i, g := range k.groups {
		for _, r := range g.Reports {
			note(groups, r, i)
		}
	}
	for i, s := range k.software {
		for _, r := range s.Reports {
			note(soft, r, i)
		}
	}
	for _, r := range slices.Sorted(maps.Keys(groups)) {
		weight := 1 / float64(len(groups[r])) / math.Sqrt(math.Max(1, float64(len(soft[r]))))
		for _, s := range slices.Sorted(maps.Keys(soft[r])) {
			for _, g := range slices.Sorted(maps.Keys(groups[r])) {
				k.pairsOf[r] = append(k.pairsOf[r], pairing{g, s, weight})
			}
		}
		k.together = append(k.together, k.pairsOf[r]...)
	}
}
