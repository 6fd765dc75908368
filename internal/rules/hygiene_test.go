package rules

import (
	"io/fs"
	"strings"
	"testing"
)

// tripwires are texts by which antivirus products know attack tools, each in two halves so that this file holds none of them.
// Rules are part of the program; whole, they would make the program itself suspicious. A rule that needs one writes a wildcard
// into it.
var tripwires = [][2]string{
	{"mimi", "katz"}, {"sekur", "lsa"}, {"lsa", "dump::"}, {"blood", "hound"}, {"sharp", "hound"}, {"power", "sploit"}, {"laz", "agne"},
	{"amsi", "scanbuffer"}, {"amsi", "initfailed"}, {"amsi", "utils"}, {"etw", "eventwrite"}, {"gse", "cdump"}, {"pw", "dump.exe"},
	{"invoke-", "shellcode"}, {"invoke-", "reflectivepe"}, {"power", "cat"}, {"delete shadows /all", " /quiet"}, {"miniDump", "WriteDump"},
	{"iex (new-object", " net.webclient"}, {"-urlcache -split", " -f"},
}

// TestNoTripwires holds the rules free of texts that antivirus products look for.
func TestNoTripwires(t *testing.T) {
	for _, name := range ruleFiles(t) {
		data, err := fs.ReadFile(FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ToLower(string(data))
		for _, w := range tripwires {
			if word := strings.ToLower(w[0] + w[1]); strings.Contains(text, word) {
				t.Errorf("%s holds %q: write a wildcard into the word", name, w[0]+"..."+w[1])
			}
		}
	}
}
