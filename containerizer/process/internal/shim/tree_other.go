//go:build !linux

package shim

import (
	"errors"

	"golang.org/x/sys/unix"
)

// killTree kills the command's process group: the rest of its descendants
// cannot be found here.
func killTree(group int) (dying, beyond int, err error) {
	if group == 0 {
		return 0, 0, nil
	}
	if err := unix.Kill(-group, unix.SIGKILL); err != nil {
		return 0, 0, nil //nolint:nilerr // the group is gone, or all of it is dead
	}
	return 1, 0, nil
}

func treeUsage() (usage, error) {
	return usage{}, errors.New("the usage of processes without cgroups takes Linux")
}

// killMarked cannot find processes by their environment here.
func killMarked(string, bool) (int, error) { return 0, nil }

// StartTime is not known here.
func StartTime(int) (int64, bool) { return 0, false }
