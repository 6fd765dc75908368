package evidence

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// maxName bounds a member's name; what is longer is cut, and made unlike others by its number.
const maxName = 4096

// cleanName makes a member's name a path below its container: no "." and "..", no leading "/", no drive colon at the front, no
// empty parts. climbs says that it leads out of the container or holds a NUL, so that its member is not opened.
// An absolute name is no more than a habit of some archivers; it is taken as below the container.
func cleanName(name string, backslash bool) (clean string, climbs bool) {
	if len(name) > maxName {
		name = pathText(name[:maxName]) + "..."
	}
	if i := strings.IndexByte(name, 0); i >= 0 {
		climbs = true
		name = strings.ReplaceAll(name, "\x00", `\x00`)
	}
	if backslash {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			if len(parts) == 0 {
				climbs = true
			} else {
				parts = parts[:len(parts)-1]
			}
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "unnamed", climbs
	}
	return strings.Join(parts, "/"), climbs
}

// pathText makes a name of the file system valid UTF-8: a byte that is none becomes \xNN. Names without such
// bytes stay as they are.
func pathText(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, name[0])
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// dosText decodes a zip name that doesn't say it is UTF-8. Many writers forget the flag, so bytes that are UTF-8 are taken
// as such; the rest is code page 437, in which every byte has a character.
func dosText(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	s, err := charmap.CodePage437.NewDecoder().String(name)
	if err != nil {
		return pathText(name)
	}
	return s
}
