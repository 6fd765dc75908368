package sigma

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// stateVersion is the version of the saved form.
const stateVersion = 1

// savedState is a correlator's state: for each correlation, by its id, the windows by group key. States of correlators that
// served different groups can be merged by joining their maps, and a state can be split by group key.
type savedState struct {
	Version      int                           `json:"version"`
	Watermark    time.Time                     `json:"watermark"`
	Correlations map[string]map[string]*window `json:"correlations"`
}

// AppendState appends the state in its saved form, JSON, to dst.
func (c *Correlator) AppendState(dst []byte) ([]byte, error) {
	s := savedState{Version: stateVersion, Watermark: c.watermark, Correlations: map[string]map[string]*window{}}
	for _, m := range c.correlations {
		if len(m.groups) == 0 {
			continue
		}
		groups := make(map[string]*window, len(m.groups))
		for key, w := range m.groups {
			groups[encodeKey(key)] = w
		}
		s.Correlations[m.rule.ID] = groups
	}
	data, err := json.Marshal(&s)
	if err != nil {
		return dst, fmt.Errorf("save the correlations' state: %w", err)
	}
	return append(dst, data...), nil
}

// RestoreState takes over a saved state in place of the present one. Correlations that are no longer there are left out; those that
// are new begin empty.
func (c *Correlator) RestoreState(data []byte) error {
	var s savedState
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("read the correlations' state: %w", err)
	}
	if s.Version != stateVersion {
		return fmt.Errorf("read the correlations' state: version %d is not known, %d is", s.Version, stateVersion)
	}
	c.watermark = s.Watermark
	for _, m := range c.correlations {
		m.groups, m.nextSweep = map[string]*window{}, time.Time{}
		for key, w := range s.Correlations[m.rule.ID] {
			raw, err := decodeKey(key)
			if err != nil || w == nil || !w.sound(m) {
				return fmt.Errorf("read the correlations' state: group %q of correlation %q is damaged", key, m.rule.ID)
			}
			m.groups[raw] = w
		}
	}
	return nil
}

// sound says whether a restored window can be one of the machine's.
func (w *window) sound(m *machine) bool {
	for _, it := range w.Items {
		if it.Position < 0 || it.Position >= m.positions {
			return false
		}
	}
	return len(w.Items) > 0 || w.Firing != nil
}

// Group keys hold lengths as bytes, so they are written in base64.
func encodeKey(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

func decodeKey(text string) (string, error) {
	key, err := base64.RawURLEncoding.DecodeString(text)
	return string(key), err
}
