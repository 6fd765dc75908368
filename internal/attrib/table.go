package attrib

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // for the table
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// EmbeddedVersion is the version of ATT&CK that the embedded table was made from.
const EmbeddedVersion = "18.1"

//go:generate go run ./gen -bundle ../../.shared/attack/enterprise-attack.json -out table.tsv.gz

//go:embed table.tsv.gz
var tableGZ []byte

// Table is what is known before it is put in order: who used what, according to which reports.
type Table struct {
	Version                      string // of ATT&CK, "" if the bundle doesn't say
	Groups, Techniques, Software []Entry
	Uses                         []Use
	Dates                        map[string]string // of reports, as far as they are known: 2020, 2020-08 or 2020-08-17
}

// Entry is a group, a technique or a software.
type Entry struct {
	ID, Name string
	Aliases  []string // of a technique: its tactics
	Reports  []string // that its own page cites
	Victims  Victims  // of a group: whom its page says it goes for
}

// Use says that a group, a campaign of no known group, or a software uses a technique or a software.
type Use struct {
	By, What string
	Reports  []string
}

const tableHead = "# Made by gen; don't edit. (c) The MITRE Corporation; see NOTICE."

// maxTable bounds what the embedded table unpacks to.
const maxTable = 16 << 20

// Embedded returns the table that the program carries. The caller must not change it.
var Embedded = sync.OnceValues(func() (*Table, error) {
	z, err := gzip.NewReader(bytes.NewReader(tableGZ))
	if err != nil {
		return nil, fmt.Errorf("unpack the embedded table: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxTable))
	if err != nil {
		return nil, fmt.Errorf("unpack the embedded table: %w", err)
	}
	return readTable(string(data))
})

// Write writes t as lines of tabbed fields: R a report's name and date; G, T and S an entry (identifier, name, aliases, reports by number, and
// for a G the sectors and countries of victims); U a use (by, what, reports by number).
func (t *Table) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\nV\t%s\n", tableHead, t.Version)
	number := map[string]int{}
	numbers := func(reports []string) string {
		var out []string
		for _, r := range reports {
			n, ok := number[r]
			if !ok {
				n = len(number)
				number[r] = n
				fmt.Fprintf(b, "R\t%s\t%s\n", flat(r), t.Dates[r])
			}
			out = append(out, strconv.Itoa(n))
		}
		return strings.Join(out, ",")
	}
	for _, list := range []struct {
		kind    string
		entries []Entry
	}{{"G", t.Groups}, {"T", t.Techniques}, {"S", t.Software}} {
		for _, e := range list.entries {
			reports := numbers(e.Reports)
			fmt.Fprintf(b, "%s\t%s\t%s\t%s\t%s", list.kind, e.ID, flat(e.Name), flat(strings.Join(e.Aliases, "|")), reports)
			if list.kind == "G" {
				fmt.Fprintf(b, "\t%s\t%s", strings.Join(e.Victims.Sectors, ","), strings.Join(e.Victims.Countries, ","))
			}
			fmt.Fprintln(b)
		}
	}
	for _, u := range t.Uses {
		reports := numbers(u.Reports)
		fmt.Fprintf(b, "U\t%s\t%s\t%s\n", u.By, u.What, reports)
	}
	return b.Flush()
}

// flat takes what separates fields and lines out of a name.
func flat(name string) string {
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(name)
}

func codesIn(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func readTable(text string) (*Table, error) {
	t := &Table{Dates: map[string]string{}}
	var reports []string
	named := func(list string) (out []string) {
		for n := range strings.SplitSeq(list, ",") {
			if i, err := strconv.Atoi(n); err == nil && i >= 0 && i < len(reports) {
				out = append(out, reports[i])
			}
		}
		return out
	}
	line := 0
	for row := range strings.Lines(text) {
		line++
		f := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		switch {
		case strings.HasPrefix(row, "#"):
		case f[0] == "V" && len(f) == 2:
			t.Version = f[1]
		case f[0] == "R" && (len(f) == 2 || len(f) == 3):
			reports = append(reports, f[1])
			if len(f) == 3 && dateYear(f[2]) != 0 {
				t.Dates[f[1]] = f[2]
			}
		case f[0] == "U" && len(f) == 4:
			t.Uses = append(t.Uses, Use{By: f[1], What: f[2], Reports: named(f[3])})
		case len(f) == 5, len(f) == 7 && f[0] == "G":
			e := Entry{ID: f[1], Name: f[2], Reports: named(f[4])}
			if f[3] != "" {
				e.Aliases = strings.Split(f[3], "|")
			}
			if len(f) == 7 {
				e.Victims = Victims{Sectors: codesIn(f[5]), Countries: codesIn(f[6])}
			}
			switch f[0] {
			case "G":
				t.Groups = append(t.Groups, e)
			case "T":
				t.Techniques = append(t.Techniques, e)
			case "S":
				t.Software = append(t.Software, e)
			}
		default:
			return nil, fmt.Errorf("read the table, line %d: not a line of its form", line)
		}
	}
	return t, nil
}
