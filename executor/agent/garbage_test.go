package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tree makes files; a name that ends with a slash is a directory.
func tree(t *testing.T, root string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(root, name)
		dir := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir != path {
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// age has it look as if it was last changed two hours ago.
func age(t *testing.T, root, name string) {
	t.Helper()
	then := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(filepath.Join(root, name), then, then); err != nil {
		t.Fatal(err)
	}
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func TestOldSandboxesAreRemoved(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	tree(t, root, "F1/old/deep/er/file", "F1/young/file", "F1/used/file", "F2/old/file", "F3/")
	tree(t, elsewhere, "precious")
	if err := os.Symlink(elsewhere, filepath.Join(root, "F1/old/link")); err != nil {
		t.Fatal(err)
	}
	s := &sandboxes{root: root, inUse: map[string]bool{filepath.Join(root, "F1/used"): true}}
	for _, name := range []string{"F1/old", "F1/used", "F2/old"} {
		age(t, root, name)
	}
	if err := s.removeOld(time.Now().Add(-time.Hour), -1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"F1/old": false, "F1/young/file": true, "F1/used/file": true, "F2": false, "F3": false,
	} {
		if got := exists(t, filepath.Join(root, name)); got != want {
			t.Errorf("%s exists: %v, want %v", name, got, want)
		}
	}
	if !exists(t, filepath.Join(elsewhere, "precious")) {
		t.Error("a file behind a symbolic link was removed")
	}
}

func TestSandboxIsOldFromItsEndOn(t *testing.T) {
	root := t.TempDir()
	s := &sandboxes{root: root, inUse: make(map[string]bool)}
	dir, err := s.take("F1", "t1")
	if err != nil {
		t.Fatal(err)
	}
	tree(t, root, "F1/t1/file")
	age(t, root, "F1/t1") // it ran for long
	s.giveBack(dir)
	if err := s.removeOld(time.Now().Add(-time.Hour), -1); err != nil || !exists(t, dir) {
		t.Errorf("the sandbox exists: %v, %v", exists(t, dir), err)
	}
}

func TestSandboxesOfEarlierRunsAreLeft(t *testing.T) {
	root := t.TempDir()
	tree(t, root, "F1/t1/file", "F1/t1~2/file")
	s := &sandboxes{root: root, inUse: make(map[string]bool)}
	var got []string
	for range 2 {
		dir, err := s.take("F1", "t1")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.Base(dir))
	}
	if want := []string{"t1~3", "t1~4"}; !slices.Equal(got, want) {
		t.Errorf("sandboxes %q, want %q", got, want)
	}
}

func TestTreesTooDeepAreLeft(t *testing.T) {
	root := t.TempDir()
	tree(t, root, "F1/deep/"+strings.Repeat("d/", maxDepth+10))
	age(t, root, "F1/deep")
	s := &sandboxes{root: root}
	if err := s.removeOld(time.Now(), -1); err == nil || !strings.Contains(err.Error(), "nested too deeply") {
		t.Errorf("removeOld: %v", err)
	}
}

// The directory of a framework is left while the first sandbox in it is about
// to be made: its containerizer counts on it.
func TestSandboxAboutToBeMadeKeepsItsParent(t *testing.T) {
	root := t.TempDir()
	s := &sandboxes{root: root, inUse: make(map[string]bool)}
	dir, err := s.take("F1", "task")
	if err != nil {
		t.Fatal(err)
	}
	tree(t, root, "F1/", "F2/")
	if err := s.removeOld(time.Now(), -1); err != nil {
		t.Fatal(err)
	}
	if !exists(t, filepath.Dir(dir)) || exists(t, filepath.Join(root, "F2")) {
		t.Error("want F1 to stay, where a sandbox is about to be, and F2 to be removed")
	}
	s.giveBack(dir)
	if err := s.removeOld(time.Now(), -1); err != nil || exists(t, filepath.Join(root, "F1")) {
		t.Errorf("F1 is left with nothing in it: %v", err)
	}
}
