package detect

import (
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

const readsQuickly = true

// readQuickly reads a file of a folder into buf with three or four short calls: os.ReadFile after fs.Stat takes eight, and each of
// them looks the whole path up again. It follows no link and waits at no pipe. ok is false for whatever is not a file
// that is read at once and leaves room in buf.
func readQuickly(dir *os.File, name string, buf []byte) (data []byte, ok bool) {
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY
	fd, err := syscall.Openat(int(dir.Fd()), name, flags, 0)
	if err != nil {
		return nil, false
	}
	defer syscall.Close(fd)
	for n := 0; n < len(buf); {
		more, err := syscall.Read(fd, buf[n:])
		if err != nil || more < 0 {
			return nil, false
		}
		if more == 0 {
			return buf[:n], true
		}
		n += more
	}
	return nil, false
}

// stateOf asks the file system for the state of a plain file of a folder.
func stateOf(dir *os.File, name string) (s fileState, ok bool) {
	var st unix.Stat_t
	if unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return s, false
	}
	return fileState{uint64(st.Dev), st.Ino, st.Size, st.Mtim.Nano(), st.Ctim.Nano()}, true
}

// openFolder opens a folder. os.Open would first try whether one can wait for it.
func openFolder(name string) (*os.File, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// changeTimes are file systems that keep the time of a file's last change as POSIX wants it.
var changeTimes = []int64{
	unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC,
}

// believed returns the device of a folder, if it has a file system whose times of change are believed; else 0.
func believed(dir *os.File) uint64 {
	var fs unix.Statfs_t
	var st unix.Stat_t
	if unix.Fstatfs(int(dir.Fd()), &fs) != nil || unix.Fstat(int(dir.Fd()), &st) != nil || !slices.Contains(changeTimes, int64(fs.Type)) {
		return 0
	}
	return uint64(st.Dev)
}
