//go:build !linux

package shim

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func self() (string, error) { return os.Executable() }

// adopt cannot be done here: a descendant that leaves the command's process
// group gets away.
func adopt() error { return nil }

const adopts = false

func showName(string) error { return nil }

// dieWithShim cannot be done here: a command outlives a shim that is killed.
func dieWithShim() error {
	if isOrphan() {
		return errors.New("the shim has gone")
	}
	return nil
}

var rlimits = map[string]int{
	"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA,
	"fsize": unix.RLIMIT_FSIZE, "memlock": unix.RLIMIT_MEMLOCK, "nofile": unix.RLIMIT_NOFILE,
	"nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "stack": unix.RLIMIT_STACK,
}
