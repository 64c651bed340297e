package process

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
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
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrRootInUse, s.root, err)
	}
	err = record.Read(s.instanceFile(), s.instance)
	if errors.Is(err, fs.ErrNotExist) {
		s.instance.Name = strings.ToLower(rand.Text())
		return s.save()
	}
	return err
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
