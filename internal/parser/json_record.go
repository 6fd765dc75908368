package parser

import (
	"bytes"
	"strconv"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// jsonValues gives the values of the object under way.
type jsonValues struct {
	scan  *jsonScan
	shape *jsonShape

	// Where the last value of a list was, since lists are asked for in order.
	field, k int
	at       int32
}

// Len returns how many values the field has.
func (v *jsonValues) Len(field int) int {
	return int(v.scan.slots[v.shape.slotOf[field]].size)
}

// At returns value k of the field.
func (v *jsonValues) At(field, k int) event.Value {
	if v.field != field || v.k > k {
		v.field, v.k, v.at = field, 0, v.scan.slots[v.shape.slotOf[field]].first
	}
	for ; v.k < k; v.k++ {
		v.at = v.scan.vals[v.at].next
	}
	return v.value(v.at)
}

func (v *jsonValues) value(at int32) event.Value {
	x := &v.scan.vals[at]
	return event.Value{Kind: x.kind, Raw: v.scan.b[x.from:x.to:x.to]}
}

// emit hands out the object that was scanned last, of which the first byte is at the given offset.
func (r *jsonReader) emit(at int64) bool {
	shape := r.scan.names.states[r.scan.state].shape
	if shape == nil {
		names := make([]string, len(r.scan.slots))
		for i, s := range r.scan.slots {
			names[i] = r.scan.names.fields[s.node].name
		}
		shape = newJSONShape(names)
		r.scan.names.states[r.scan.state].shape = shape
	}
	r.values = jsonValues{scan: &r.scan, shape: shape, field: -1}
	e := &r.record
	e.Schema = r.schema(shape)
	e.Offset = at
	e.Time = r.time(shape)
	e.Host = r.host(shape)
	e.RecordID, e.HasRecordID = 0, false
	if v := r.role(shape, roleRecordID); len(v.Raw) > 0 && len(v.Raw) <= 20 {
		id, err := strconv.ParseUint(string(v.Raw), 10, 64)
		e.RecordID, e.HasRecordID = id, err == nil
	}
	on := r.yield(e, nil)
	r.scan.names.tidy()
	return on
}

func (r *jsonReader) host(s *jsonShape) string {
	v := r.role(s, roleHost)
	if len(v.Raw) == 0 || len(v.Raw) > maxConstant || v.Raw[0] == '[' || v.Raw[0] == '{' {
		return r.in.Origin.Host
	}
	if name, ok := r.hosts[string(v.Raw)]; ok {
		return name
	}
	if len(r.hosts) >= 1024 {
		clear(r.hosts)
	}
	name := string(v.AppendText(nil))
	r.hosts[string(v.Raw)] = name
	return name
}

// maxZone is how far a local clock can be from UTC.
const maxZone = 14 * time.Hour

// time works out when the event happened, in UTC. A time of its own that names its zone says it. One that doesn't is the
// local time of the machine that forwarded the event; what the same record has in UTC tells the zone, to a quarter of an
// hour: @timestamp against the time at which the event was received, else against its own, or Sysmon's UtcTime. Where
// that does not come out, a time in UTC counts, although it may be late; with none, the local time is taken as UTC.
func (r *jsonReader) time(s *jsonShape) time.Time {
	own, zoned, ok := jsonTime(r.role(s, roleOwnTime))
	if ok && zoned {
		return own
	}
	stamp, _, hasStamp := jsonTime(r.role(s, roleStampTime))
	utc, _, hasUTC := jsonTime(r.role(s, roleUTCTime))
	switch {
	case !ok && hasStamp:
		return stamp
	case !ok:
		return utc
	}
	received, _, hasReceived := jsonTime(r.role(s, roleReceivedTime))
	if hasStamp && hasReceived {
		if zone, ok := zoneOf(received, stamp); ok {
			return own.Add(zone)
		}
	}
	if hasStamp {
		if zone, ok := zoneOf(own, stamp); ok {
			return own.Add(zone)
		}
	}
	if hasUTC {
		if zone, ok := zoneOf(own, utc); ok {
			return own.Add(zone)
		}
	}
	if hasStamp && stamp.Sub(own).Abs() <= maxZone {
		return stamp
	}
	return own
}

// zoneOf returns what must be added to local for UTC, given the same moment, to five minutes, in both.
func zoneOf(local, utc time.Time) (time.Duration, bool) {
	apart := utc.Sub(local)
	zone := apart.Round(15 * time.Minute)
	return zone, zone.Abs() <= maxZone && (apart-zone).Abs() <= 5*time.Minute
}

// jsonTime reads a time as text or as seconds since 1970.
func jsonTime(v event.Value) (t time.Time, zoned, ok bool) {
	b := v.Raw
	if v.Kind == event.Number {
		t, ok = parseEpoch(b)
		return t, true, ok
	}
	if len(b) == 0 || len(b) > 64 {
		return t, false, false
	}
	if i := bytes.Index(b, []byte("/Date(")); i >= 0 { // \/Date(1600000000000)\/, as PowerShell writes it
		b = b[i+6:]
		if end := bytes.IndexAny(b, ")+-"); end > 0 {
			t, ok = parseEpoch(b[:end])
			return t, true, ok
		}
	}
	if t, zoned, ok = parseTime(b); ok {
		return t, zoned, ok
	}
	t, ok = parseEpoch(b)
	return t, true, ok
}
