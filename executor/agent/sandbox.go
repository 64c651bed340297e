package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
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
	root  string // an absolute path
	batch int    // after so many ends it is worth looking for what to remove
	many  chan struct{}

	mu    sync.Mutex
	inUse map[string]bool
	fresh int // that have ended since it was looked
}

// newSandboxes returns those below a directory, of which most are kept.
func newSandboxes(root string, most int) sandboxes {
	batch := most/10 + 1
	if most < 0 {
		batch = math.MaxInt
	}
	return sandboxes{root: root, batch: batch, many: make(chan struct{}, 1), inUse: make(map[string]bool)}
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
	defer s.mu.Unlock()
	delete(s.inUse, dir)
	if s.fresh++; s.fresh == s.batch {
		select {
		case s.many <- struct{}{}:
		default: // it is being looked
		}
	}
}

func (s *sandboxes) used(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inUse[dir]
}
