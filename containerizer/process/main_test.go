package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// instances is where the tests, and the programs they start, note which
// instances they have made, so that others' are not taken for leftovers.
const instances = "PROFFER_TEST_INSTANCES"

func TestMain(m *testing.M) {
	if os.Getenv(instances) != "" {
		os.Exit(m.Run()) // a program that a test started
	}
	dir, err := os.MkdirTemp("", "process-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "instances"), 0o700)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	err = errors.Join(os.Setenv("TMPDIR", dir), os.Setenv(instances, filepath.Join(dir, "instances")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := os.RemoveAll(dir); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// note keeps the place of the instance's groups for leftovers.
func note(c *Containerizer) error {
	if c.cgroup == nil {
		return nil
	}
	return record.Write(filepath.Join(os.Getenv(instances), c.state.instance.GetName()), c.state.instance, false)
}

// leftovers returns the processes and groups of the tests that there are.
func leftovers() ([]string, error) {
	left, err := leftGroups()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return left, nil //nolint:nilerr // without /proc there is no way to tell
	}
	for _, e := range entries {
		dir := "/proc/" + e.Name()
		if e.Name() == fmt.Sprint(os.Getpid()) {
			continue
		}
		// Zombies have neither; they are children of somebody who will see.
		cwd, _ := os.Readlink(dir + "/cwd")
		env, _ := os.ReadFile(dir + "/environ")
		line, _ := os.ReadFile(dir + "/cmdline")
		stat, _ := os.ReadFile(dir + "/stat")
		ours := strings.HasPrefix(cwd, os.TempDir()+"/") ||
			(bytes.HasPrefix(line, []byte("proffer-")) && bytes.Contains(env, []byte(instances+"="+os.Getenv(instances)))) ||
			strings.Contains(string(stat), fmt.Sprintf(") Z %d ", os.Getpid()))
		if ours {
			left = append(left, fmt.Sprintf("process %s %q in %s: %.60s", e.Name(), line, cwd, stat))
		}
	}
	return left, nil
}

func leftGroups() ([]string, error) {
	var left []string
	notes, err := filepath.Glob(filepath.Join(os.Getenv(instances), "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range notes {
		instance := new(record.Instance)
		if err := record.Read(file, instance); err != nil {
			return nil, err
		}
		names, err := cgroup.Children(instance.GetCgroup())
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			left = append(left, "cgroup "+instance.GetName()+"/"+name)
		}
	}
	return left, nil
}
