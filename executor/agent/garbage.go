package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"
)

// collectGarbage removes sandboxes that have been kept for long enough, or are
// too many, until ctx ends.
func (a *Agent) collectGarbage(ctx context.Context) {
	keep := a.cfg.KeepSandboxes
	pause := min(max(keep/10, time.Second), 10*time.Minute)
	timer := a.clock.NewTimer(pause)
	defer timer.Stop()
	for {
		var before time.Time // none ended before
		if keep >= 0 {
			before = a.clock.Now().Add(-keep)
		}
		if err := a.sandboxes.removeOld(before, a.cfg.MaxSandboxes); err != nil {
			a.log.Warn("old sandboxes not removed", zap.Error(err))
		}
		timer.Reset(pause)
		select {
		case <-timer.C():
		case <-a.sandboxes.many:
		case <-ctx.Done():
			return
		}
	}
}

// ended is a sandbox whose run has ended.
type ended struct {
	path string // below the root
	at   time.Time
}

// removeOld removes the sandboxes of runs that ended before a time, and of the
// others all but the latest so many; with most below 0 none of them.
func (s *sandboxes) removeOld(before time.Time, most int) error {
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.fresh = 0
	s.mu.Unlock()
	frameworks, err := list(root, ".")
	errs := []error{err}
	var kept []ended
	for _, framework := range frameworks {
		names, err := list(root, framework)
		errs = append(errs, err)
		for _, name := range names {
			path := filepath.Join(framework, name)
			info, err := root.Lstat(path)
			switch {
			case err != nil || s.used(filepath.Join(s.root, path)):
			case info.ModTime().Before(before):
				errs = append(errs, removeTree(root, path, 0))
			default:
				kept = append(kept, ended{path, info.ModTime()})
			}
		}
	}
	if most >= 0 && len(kept) > most {
		slices.SortFunc(kept, func(x, y ended) int { return x.at.Compare(y.at) })
		for _, e := range kept[:len(kept)-most] {
			errs = append(errs, removeTree(root, e.path, 0))
		}
	}
	for _, framework := range frameworks {
		s.removeEmpty(root, framework)
	}
	return errors.Join(append(errs, root.Close())...)
}

// removeEmpty removes the directory of a framework if nothing is in it, nor
// about to be made in it.
func (s *sandboxes) removeEmpty(root *os.Root, framework string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for dir := range s.inUse {
		if filepath.Dir(dir) == filepath.Join(s.root, framework) {
			return
		}
	}
	_ = root.Remove(framework) // it fails when something is in it
}

// list returns the names in a directory.
func list(root *os.Root, dir string) ([]string, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	return names, errors.Join(err, f.Close())
}

// maxDepth bounds the open files while a tree is removed.
const maxDepth = 200

// removeTree removes what is called name in root, and never goes through a
// symbolic link or into what is mounted: that is not ours.
func removeTree(root *os.Root, name string, depth int) error {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return root.Remove(name)
	case depth > maxDepth:
		return fmt.Errorf("%s: directories are nested too deeply to be removed", filepath.Join(root.Name(), name))
	}
	dir, err := root.OpenRoot(name)
	if err != nil {
		return err
	}
	err = removeContent(dir, depth)
	if err := errors.Join(err, dir.Close()); err != nil {
		return err
	}
	return root.Remove(name)
}

func removeContent(dir *os.Root, depth int) error {
	self, err := dir.Open(".")
	if err != nil {
		return err
	}
	mounted, err := isMountPoint(self)
	if err == nil && mounted {
		err = fmt.Errorf("%s is a mount point: it is left alone", dir.Name())
	}
	if err != nil {
		return errors.Join(err, self.Close())
	}
	names, err := self.Readdirnames(-1)
	errs := []error{err, self.Close()}
	for _, name := range names {
		errs = append(errs, removeTree(dir, name, depth+1))
	}
	return errors.Join(errs...)
}
