package evidence

// Options say how containers are opened and where the limits are. Zero values mean the defaults.
type Options struct {
	Passwords []string // tried on encrypted members after "infected"

	MaxDepth   int   // containers within containers; 8
	MaxRatio   int64 // bytes out for one byte in, of a container and of a zip member, once more than 64 MiB came out; 300
	MaxMember  int64 // bytes of one member; 64 GiB
	MaxTotal   int64 // bytes of all members of a container, nested ones with it; 1 TiB
	MaxMembers int   // members of a container, nested ones with it; 1,000,000

	TempDir     string // where members that don't fit in memory are spooled; the system's
	SpoolMemory int64  // bytes of a member that are kept in memory; 8 MiB

	NoHash bool // files get no SHA-256, which saves its cost where nothing will show it
	// LateHash leaves the SHA-256 of plain files that are no containers to File.Hash or File.ReadNext, so that they
	// need to be read only once.
	LateHash bool
}

// Sizes of what is held in memory at a time.
const (
	copySize   = 256 << 10
	headSize   = 64 << 10
	ratioFloor = 64 << 20 // a ratio says nothing of little: a page of zeros is no bomb
)

func (o Options) withDefaults() Options {
	setDefault(&o.MaxDepth, 8)
	setDefault(&o.MaxRatio, 300)
	setDefault(&o.MaxMember, 64<<30)
	setDefault(&o.MaxTotal, 1<<40)
	setDefault(&o.MaxMembers, 1_000_000)
	setDefault(&o.SpoolMemory, 8<<20)
	return o
}

func setDefault[T int | int64](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// passwords returns what is tried on encrypted members, in order, each once.
func (o *Options) passwords() []string {
	seen := map[string]bool{"infected": true}
	all := []string{"infected"} // what responders wrap malware in
	for _, p := range o.Passwords {
		if !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	return all
}
