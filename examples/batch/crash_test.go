package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proffer-go/proffer/scheduler/registry/bolt"
)

// elsewhere are the points that a batch does not come by: the tests of
// executor/agent do.
var elsewhere = regexp.MustCompile(`^agent/(kill|executor)/`)

// points returns the names of the points at which the library can be killed,
// from its source: those of a launch, a status, an end, and of a recovery.
func points(t *testing.T) []string {
	t.Helper()
	hit := regexp.MustCompile(`crashpoint\.Hit\("((?:agent|master)/[a-z/]+)"\)`)
	var names []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range hit.FindAllSubmatch(text, -1) {
			if name := string(m[1]); !elsewhere.MatchString(name) {
				names = append(names, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The crash matrix: the program is killed at every point, at the first time that
// it comes by and at a later one, and started again. In the end every job ran
// once, and of processes, control groups and records nothing is left.
func TestCrashMatrix(t *testing.T) {
	names := points(t)
	if len(names) < 25 {
		t.Errorf("there are only %d points: %q", len(names), names)
	}
	for i, name := range names {
		if testing.Short() && i%4 != 0 {
			continue
		}
		for _, time := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s#%d", name, time), func(t *testing.T) {
				t.Parallel()
				crashAt(t, fmt.Sprintf("%s#%d", name, time), time == 1)
			})
		}
	}
}

// crashAt runs a batch that is to die at a point. With must, not to come by is an
// error: some points are passed once only.
func crashAt(t *testing.T, point string, must bool) {
	dir := t.TempDir()
	var jobs strings.Builder
	for i := range 5 {
		fmt.Fprintf(&jobs, "{\"name\":\"j%[1]d\",\"command\":\"echo s >> %[2]s/j%[1]d.log; sleep 0.0%[1]d; echo e >> %[2]s/j%[1]d.log\"}\n", i, dir)
	}
	write(t, filepath.Join(dir, "jobs"), jobs.String())
	run := func(env ...string) (string, *os.ProcessState) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out bytes.Buffer
		c := exec.CommandContext(ctx, program, "-data", "data", "-resources", "cpus:2;mem:100", "jobs")
		c.Dir, c.Stdout, c.Stderr, c.Env = dir, &out, &out, append(os.Environ(), env...)
		if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		return out.String(), c.ProcessState
	}
	if strings.Contains(point, "/recover") { // there has to be something to recover
		run("PROFFER_CRASH_AT=agent/launch/launched")
	}
	first, state := run("PROFFER_CRASH_AT=" + point)
	if status, ok := state.Sys().(syscall.WaitStatus); must && (!ok || status.Signal() != syscall.SIGKILL) {
		t.Fatalf("it was not killed: %v\n%s", state, first)
	}
	second, state := run()
	if state.ExitCode() != 0 {
		t.Errorf("started again, it ends with %v:\n%s\n%s", state, first, second)
	}
	for i := range 5 {
		log, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("j%d.log", i)))
		if err != nil || string(log) != "s\ne\n" {
			t.Errorf("job j%d: %q, want it to have run once (%v)\n%s\n%s", i, log, err, first, second)
		}
	}
	compareWorld(t, dir)
}

// compareWorld looks for what a batch that has ended may not leave.
func compareWorld(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(filepath.Join(dir, "data", "containers", "run")); err != nil || len(left) > 0 {
		t.Errorf("containers are left: %v, %v", left, err)
	}
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, dir) {
			t.Errorf("%s works in %s", link, cwd)
		}
	}
	for _, group := range controlGroups(t, dir) {
		t.Errorf("control group %s is left", group)
	}
	r, err := bolt.Open(filepath.Join(dir, "data", "master.db"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := r.Load(t.Context())
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	for key := range records {
		if strings.HasPrefix(key, "task/") {
			t.Errorf("the registry has %s", key)
		}
	}
}

// controlGroups returns those of the containers of a data directory, which have
// the name of its containerizer.
func controlGroups(t *testing.T, dir string) []string {
	t.Helper()
	record, err := os.ReadFile(filepath.Join(dir, "data", "containers", "instance"))
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`[a-z2-7]{26}`).Find(record)
	if name == nil {
		t.Fatalf("the containerizer has no name: %q", record)
	}
	var found []string
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && filepath.Base(path) == string(name) {
			found = append(found, path)
		}
		return nil // groups of others come and go while we look
	})
	return found
}
