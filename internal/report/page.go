package report

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

func init() {
	register(Output{
		Name: "report", File: "report.html",
		Doc:   "The page for people: what was found, on what it rests, and how to repeat it.",
		Write: writePage, Last: true,
	})
}

//go:embed web
var web embed.FS

// pageTemplate is read when a page is first written: most commands write none.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page.tmpl").Funcs(pageFuncs).ParseFS(web, "web/*.tmpl"))
})

var pageFuncs = template.FuncMap{
	"v":       short,
	"count":   count,
	"plural":  plural,
	"bytes":   bytesText,
	"when":    timeText,
	"iso":     func(t time.Time) string { return stamp(t) },
	"host":    hostName,
	"hex":     func(n int64) string { return fmt.Sprintf("0x%x", n) },
	"levels":  func() []string { return []string{"critical", "high", "medium", "low", "informational"} },
	"rank":    finding.LevelRank,
	"weight":  func(f float64) string { return fmt.Sprintf("%.3g", f) },
	"score":   scoreText,
	"word":    func(s string) string { return shorten(4*maxShownRunes, shellWord(s)) },
	"shorten": shorten,
	"percent": percent,
	"between": between,
	"bits":    bitsText,
}

// page is what the template shows.
type page struct {
	CSP         string
	CSS         template.CSS
	JS          template.JS
	Title       string
	Case        *casefile.Case
	M           *Model
	Files       []fileOfCase
	Refused     []casefile.Refusal
	RefusedMore int

	Summary    *summary
	Chart      *chart // nil where no finding has a time
	Hosts      []*hostView
	MoreHosts  int64
	Shown      int64 // findings on the page
	Moments    []*moment
	Timeline   *timelineView
	Tactics    []*tacticView
	Techniques []*techniqueView
	Who        *whoView
	Indicators []*indicatorView
	Evidence   *evidenceView
	Weights    [5]float64
}

// writePage renders report.html. All styles and the script are inline, and the policy that the page carries
// allows just these two, by their hashes: nothing in the evidence can run or load anything.
func writePage(ctx context.Context, m *Model, w io.Writer) error {
	p, err := newPage(ctx, m)
	if err != nil {
		return err
	}
	safe := &glyphWriter{w: w}
	if err := pageTemplate().ExecuteTemplate(safe, "page.tmpl", p); err != nil {
		return err
	}
	return safe.close()
}

func newPage(ctx context.Context, m *Model) (*page, error) {
	css, err := web.ReadFile("web/page.css")
	if err != nil {
		return nil, err
	}
	js, err := web.ReadFile("web/page.js")
	if err != nil {
		return nil, err
	}
	s, err := selectFindings(ctx, m)
	if err != nil {
		return nil, err
	}
	p := &page{
		CSP: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", hashSource(css), hashSource(js)),
		CSS: template.CSS(css), JS: template.JS(js),
		Title: m.Case.Title, Case: m.Case, M: m, Shown: s.shown, Weights: levelWeight,
	}
	p.Files = filesOfCase(m.Case)
	p.Refused = m.Case.Refused[:min(len(m.Case.Refused), maxRefused)]
	p.RefusedMore = len(m.Case.Refused) - len(p.Refused)
	if p.Title == "" {
		p.Title = "Findings of the investigation"
	}
	l := newLinks(m, s)
	a := newAxis(m)
	if a != nil {
		p.Chart = newChart(m, a)
	}
	p.Hosts, p.MoreHosts = newHosts(m, s, l, a)
	p.Tactics, p.Techniques = newTechniques(m, l)
	if p.Who, err = newWho(m); err != nil {
		return nil, err
	}
	p.Moments = newMoments(m, s, l)
	p.Summary = newSummary(m, p, l)
	p.Timeline = newTimeline(&m.daily, l)
	p.Indicators = newIndicators(m, l)
	p.Evidence = newEvidence(m, l)
	return p, nil
}

// maxRefused bounds the refused rules that the page lists.
const maxRefused = 200

// fileOfCase is a file of the case folder.
type fileOfCase struct {
	casefile.Output
	Doc string
}

func filesOfCase(c *casefile.Case) []fileOfCase {
	docs := map[string]string{
		casefile.FindingsName: "Every finding with its records and fields, one a line.",
		casefile.EvidenceName: "Every file of the evidence: its hash, and what was and was not read of it.",
	}
	for _, o := range registered {
		docs[o.File] = o.Doc
	}
	var files []fileOfCase
	for _, o := range c.Outputs {
		files = append(files, fileOfCase{o, docs[o.File]})
	}
	return files
}

// hashSource names content in a Content-Security-Policy.
func hashSource(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// glyphWriter is the last guard of the page: a character without a glyph, wherever it came from, is written as its
// code point. The template itself has none but line feeds and tabs.
type glyphWriter struct {
	w    io.Writer
	buf  []byte
	rest []byte // the start of a character whose end has not come
	err  error
}

// Write passes p on, made visible.
func (g *glyphWriter) Write(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	in := p
	if len(g.rest) > 0 {
		in = append(g.rest, p...)
		g.rest = nil
	}
	out := g.buf[:0]
	for i := 0; i < len(in); {
		if c := in[i]; c >= 0x20 && c < 0x7f || c == '\n' || c == '\t' {
			out = append(out, c)
			i++
			continue
		}
		if !utf8.FullRune(in[i:]) {
			g.rest = append([]byte(nil), in[i:]...)
			break
		}
		r, n := utf8.DecodeRune(in[i:])
		if hidden(r) || r == utf8.RuneError && n == 1 {
			out = append(out, visible(string(in[i:i+n]))...)
		} else {
			out = append(out, in[i:i+n]...)
		}
		i += n
	}
	g.buf = out
	if _, g.err = g.w.Write(out); g.err != nil {
		return 0, g.err
	}
	return len(p), nil
}

func (g *glyphWriter) close() error {
	if g.err == nil && len(g.rest) > 0 {
		_, g.err = io.WriteString(g.w, visible(string(g.rest)))
	}
	return g.err
}
