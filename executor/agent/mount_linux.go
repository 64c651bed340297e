package agent

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// isMountPoint reports whether something is mounted on the directory.
func isMountPoint(dir *os.File) (bool, error) {
	var s unix.Statx_t
	if err := unix.Statx(int(dir.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS, &s); err != nil {
		return false, &os.PathError{Op: "statx", Path: dir.Name(), Err: err}
	}
	if s.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT == 0 {
		return false, fmt.Errorf("%s: whether it is a mount point cannot be told by this kernel: 5.8 can", dir.Name())
	}
	return s.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}
