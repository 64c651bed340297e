package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/clock"
)

// sandboxDir is where the sandboxes are in the work directory.
const sandboxDir = "sandboxes"

// sandboxes are those that are in use. The others wait to be removed.
type sandboxes struct {
	root string // an absolute path

	mu    sync.Mutex
	inUse map[string]bool
}

// take returns the directory for a new run of what is called name. An earlier
// one, of an agent before this, is left as it is. The directory itself is made
// by the containerizer, for the user of the command.
func (s *sandboxes) take(framework proffer.FrameworkID, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := filepath.Join(s.root, string(framework), name)
	for n, dir := 2, first; ; n, dir = n+1, fmt.Sprintf("%s~%d", first, n) {
		_, err := os.Lstat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if !s.inUse[dir] {
				s.inUse[dir] = true
				return dir, nil
			}
		case err != nil:
			return "", fmt.Errorf("find a place for the sandbox: %w", err)
		}
	}
}

// keep has a sandbox be in use that an earlier agent took.
func (s *sandboxes) keep(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse[dir] = true
}

// giveBack tells that the run has ended. Its time is kept with the directory.
func (s *sandboxes) giveBack(dir string) {
	now := unix.NsecToTimespec(clock.System.Now().UnixNano())
	_ = unix.UtimesNanoAt(unix.AT_FDCWD, dir, []unix.Timespec{now, now}, unix.AT_SYMLINK_NOFOLLOW) // it may never have been made
	s.mu.Lock()
	delete(s.inUse, dir)
	s.mu.Unlock()
}

func (s *sandboxes) used(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inUse[dir]
}
