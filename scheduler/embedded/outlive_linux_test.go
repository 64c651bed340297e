package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
	"github.com/proffer-go/proffer/scheduler/registry"
)

// keeper is a framework on a directory, one run of its program after the other.
type keeper struct {
	*jobs
	d *scheduler.Driver
}

// keep starts a cluster and a framework on a directory. The function that it
// returns ends both, and leaves what runs.
func keep(t *testing.T, dir string, j *jobs) (k *keeper, end func()) {
	t.Helper()
	cluster, err := embedded.Start(embedded.Config{Dir: dir, Agents: 2})
	if err != nil {
		t.Fatal(err)
	}
	k = &keeper{jobs: j}
	k.d, err = scheduler.New(j, scheduler.Config{Name: "keeper", Master: cluster, IDs: scheduler.IDFile(filepath.Join(dir, "id"))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	ended := make(chan error, 1)
	go func() { ended <- k.d.Run(ctx) }()
	return k, func() {
		cancel()
		if err := errors.Join(<-ended, cluster.Close()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// heard is the statuses of tasks as they come in.
type heard struct {
	statuses chan proffer.TaskStatus
	before   []proffer.TaskStatus
}

func hear(j *jobs) *heard {
	h := &heard{statuses: make(chan proffer.TaskStatus, 100)}
	j.onStatus = func(_ *scheduler.Driver, s proffer.TaskStatus) { h.statuses <- s }
	return h
}

// until waits for a task to be in a state, or finds that it was.
func (h *heard) until(t *testing.T, id proffer.TaskID, state proffer.TaskState) proffer.TaskStatus {
	t.Helper()
	is := func(s proffer.TaskStatus) bool { return s.TaskID == id && s.State == state }
	if i := slices.IndexFunc(h.before, is); i >= 0 {
		return h.before[i]
	}
	for {
		select {
		case s := <-h.statuses:
			h.before = append(h.before, s)
			if is(s) {
				return s
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s is never %s: %v", id, state, h.before)
		}
	}
}

// A cluster on a directory ends, its tasks do not: one ends while there is no
// cluster, one goes on, one is killed by the next.
func TestTasksOutliveTheCluster(t *testing.T) {
	dir, gate := t.TempDir(), filepath.Join(t.TempDir(), "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	first := newJobs(shell("ends", "read line < "+gate+"; exit 7"), shell("goes-on", "sleep 1000"))
	first.left = 99 // it is not torn down
	h := hear(first)
	_, end := keep(t, dir, first)
	h.until(t, "ends", proffer.TaskRunning)
	running := h.until(t, "goes-on", proffer.TaskRunning)
	_, err := embedded.Start(embedded.Config{Dir: dir})
	if !errors.Is(err, registry.ErrInUse) {
		t.Errorf("a second cluster on the directory: %v", err)
	}
	end()
	if err := syscall.Kill(running.Container.PID, 0); err != nil {
		t.Fatalf("process %d: %v", running.Container.PID, err)
	}
	if err := os.WriteFile(gate, []byte("go\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	second := newJobs()
	second.left = 2
	h = hear(second)
	k, end := keep(t, dir, second)
	s := h.until(t, "ends", proffer.TaskFailed)
	if s.Exit == nil || s.Exit.Code != 7 {
		t.Errorf("%+v", s)
	}
	if err := k.d.Kill("goes-on"); err != nil {
		t.Error(err)
	}
	h.until(t, "goes-on", proffer.TaskKilled)
	end()
	if left := entries(t, filepath.Join(dir, "containers", "run")); len(left) > 0 {
		t.Errorf("containers are left: %v", left)
	}
}

// What a framework that was torn down ran has ended when Close returns.
func TestCloseWaitsForWhatIsKilled(t *testing.T) {
	dir := t.TempDir()
	j := newJobs(shell("stubborn", "trap '' TERM; echo up; while :; do sleep 0.1; done"))
	j.onStatus = func(d *scheduler.Driver, s proffer.TaskStatus) {
		if s.State == proffer.TaskRunning {
			if err := d.Teardown(); err != nil {
				t.Error(err)
			}
		}
	}
	err := embedded.Run(within(t), embedded.Config{Dir: dir}, j, scheduler.Config{Name: "torn-down"})
	if err != nil {
		t.Fatal(err)
	}
	if left := entries(t, filepath.Join(dir, "containers", "run")); len(left) > 0 {
		t.Errorf("containers are left: %v", left)
	}
}

// A framework that has lost its id does not begin anew beside its tasks.
func TestLostFrameworkID(t *testing.T) {
	dir := t.TempDir()
	first := newJobs(shell("t1", "sleep 1000"))
	first.left = 99
	h := hear(first)
	_, end := keep(t, dir, first)
	h.until(t, "t1", proffer.TaskRunning)
	end()
	if err := os.Remove(filepath.Join(dir, "id")); err != nil {
		t.Fatal(err)
	}
	cluster, err := embedded.Start(embedded.Config{Dir: dir, Agents: 2})
	if err != nil {
		t.Fatal(err)
	}
	d, err := scheduler.New(newJobs(), scheduler.Config{Name: "keeper", Master: cluster})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Run(within(t))
	if !errors.Is(err, scheduler.ErrFrameworkIDMissing) || !strings.Contains(fmt.Sprint(err), "1 tasks as F1") {
		t.Errorf("Run returned %v", err)
	}
	// An operator ends it.
	if err := cluster.Master().Teardown(within(t), "F1"); err != nil {
		t.Error(err)
	}
	if err := cluster.Close(); err != nil {
		t.Error(err)
	}
	if left := entries(t, filepath.Join(dir, "containers", "run")); len(left) > 0 {
		t.Errorf("containers are left: %v", left)
	}
}
