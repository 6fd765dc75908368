package evtx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func data(name string, body ...any) *elem {
	e := &elem{name: "Data", body: body}
	if name != "" {
		e.attrs = []attr{{"Name", []any{name}}}
	}
	return e
}

func section(name string, body ...any) *elem { return &elem{name: name, body: body} }

func strs(s string) Value { return Value{TypeString | arrayBit, utf16le(s)} }

// TestShapes reads records of every shape: what fields they have, and how they are written.
func TestShapes(t *testing.T) {
	sys := section("System", &elem{name: "EventID", attrs: []attr{{"Qualifiers", []any{num16(7)}}}, body: []any{num16(9)}})
	tpl := func(def *elem, values ...any) any { return inst{id: 1, def: def, values: values} }
	rest := func(body ...any) any { return section("Event", append([]any{sys}, body...)...) }
	const head = "<System><EventID Qualifiers=\"7\">9</EventID></System>"
	for _, tt := range []struct {
		name              string
		body              any
		fields, xml, json string
	}{
		{"resident", rest(section("EventData", data("A", "x"), data("B", num32(5)))),
			"A=x B=5 EventID=9", head + `<EventData><Data Name="A">x</Data><Data Name="B">5</Data></EventData>`, `"EventData":{"A":"x","B":5}`},
		{"resident_with_template", rest(tpl(dataDef, str("u"), num32(1))),
			"User=u Count=1 EventID=9", head + `<EventData><Data Name="User">u</Data><Data Name=" Count ">1</Data></EventData>`, `"EventData":{"User":"u"," Count ":1}`},
		{"embedded", rest(section("EventData", data("A", Value{TypeBinXML, []byte{0, 0}}))),
			"A= EventID=9", head + `<EventData><Data Name="A"></Data></EventData>`, `"EventData":{"A":""}`},
		{"no_value", tpl(section("Event", section("EventData", data("A", sub{0, true}), data("B", sub{9, false}))), null()),
			"A= B=", `<EventData><Data Name="A"></Data><Data Name="B"></Data></EventData>`, `"EventData":{"A":"","B":""}`},
		{"unnamed", tpl(section("Event", section("EventData", data("", sub{0, false}), data("", sub{1, false}))), str("x"), num16(2)),
			"Data=x|2", "<EventData><Data>x</Data><Data>2</Data></EventData>", `"EventData":{"Data":{"#text":["x",2]}}`},
		{"array", tpl(section("Event", section("EventData", data("", sub{0, false}))), strs("x\x00y\x00")),
			"Data=x|y", "<EventData><Data>x</Data><Data>y</Data></EventData>", `"EventData":{"Data":{"#text":["x","y"]}}`},
		{"named_array", tpl(section("Event", section("EventData", data("L", sub{0, false}))), strs("x\x00y\x00")),
			"L=x|y", `<EventData><Data Name="L">x</Data><Data Name="L">y</Data></EventData>`, `"EventData":{"L":["x","y"]}`},
		{"named_and_unnamed", rest(section("EventData", data("A", "x"), data("", "y"))),
			"A=x Data=y EventID=9", head + `<EventData><Data Name="A">x</Data><Data>y</Data></EventData>`, `"EventData":{"A":"x","Data":{"#text":"y"}}`},
		{"same_name_apart", rest(section("EventData", data("A", "x"), data("B", "y"), data("A", "z"))),
			"A=x B=y A_1=z EventID=9", head + `<EventData><Data Name="A">x</Data><Data Name="B">y</Data><Data Name="A">z</Data></EventData>`, `"EventData":{"A":"x","B":"y","A_1":"z"}`},
		{"same_name_in_a_row", rest(section("EventData", data("A", "x"), data("A", "z"))),
			"A=x|z EventID=9", head + `<EventData><Data Name="A">x</Data><Data Name="A">z</Data></EventData>`, `"EventData":{"A":["x","z"]}`},
		{"name_is_a_value", tpl(section("Event", section("EventData", &elem{name: "Data", attrs: []attr{{"Name", []any{sub{0, false}}}}, body: []any{sub{1, false}}})), str("K"), str("v")),
			"K=v", `<EventData><Data Name="K">v</Data></EventData>`, `"EventData":{"K":"v"}`},
		{"left_out", tpl(section("Event", section("EventData", &elem{name: "Data", attrs: []attr{{"Name", []any{"A"}}}, body: []any{sub{1, false}}, dep: 1}, data("B", "y"))), str("-"), null()),
			"B=y", `<EventData><Data Name="B">y</Data></EventData>`, `"EventData":{"B":"y"}`},
		{"parts", tpl(section("Event", section("EventData", data("A", "n ", sub{0, false}, entity("lt"), char('!'), cdata("]]>")))), num16(3)),
			"A=n 3<!]]>", `<EventData><Data Name="A">n 3&lt;&#33;<![CDATA[]]]]><![CDATA[>]]></Data></EventData>`, `"EventData":{"A":"n 3<!]]>"}`},
		{"user_data", rest(section("UserData", &elem{name: "Op", attrs: []attr{{"xmlns", []any{"u"}}, {"Kind", []any{"k"}}},
			body: []any{section("User", "a"), section("In", section("User", "b"), section("Empty"))}})),
			"Op_Kind=k User=a In_User=b Empty= EventID=9",
			head + `<UserData><Op xmlns="u" Kind="k"><User>a</User><In><User>b</User><Empty></Empty></In></Op></UserData>`,
			`"UserData":{"Op":{"#attributes":{"xmlns":"u","Kind":"k"},"User":"a","In":{"User":"b","Empty":null}}}`},
		{"user_data_list", rest(section("UserData", section("L", section("I", "a"), section("I", "b")))),
			"I=a|b EventID=9", head + `<UserData><L><I>a</I><I>b</I></L></UserData>`, `"UserData":{"L":{"I":"a","I_1":"b"}}`},
		{"other_section", rest(section("RenderingInfo", section("Message", "m & n"), section("EventID", "x"))),
			"RenderingInfo_Message=m & n RenderingInfo_EventID=x EventID=9",
			head + `<RenderingInfo><Message>m &amp; n</Message><EventID>x</EventID></RenderingInfo>`, `"RenderingInfo":{"Message":"m & n","EventID":"x"}`},
		{"name_of_system", rest(section("EventData", data("EventID", "x"))),
			"EventID=x EventID=9", head + `<EventData><Data Name="EventID">x</Data></EventData>`, `"EventData":{"EventID":"x"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newLog()
			w.record(tt.body)
			r := only(t, logFile(w.chunk(0)))
			fields := describe(r).Fields
			if tt.name == "name_of_system" {
				fields += " EventID=" + strings.TrimPrefix(r.Layout().Fields[r.Layout().EventID].Name, "System_EventID") + "9"
			}
			if diff := cmp.Diff(tt.fields, fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff("<Event>"+tt.xml+"</Event>", string(r.AppendXML(nil))); diff != "" {
				t.Errorf("XML (-want +got):\n%s", diff)
			}
			want := `{"Event":{"System":{"EventID":{"#attributes":{"Qualifiers":7},"#text":9}},` + tt.json + "}}"
			if !strings.Contains(tt.xml, head) {
				want = `{"Event":{` + tt.json + "}}"
			}
			if diff := cmp.Diff(want, string(r.AppendJSON(nil))); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

// only returns the only record of a log, to be used before anything else is read.
func only(t *testing.T, data []byte) *Record {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var cache Cache
	var found *Record
	for r, err := range f.Records(0, NewChunk(&cache)) {
		if err != nil {
			t.Fatal(err)
		}
		if found != nil {
			t.Fatal("more than one record")
		}
		found = r
	}
	if found == nil {
		t.Fatal("no record")
	}
	return found
}

// TestNested reads a template in a template in a template, and one that lies too deep.
func TestNested(t *testing.T) {
	nest := func(depth int) any {
		var body any = inst{id: 0xd0d0, def: dataDef, values: []any{str("deep"), num32(1)}}
		for range depth {
			body = inst{id: 2, def: section("Wrap", sub{0, true}), values: []any{body}}
		}
		return inst{id: 1, def: section("Event", sub{0, true}), values: []any{body}}
	}
	w := newLog()
	w.record(nest(3))
	if got := string(only(t, logFile(w.chunk(0))).AppendXML(nil)); !strings.Contains(got, "<Wrap><Wrap><Wrap><EventData>") {
		t.Errorf("XML is %s", got)
	}
	w = newLog()
	w.record(nest(200))
	records, damage := readAll(t, logFile(w.chunk(0)))
	if len(damage) != 1 || !strings.Contains(damage[0], ErrLimit.Error()) || len(records) != 1 || !records[0].Recovered {
		t.Errorf("damage %v, records %v", damage, records)
	}
}

// TestBombs reads definitions that use a value, or one another, as often as they can.
func TestBombs(t *testing.T) {
	var many []any
	for range 2000 {
		many = append(many, sub{0, true})
	}
	var body any = str(strings.Repeat("x", 10000))
	wrap := section("Wrap", many...)
	for range 5 {
		body = inst{id: 1, def: wrap, values: []any{body}}
	}
	w := newLog()
	w.record(inst{id: 2, def: section("Event", many...), values: []any{body}})
	r := only(t, logFile(w.chunk(0)))
	if n := len(r.AppendXML(nil)); n > maxOutput+ChunkSize {
		t.Errorf("%d bytes of XML", n)
	}
	out := r.AppendJSON(nil)
	if len(out) > maxOutput+8*ChunkSize {
		t.Errorf("%d bytes of JSON", len(out))
	}
	total := 0
	for i := range r.Layout().Fields {
		for k := range r.Len(i) {
			total += len(r.Value(i, k).Raw)
		}
	}
	if total > 8*ChunkSize || !r.Layout().Cut {
		t.Errorf("%d bytes of values, layout cut: %t", total, r.Layout().Cut)
	}
}

// TestRenderingsAreSound reads names and values that try to be markup.
func TestRenderingsAreSound(t *testing.T) {
	w := newLog()
	w.record(section("Event", section("EventData", data("a\"<b>\\", "<x y='1'>&\x02\ufffe"), &elem{name: "p<q", attrs: []attr{{"r\"s", []any{"\"'<"}}}, body: []any{"v"}})))
	r := only(t, logFile(w.chunk(0)))
	if out := r.AppendJSON(nil); !json.Valid(out) {
		t.Errorf("%s is not JSON", out)
	}
	d := xml.NewDecoder(bytes.NewReader(r.AppendXML(nil)))
	for {
		if _, err := d.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Errorf("%s: %v", r.AppendXML(nil), err)
			}
			break
		}
	}
}
