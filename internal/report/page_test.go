package report

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// allowedElements are all that the page is made of.
var allowedElements = strings.Fields(`html head meta title style body a div header p svg path circle span nav ol li main section h1 h2 h3 dl dt dd figure rect figcaption ul b aside strong time code
	line text details summary table caption thead tbody tr th td abbr form label input fieldset legend output button article em pre br script`)

// checkPage holds report.html in dir to what makes it safe and whole.
func checkPage(t *testing.T, dir string) {
	t.Helper()
	page := read(t, dir, "report.html")
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, links, refs := map[string]int{}, map[string]bool{}, map[string]bool{}
	scripts, styles, policy := []string{}, []string{}, ""
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data != "title" && !slices.Contains(allowedElements, n.Data) {
			t.Errorf("the page has an element <%s>", n.Data)
		}
		switch n.Data {
		case "script":
			scripts = append(scripts, n.FirstChild.Data)
		case "style":
			styles = append(styles, n.FirstChild.Data)
		case "table":
			if !hasCaption(n) {
				t.Error("a table has no caption")
			}
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				ids[a.Val]++
			case a.Key == "href":
				links[a.Val] = true
			case a.Key == "aria-labelledby" || a.Key == "for":
				refs[a.Val] = true
			case strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "srcdoc" || a.Key == "action":
				t.Errorf("<%s> has an attribute %s=%q", n.Data, a.Key, a.Val)
			case a.Key == "content" && strings.HasPrefix(a.Val, "default-src"):
				policy = a.Val
			}
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements have the id %q", n, id)
		}
	}
	for link := range links {
		fragment, ok := strings.CutPrefix(link, "#")
		if name, err := url.PathUnescape(fragment); !ok || err != nil || ids[name] == 0 {
			t.Errorf("the link %q leads nowhere", link)
		}
	}
	for ref := range refs {
		if ids[ref] == 0 {
			t.Errorf("nothing has the id %q that an element refers to", ref)
		}
	}
	checkPolicy(t, policy, styles, scripts)
	checkFindings(t, dir, ids)
}

func hasCaption(table *html.Node) bool {
	for n := range table.ChildNodes() {
		if n.Type == html.ElementNode {
			return n.Data == "caption"
		}
	}
	return false
}

// checkPolicy holds that the page's policy allows its one style and its one script, and nothing else.
func checkPolicy(t *testing.T, policy string, styles, scripts []string) {
	t.Helper()
	if len(styles) != 1 || len(scripts) != 1 {
		t.Fatalf("the page has %d styles and %d scripts, want one of each", len(styles), len(scripts))
	}
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", hash(styles[0]), hash(scripts[0]))
	if policy != want {
		t.Errorf("the policy is\n%s, want\n%s", policy, want)
	}
}

// checkFindings holds that every finding on the page is one of the case.
func checkFindings(t *testing.T, dir string, ids map[string]int) {
	t.Helper()
	r, err := casefile.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for f, err := range r.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		known[findingAnchor(f.ID)] = true
	}
	for id := range ids {
		if strings.HasPrefix(id, "f-") && !known[id] {
			t.Errorf("the finding %q of the page is not in the case", id)
		}
	}
}

func TestPage(t *testing.T) {
	checkPage(t, writeSample(t, t.TempDir(), sampleFindings(t), sampleInfo()))
	checkPage(t, writeSample(t, t.TempDir(), nil, &casefile.Case{}))
	checkPage(t, writeSample(t, t.TempDir(), sampleFindings(t)[:1], sampleInfo()))
}

// TestPageShowsSerious holds that every critical and high finding of the sample is on the page, with its place.
func TestPageShowsSerious(t *testing.T) {
	dir := writeSample(t, t.TempDir(), sampleFindings(t), sampleInfo())
	page := read(t, dir, "report.html")
	for _, f := range sampleFindings(t) {
		if finding.LevelRank(f.Level) < 3 {
			continue
		}
		_, article, ok := strings.Cut(page, `id="f-`+f.ID+`"`)
		if !ok {
			t.Errorf("%s %q is not on the page", f.Level, f.Title)
			continue
		}
		article, _, _ = strings.Cut(article, "</article>")
		if !strings.Contains(article, fmt.Sprintf("offset 0x%x", f.Evidence[0].Offset)) || !strings.Contains(article, fmt.Sprintf("record %d", *f.Evidence[0].RecordID)) {
			t.Errorf("%q doesn't show where its record is", f.Title)
		}
	}
}

// TestLarge holds the page and the memory of all outputs in bounds whatever the case holds.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("200,000 findings take seconds: not in -short")
	}
	const n = 200_000
	w, err := casefile.Create(t.TempDir()+"/case", false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	short := []byte(`{"CommandLine":"cmd.exe /c whoami","DestinationIp":"203.0.113.7"}`)
	long, err := json.Marshal(map[string]string{"CommandLine": "cmd.exe /c " + strings.Repeat(`<&>" `, 300)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		f := &finding.Finding{
			Time: sampleStart.Add(time.Duration(i) * 3 * time.Second), Host: fmt.Sprintf("host-%d", i*i%397), Level: finding.Levels[i*7%5], Title: fmt.Sprintf("Rule number %d", i%211),
			Rule: finding.Rule{Kind: "sigma", ID: strconv.Itoa(i % 211)}, Attack: []string{"T1059.001"}, Fields: short, Evidence: []finding.Evidence{{Path: "a.evtx", Offset: int64(i)}},
		}
		if i < n/10 {
			f.Fields = long
		}
		f.ID = finding.NewID(f)
		if err := w.Findings(linesOf(f)); err != nil {
			t.Fatal(err)
		}
	}
	info := sampleInfo()
	peak := peakHeap(func() { _, err = WriteAll(context.Background(), w, info) })
	if err == nil {
		err = w.Finish(info)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range info.Outputs {
		if o.File == "report.html" && o.Bytes > 5<<20 {
			t.Errorf("the page has %d bytes", o.Bytes)
		}
		t.Logf("%s: %d bytes", o.File, o.Bytes)
	}
	if t.Logf("peak heap %d MiB", peak>>20); peak > 200<<20 {
		t.Errorf("peak heap of %d MiB", peak>>20)
	}
}

// peakHeap returns the largest heap that was seen while f ran.
func peakHeap(f func()) uint64 {
	var peak atomic.Uint64
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				peak.Store(max(peak.Load(), s.HeapAlloc))
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return peak.Load()
}

// TestShownAndLeft holds that what the page shows and what it says it leaves out add up to all findings.
func TestShownAndLeft(t *testing.T) {
	var findings []*finding.Finding
	for i := range 4000 {
		f := &finding.Finding{Time: sampleStart.Add(time.Duration(i) * time.Second), Host: fmt.Sprintf("host-%d", i%300), Level: finding.Levels[i%5], Title: "t", Rule: finding.Rule{Kind: "sigma", ID: strconv.Itoa(i % 17)}, Evidence: []finding.Evidence{{Path: "p", Offset: int64(i)}}}
		f.ID = finding.NewID(f)
		findings = append(findings, f)
	}
	r, err := casefile.Open(writeSample(t, t.TempDir(), findings, sampleInfo()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Build(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPage(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	var shown, left int64
	for _, h := range p.Hosts {
		left += h.Left
		for _, g := range h.Groups {
			left += g.Left
			shown += int64(len(g.Findings))
		}
	}
	for _, h := range m.Hosts[len(p.Hosts):] {
		left += h.Levels.Total()
	}
	if shown != p.Shown || shown > maxShown || shown+left != int64(len(findings)) {
		t.Errorf("%d shown (the page says %d), %d left out, of %d", shown, p.Shown, left, len(findings))
	}
	if p.MoreHosts != int64(300-maxShownHosts) {
		t.Errorf("%d hosts more, want %d", p.MoreHosts, 300-maxShownHosts)
	}
}

// TestLongTexts holds the page in bounds if every text of the evidence is as long as it can get.
func TestLongTexts(t *testing.T) {
	var findings []*finding.Finding
	for i := range 60 {
		long := fmt.Sprintf("%d %s", i, strings.Repeat("\u202e<\"", 4_000))
		f := &finding.Finding{Time: sampleStart, Host: long, Level: "high", Title: long, Rule: finding.Rule{Kind: long, ID: long}, Attack: []string{long}, Channel: long, EventID: 1}
		f.Fields, _ = json.Marshal(map[string]string{long: long, "Image": `C:\` + long})
		f.Evidence = []finding.Evidence{{Path: long, Offset: int64(i)}}
		f.ID = finding.NewID(f)
		findings = append(findings, f)
	}
	dir := writeSample(t, t.TempDir(), findings, sampleInfo())
	if n := len(read(t, dir, "report.html")); n > 5<<20 {
		t.Errorf("the page has %d bytes", n)
	}
	checkPage(t, dir)
}

// TestContrast holds that text of every colour can be read on its ground, by WCAG's measure for small text.
func TestContrast(t *testing.T) {
	css, err := web.ReadFile("web/page.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), "@media screen and (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("there is no dark theme")
	}
	dark, _, _ = strings.Cut(dark, "\n}\n")
	for theme, text := range map[string]string{"light": light, "dark": dark} {
		colors := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(text, -1) {
			colors[m[1]] = m[2]
		}
		pairs := [][2]string{{"card", "critical"}, {"accent", "accent-wash"}, {"ink", "medium-wash"}, {"soft", "wash"}}
		for _, ground := range []string{"paper", "card"} {
			for _, ink := range []string{"ink", "soft", "faint", "accent", "critical", "high"} {
				pairs = append(pairs, [2]string{ink, ground})
			}
		}
		for _, level := range finding.Levels {
			pairs = append(pairs, [2]string{"soft", level + "-wash"})
			if level != "critical" {
				pairs = append(pairs, [2]string{level, level + "-wash"})
			}
		}
		for _, p := range pairs {
			if c := contrast(t, colors[p[0]], colors[p[1]]); c < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want 4.5", theme, p[0], p[1], c)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(s string) float64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
		if err != nil {
			t.Fatalf("no colour: %q", s)
		}
		part := func(shift uint) float64 {
			c := float64(n>>shift&255) / 255
			if c <= 0.03928 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
