package evidence

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/nwaples/rardecode/v2"
)

// rarMembers yields the members of a rar in its order.
func rarMembers(c *container) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		z, err := openRar(c)
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			h, err := nextRar(z)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, rarError(err))
				return
			}
			if h.IsDir {
				continue
			}
			if !yield(rarMember(z, h), nil) {
				return
			}
		}
	}
}

func rarMember(z *rardecode.Reader, h *rardecode.FileHeader) *member {
	m := &member{name: pathText(h.Name), packed: h.PackedSize, backslash: true}
	if h.Solid {
		m.packed, m.solid = -1, true // what it repeats stands in members before
	}
	if !h.ModificationTime.IsZero() {
		m.modified = h.ModificationTime.UTC()
	}
	if h.LinkType != 0 {
		m.special, m.target = "link", pathText(h.LinkTarget)
	} else if h.HostOS == rardecode.HostOSUnix {
		m.special = specialMode(uint32(h.Attributes))
	}
	m.open = func(string) (io.Reader, error) { return rarReader{safeReader{z}}, nil }
	return m
}

// rarReader says in this package's words why a member ended.
type rarReader struct{ r io.Reader }

func (r rarReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = rarError(err)
	}
	return n, err
}

// openRar finds the password, where one is needed, by reading the first encrypted member.
func openRar(c *container) (*rardecode.Reader, error) {
	if encrypted, _ := probeRar(c, ""); !encrypted { // damage is found again in its place
		z, err := newRar(c, "")
		if err != nil {
			return nil, rarError(err)
		}
		return z, nil
	}
	for _, password := range c.o.passwords() {
		if _, err := probeRar(c, password); err == nil {
			return newRar(c, password)
		}
	}
	return nil, errPassword
}

func newRar(c *container, password string) (z *rardecode.Reader, err error) {
	err = safely(func() (err error) {
		options := []rardecode.Option{rardecode.MaxDictionarySize(maxWindow)}
		if password != "" {
			options = append(options, rardecode.Password(password))
		}
		z, err = rardecode.NewReader(io.NewSectionReader(c, 0, c.size), options...)
		return err
	})
	return z, err
}

func nextRar(z *rardecode.Reader) (h *rardecode.FileHeader, err error) {
	err = safely(func() (err error) {
		h, err = z.Next()
		return err
	})
	return h, err
}

// probeRar reads up to the first encrypted member, and of it as much as the limit lets it. encrypted says that there is one.
func probeRar(c *container, password string) (encrypted bool, err error) {
	z, err := newRar(c, password)
	if err != nil {
		return isRarEncrypted(err), err
	}
	for {
		h, err := nextRar(z)
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return isRarEncrypted(err), err
		}
		if !h.Encrypted && !h.HeaderEncrypted {
			continue
		}
		if password == "" {
			return true, errPassword
		}
		_, err = io.Copy(io.Discard, io.LimitReader(safeReader{z}, probeLimit))
		return true, err
	}
}

func isRarEncrypted(err error) bool {
	return errors.Is(err, rardecode.ErrArchiveEncrypted) || errors.Is(err, rardecode.ErrArchivedFileEncrypted) || errors.Is(err, rardecode.ErrBadPassword)
}

func rarError(err error) error {
	switch {
	case isRarEncrypted(err):
		return errPassword
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		return fmt.Errorf("%w: %w", ErrLimit, err)
	case errors.Is(err, rardecode.ErrMultiVolume):
		return fmt.Errorf("%w: one volume of several", ErrUnsupported)
	case errors.Is(err, rardecode.ErrShortFile):
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	return damaged(err)
}
