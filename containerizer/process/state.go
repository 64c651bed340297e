package process

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
	"github.com/proffer-go/proffer/internal/clock"
)

// state is the root directory:
//
//	lock        held by the Containerizer that uses the directory
//	instance    record.Instance
//	run/ID/     a container's run directory (package shim)
type state struct {
	root      string
	temporary bool
	lock      *os.File
	instance  *record.Instance
}

// longestAcquire is the last pause before a lock is taken for held.
const longestAcquire = 128 * time.Millisecond

func openState(root string) (*state, error) {
	s := &state{root: root, instance: new(record.Instance)}
	if root == "" {
		dir, err := os.MkdirTemp("", "proffer-")
		if err != nil {
			return nil, err
		}
		s.root, s.temporary = dir, true
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *state) open() error {
	if err := os.MkdirAll(filepath.Join(s.root, "run"), 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(s.root, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	s.lock = lock
	if err := s.acquire(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrRootInUse, s.root, err)
	}
	err = record.Read(s.instanceFile(), s.instance)
	if errors.Is(err, fs.ErrNotExist) {
		s.instance.Name = strings.ToLower(rand.Text())
		return s.save()
	}
	return err
}

// acquire takes the lock. It insists a little: a process that an earlier
// program was about to start when it was killed holds the lock for a moment.
func (s *state) acquire() error {
	for pause := time.Millisecond; ; pause *= 2 {
		err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil || !errors.Is(err, unix.EWOULDBLOCK) || pause > longestAcquire {
			return err
		}
		<-clock.System.NewTimer(pause).C()
	}
}

func (s *state) instanceFile() string { return filepath.Join(s.root, "instance") }

func (s *state) save() error { return record.Write(s.instanceFile(), s.instance, !s.temporary) }

func (s *state) runDir(id proffer.ContainerID) string {
	return filepath.Join(s.root, "run", string(id))
}

// mark is the value of shim.MarkVariable in a container's processes.
func (s *state) mark(id proffer.ContainerID) string {
	return s.instance.GetName() + "/" + string(id)
}

// ids returns the ids for which there are run directories.
func (s *state) ids() ([]proffer.ContainerID, error) {
	entries, err := os.ReadDir(filepath.Join(s.root, "run"))
	if err != nil {
		return nil, err
	}
	ids := make([]proffer.ContainerID, len(entries))
	for i, e := range entries {
		ids[i] = proffer.ContainerID(e.Name())
	}
	return ids, nil
}

// close gives the directory up.
func (s *state) close() error {
	var err error
	if s.lock != nil {
		err = s.lock.Close()
	}
	if s.temporary {
		err = errors.Join(err, shim.RemoveAll(s.root))
	}
	return err
}
