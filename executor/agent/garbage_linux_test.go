package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What a task had mounted in its sandbox is not the agent's to remove.
func TestMountsAreLeft(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting takes root")
	}
	root, elsewhere := t.TempDir(), t.TempDir()
	tree(t, root, "F1/old/data/", "F1/old/file")
	tree(t, elsewhere, "precious")
	if err := unix.Mount(elsewhere, filepath.Join(root, "F1/old/data"), "", unix.MS_BIND, ""); err != nil {
		t.Skipf("a directory cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(filepath.Join(root, "F1/old/data"), unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	age(t, root, "F1/old")
	s := &sandboxes{root: root}
	if err := s.removeOld(time.Now(), -1); err == nil || !strings.Contains(err.Error(), "is a mount point") {
		t.Errorf("removeOld: %v", err)
	}
	if !exists(t, filepath.Join(elsewhere, "precious")) {
		t.Error("a file behind a mount was removed")
	}
}
