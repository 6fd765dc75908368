package evidence

import (
	"bufio"
	"compress/bzip2"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// A packed stream holds one file or a tar. The tar's members are read as they come out of the stream: no level of
// its own, and nothing of the tar as a whole is kept.

func gzipMembers(c *container) iter.Seq2[*member, error] {
	return streamMembers(c, func(r io.Reader) (io.Reader, string, error) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, "", err
		}
		return z, path.Base(strings.ReplaceAll(dosText(z.Name), `\`, "/")), nil
	})
}

func bzip2Members(c *container) iter.Seq2[*member, error] {
	return streamMembers(c, func(r io.Reader) (io.Reader, string, error) { return bzip2.NewReader(r), "", nil })
}

func xzMembers(c *container) iter.Seq2[*member, error] {
	return streamMembers(c, func(r io.Reader) (io.Reader, string, error) {
		z, err := newXZReader(r)
		return z, "", err
	})
}

func zstdMembers(c *container) iter.Seq2[*member, error] {
	return streamMembers(c, func(r io.Reader) (io.Reader, string, error) {
		z, err := newZstdReader(r)
		return z, "", err
	})
}

// streamMembers yields the one file of a packed stream, or the members of the tar in it. unpack also returns the name
// that the stream gives its file, if any.
func streamMembers(c *container, unpack func(io.Reader) (io.Reader, string, error)) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		var (
			plain io.Reader
			name  string
		)
		err := safely(func() (err error) {
			plain, name, err = unpack(bufio.NewReaderSize(io.NewSectionReader(c, 0, c.size), copySize))
			return err
		})
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			yield(nil, fmt.Errorf("read header: %w", damaged(err)))
			return
		}
		safe := safeReader{plain}
		defer safe.Close()
		allow := min(c.o.MaxTotal, c.o.ratioBytes(c.size))
		in := bufio.NewReaderSize(&limitReader{safe, allow, allow}, 64<<10)
		head, _ := in.Peek(512)
		if isTar(head) {
			readTar(in, yield)
			return
		}
		m := &member{name: streamName(c.name, name), packed: c.size}
		m.open = func(string) (io.Reader, error) { return in, nil }
		yield(m, nil)
	}
}

// limitReader bounds a stream as a whole. The budget of members counts what is read of them; here also counts what
// is skipped, which costs as much.
type limitReader struct {
	r     io.Reader
	left  int64
	allow int64
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, fmt.Errorf("%w: more than %d bytes come out of the stream", ErrLimit, l.allow)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left+1)])
	l.left -= int64(n)
	return n, err
}

func isTar(head []byte) bool {
	return len(head) >= 512 && (string(head[257:262]) == "ustar" || kindOfOldTar(head) != "")
}

// streamEndings are taken off a packed file's name to name its member.
var streamEndings = [][2]string{
	{".tgz", ".tar"}, {".tbz2", ".tar"}, {".tbz", ".tar"}, {".txz", ".tar"}, {".tzst", ".tar"}, {".svgz", ".svg"},
	{".gz", ""}, {".gzip", ""}, {".bz2", ""}, {".bz", ""}, {".xz", ""}, {".zst", ""}, {".zstd", ""}, {".z", ""},
}

// streamName names the member of a packed stream: the file's name without its ending, else the name inside.
func streamName(file, inside string) string {
	lower := strings.ToLower(file)
	for _, e := range streamEndings {
		if strings.HasSuffix(lower, e[0]) && len(file) > len(e[0]) {
			return file[:len(file)-len(e[0])] + e[1]
		}
	}
	if inside != "" && inside != "." && inside != "/" {
		return inside
	}
	return "content"
}
