package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

func TestExtract(t *testing.T) {
	tests := []struct {
		name, value string
		want        []string
	}{
		{"CommandLine", `mshta hxxps://a.bad-site[.]net/x?y=1.`, []string{"url https://a.bad-site.net/x?y=1", "domain a.bad-site.net"}},
		{"CommandLine", `ping 203.0.113.9 && ping 8.8.8.8`, []string{"ipv4 203.0.113.9", "ipv4 8.8.8.8"}},
		{"CommandLine", `tool v1.2.3.4 and 1.2.3.4.5 and 999.1.1.1`, nil},
		{"FileVersion", `10.0.1.2`, nil},
		{"IpAddress", `::ffff:198.51.100.4`, []string{"ipv4 198.51.100.4"}},
		{"IpAddress", `2001:DB8::1`, []string{"ipv6 2001:db8::1"}},
		{"IpAddress", `-`, nil},
		{"IpAddress", `0.0.0.0`, nil},
		{"DestinationIp", `[fe80::1%12]`, []string{"ipv6 fe80::1"}},
		{"CommandLine", `curl http://198.51.100.7:8080/a`, []string{"url http://198.51.100.7:8080/a", "ipv4 198.51.100.7"}},
		{"QueryName", `Cdn.Example.COM.`, []string{"domain cdn.example.com"}},
		{"QueryName", `localhost`, nil},
		{"CommandLine", `open report.docx and setup.py`, nil},
		{"Hashes", `MD5=0123456789ABCDEF0123456789ABCDEF,SHA1=00000000000000000000000000000000000000FF`, []string{"md5 0123456789abcdef0123456789abcdef", "sha1 00000000000000000000000000000000000000ff"}},
		{"Hashes", `MD5=00000000000000000000000000000000`, nil},
		{"CommandLine", `rundll32 C:\Users\a b\x.dat,Start "D:\t\y.ps1"`, []string{`path C:\Users\a b\x.dat`, `path D:\t\y.ps1`}},
		{"TargetFilename", `C:\Windows\Prefetch\A.EXE-12AB34CD.pf`, []string{`path C:\Windows\Prefetch\A.EXE-12AB34CD.pf`}},
		{"ImagePath", `C:\a\svc.exe -k netsvcs`, []string{`path C:\a\svc.exe`}},
		{"exe", `/usr/bin/curl`, nil},
		{"Image", `/tmp/.x/curl`, []string{"path /tmp/.x/curl"}},
		{"TargetUserName", `ada`, []string{"account ada"}},
		{"User", `HALDEN\ada`, []string{`account HALDEN\ada`}},
		{"TargetUserName", `-`, nil},
		{"CommandLine", `powercat -c www.bad-site.com -p 80; nslookup x.y.top.`, []string{"domain www.bad-site.com", "domain x.y.top"}},
		{"CommandLine", `System.Net.Sockets a.b.com.txt C:\x.y.com com.vendor.app command.com u@a.b.com`, []string{`path C:\x.y.com com.vendor.app command.com u@a.b.com`, "email u@a.b.com"}[1:]},
		{"Message", `mail to Ada.L@Example.com now`, []string{"email ada.l@example.com"}},
	}
	for _, test := range tests {
		var got []string
		for _, k := range extract(field{test.name, test.value}) {
			got = append(got, k.kind+" "+k.value)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", test.name, test.value, diff)
		}
	}
}

func TestNotes(t *testing.T) {
	for _, test := range [][3]string{
		{"ipv4", "10.1.2.3", "private"}, {"ipv4", "172.32.0.1", ""}, {"ipv4", "100.64.1.1", "shared address space"}, {"ipv4", "203.0.113.5", "documentation"},
		{"ipv4", "8.8.8.8", "well-known: public DNS resolver"}, {"ipv6", "fe80::1", "link-local"}, {"ipv6", "2a00:1450::1", ""},
		{"domain", "ctldl.windowsupdate.com", "well-known: Windows or Microsoft service"}, {"domain", "x.blob.core.windows.net", ""}, {"domain", "windowsupdate.com.evil.net", ""},
		{"domain", "dc01.corp", "private"}, {"domain", "www.example.com", "documentation"}, {"md5", "d41d8cd98f00b204e9800998ecf8427e", "well-known: hash of an empty file"},
		{"path", `C:\Windows\System32\cmd.exe`, "part of Windows"}, {"path", `C:\Windows\Temp\cmd.exe`, ""}, {"path", `C:\Windows\System32\nlhelper.cat`, ""},
		{"account", `NT AUTHORITY\SYSTEM`, "built-in account"}, {"account", "DC01$", "machine account"}, {"account", "ada", ""}, {"account", `BUILTIN\Administrators`, "built-in account"}, {"url", "https://go.microsoft.com/x", "well-known: Windows or Microsoft service"}, {"url", "http://10.0.0.1/x", "private"},
	} {
		if got := noteOf(indicatorKey{test[0], test[1]}); got != test[2] {
			t.Errorf("%s %s: note %q, want %q", test[0], test[1], got, test[2])
		}
	}
}

// scoreOf rates a host with groups of the given levels and techniques ("high T1059").
func scoreOf(groups ...string) float64 {
	h := &Host{}
	for i, g := range groups {
		level, technique, _ := strings.Cut(g, " ")
		group := &Group{Host: h, Level: level, Title: fmt.Sprint(i), Count: 1, Rule: finding.Rule{ID: fmt.Sprint(i)}}
		if technique != "" {
			group.Attack = []string{technique}
		}
		h.Groups = append(h.Groups, group)
	}
	h.rate()
	return h.Score
}

func TestScore(t *testing.T) {
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: score %v, want %v", name, got, want)
		}
	}
	near("nothing", scoreOf(), 0)
	near("one_high", scoreOf("high T1"), 30)
	near("two_kinds", scoreOf("high T1", "high T2"), 100*(1-0.7*0.7))
	near("same_technique", scoreOf("high T1", "high T1"), 100*(1-0.7*0.85))
	near("order", scoreOf("low T1", "critical T1"), scoreOf("critical T1", "low T1"))
	near("no_technique", scoreOf("high", "high"), 100*(1-0.7*0.7))
	many := []string{}
	for i := range 100 {
		many = append(many, fmt.Sprintf("high T%d", i/50))
	}
	if s := scoreOf(many...); s > 100*(1-math.Pow(0.7*0.85*0.925*0.9625*0.98, 2))+6 {
		t.Errorf("100 rules of two techniques score %v: repeats must not win", s)
	}
	weak := make([]string, 12)
	for i := range weak {
		weak[i] = fmt.Sprintf("medium T%d", i)
	}
	if scoreOf(weak...) <= scoreOf("critical T1") {
		t.Error("twelve weak signals of different kinds count for less than one critical one")
	}
	info := make([]string, 60)
	for i := range info {
		info[i] = fmt.Sprintf("informational T%d", i)
	}
	if s := scoreOf(info...); s > 10 {
		t.Errorf("60 informational rules score %v", s)
	}
}

// TestSorter sorts with and without spilling to disk: the same rows in the same order.
func TestSorter(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	small, large := &sorter{dir: t.TempDir(), limit: 700}, &sorter{dir: t.TempDir()}
	defer small.close()
	defer large.close()
	var want []string
	for i := range 2000 {
		key := random.Int64N(100) - 50
		want = append(want, fmt.Sprintf("%04d %06d\n", key+50, i))
		for _, s := range []*sorter{small, large} {
			if err := s.add(key, []byte(want[i])); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(want)
	for name, s := range map[string]*sorter{"spilled": small, "in_memory": large} {
		var b bytes.Buffer
		if err := s.writeTo(&b); err != nil {
			t.Fatal(err)
		}
		if b.String() != strings.Join(want, "") {
			t.Errorf("%s, seed %d: rows are out of order", name, seed)
		}
	}
	if len(small.runs) < 10 || len(large.runs) > 0 {
		t.Errorf("%d and %d runs on disk: the limit has no effect", len(small.runs), len(large.runs))
	}
}

// referenceFields reads fields as encoding/json does.
func referenceFields(text []byte) []field {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var all []field
	for d.More() && len(all) < maxFields {
		name, _ := d.Token()
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return all
		}
		value := string(raw)
		var s string
		var list []string
		switch {
		case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
			value = s
		case raw[0] == '[' && json.Unmarshal(raw, &list) == nil:
			value = strings.Join(list, ", ")
		case raw[0] == 'n':
			value = ""
		}
		all = append(all, field{name.(string), value})
	}
	return all
}

func FuzzFields(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":"b"}`, ` { "a" : 1 , "b" : [ "x" , "y" ] } `, `{"a":null,"b":true,"c":-1.5e3}`, `{"a\n":"\u003c\ud83d\ude00\\\""}`, `{"a":{"b":[1,{"c":"}"}]},"d":"]"}`, `{"a":[1,2]}`, `[1]`, `null`, `"x"`, ``,
		`{"":""}`, `{"a":"\ud800"}`, `{"a":[]}`, `{"a":[["x"]]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := fieldsOf(&finding.Finding{Fields: text})
		if !json.Valid(text) {
			return // must only not crash
		}
		if diff := cmp.Diff(referenceFields(text), got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	})
}

// TestAxisOutliers holds that a few findings with a wrong clock don't squeeze the others together.
func TestAxisOutliers(t *testing.T) {
	h := &Host{Slots: map[int64]*Counts{}}
	m := &Model{Hosts: []*Host{h}, Slot: 3600}
	for i := range int64(300) {
		h.Slots[490_000+i] = &Counts{0, 0, 1}
	}
	h.Slots[0] = &Counts{1}
	a := newAxis(m)
	if a.Outside < 1 || a.Bins < 20 || a.Step > 86400 {
		t.Errorf("axis from %d, %d bins of %d s, %d outside", a.From, a.Bins, a.Step, a.Outside)
	}
	var sum int64
	for _, b := range a.bins(m, m.Hosts) {
		sum += b.Total()
	}
	if sum+a.Outside != 301 {
		t.Errorf("%d in bins and %d outside, want 301", sum, a.Outside)
	}
	for _, step := range niceSteps {
		for from := int64(-3); from < 4; from++ {
			if got := floorTo(from, step); got > from || from-got >= step || got%step != 0 {
				t.Errorf("floorTo(%d, %d) = %d", from, step, got)
			}
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü 名 😀": "plain ü 名 😀", "a\u202eb": "a⟨U+202E⟩b", "a\nb\r\nc\td\r": "a⏎ b⏎ c⇥ d⟨U+000D⟩", "\xff": "⟨FF⟩", "\x1b[31m": "⟨U+001B⟩[31m", "\u200d\ufeff\u0085": "⟨U+200D⟩⟨U+FEFF⟩⟨U+0085⟩", "\U000e0041": "⟨U+E0041⟩",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestGlyphWriter cuts a text anywhere: the guard must write the same.
func TestGlyphWriter(t *testing.T) {
	text := "<p>ü名😀\u202e\x1b\xffend\xe5"
	for cut := range len(text) {
		var b bytes.Buffer
		g := &glyphWriter{w: &b}
		for _, part := range []string{text[:cut], text[cut:]} {
			if _, err := g.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.close(); err != nil {
			t.Fatal(err)
		}
		if want := "<p>ü名😀⟨U+202E⟩⟨U+001B⟩⟨FF⟩end⟨E5⟩"; b.String() != want {
			t.Errorf("cut at %d: %q, want %q", cut, b.String(), want)
		}
	}
}

func TestWords(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, test := range [][2]string{
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(1234567), "1,234,567"}, {plural(1, "host"), "1 host"}, {plural(2, "host"), "2 hosts"}, {bytesText(1), "1 byte"}, {bytesText(2048), "2.0 KiB"},
		{list(nil), ""}, {list([]string{"a"}), "a"}, {list([]string{"a", "b", "c"}), "a, b and c"},
		{spanText(at("2026-03-02 08:00:00"), at("2026-03-02 09:00:01")), "from 2 Mar 2026 08:00:00 to 09:00:01 UTC"},
		{spanText(at("2026-03-02 08:00:00"), at("2026-03-09 09:00:01")), "from 2 Mar 2026 08:00 to 9 Mar 2026 09:00 UTC"},
		{spanText(at("2026-03-02 08:00:00"), at("2026-03-02 08:00:00")), "at 2 Mar 2026 08:00:00 UTC"}, {spanText(time.Time{}, time.Time{}), "at no known time"},
		{lengthText(at("2026-03-02 08:00:00"), at("2026-03-10 07:00:00")), "8 days"}, {lengthText(at("2026-03-02 08:00:00"), at("2026-03-02 09:02:00")), "1 h 2 min"}, {lengthText(at("2026-03-02 08:00:00"), at("2026-03-02 08:00:09")), "9 seconds"},
		{shellWord("a b"), "'a b'"}, {shellWord("it's"), `'it'\''s'`}, {shellWord("./x-1"), "./x-1"}, {shellWord(""), "''"},
	} {
		if test[0] != test[1] {
			t.Errorf("got %q, want %q", test[0], test[1])
		}
	}
}
