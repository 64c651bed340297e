//go:build !linux

package agent

import (
	"os"

	"golang.org/x/sys/unix"
)

// isMountPoint reports whether something is mounted on the directory: it is
// then on another device than what it is in.
func isMountPoint(dir *os.File) (bool, error) {
	var self, parent unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &self); err != nil {
		return false, &os.PathError{Op: "fstat", Path: dir.Name(), Err: err}
	}
	if err := unix.Fstatat(int(dir.Fd()), "..", &parent, 0); err != nil {
		return false, &os.PathError{Op: "fstatat", Path: dir.Name(), Err: err}
	}
	return self.Dev != parent.Dev, nil
}
