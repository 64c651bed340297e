package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// RemoveRunDir removes a container's run directory: its files by name, so that
// it never removes anything else.
func RemoveRunDir(dir string) error {
	var errs []error
	for _, name := range []string{ControlSocket, LogFile, ContainerFile + ".new", ExitFile + ".new", ExitFile, ContainerFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// RemoveAll removes dir and everything in it, but nothing at all when
// something is mounted inside: what is behind a mount is not ours.
func RemoveAll(dir string) error {
	mounts, err := mountPoints()
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if m == dir || strings.HasPrefix(m, dir+"/") {
			return fmt.Errorf("remove %s: %s is mounted in it", dir, m)
		}
	}
	return os.RemoveAll(dir)
}
