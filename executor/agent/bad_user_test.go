package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

func shell(id proffer.TaskID, line string) *proffer.TaskInfo {
	return &proffer.TaskInfo{ID: id, Command: proffer.Shell(line), Resources: resources.MustParse("cpus:0.1;mem:64")}
}

// stillWorks runs a task to see that the agent goes on.
func stillWorks(t *testing.T, m *fakeMaster) {
	t.Helper()
	id := proffer.TaskID(fmt.Sprintf("after-%s-%d", filepath.Base(t.Name()), time.Now().UnixNano()))
	m.send(run(shell(id, "true")))
	if got := m.end(t, id); got.State != proffer.TaskFinished {
		t.Errorf("the next task: %s", got)
	}
}

func TestBadCommands(t *testing.T) {
	m, _ := startRealAgent(t, agent.Config{})
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("not a program"), 0o644); err != nil {
		t.Fatal(err)
	}
	stranger := command("stranger", "true")
	stranger.Command.User = "nobody-of-this-name"
	limited := command("limited", "true")
	limited.Command.Limit = []proffer.Rlimit{{Name: "patience"}}
	for _, tc := range []struct {
		task   *proffer.TaskInfo
		state  proffer.TaskState
		reason proffer.Reason
		text   string
	}{
		{command("absent", "/does/not/exist"), proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "not found"},
		{command("nowhere", "no-such-program-anywhere"), proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "not found"},
		{command("plain", plain), proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "not executable"},
		{command("directory", "/"), proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "not executable"},
		{stranger, proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "unknown user"},
		{limited, proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "rlimit"},
		{shell("three", "exit 3"), proffer.TaskFailed, proffer.ReasonCommandExited, "exit status 3"},
		{shell("suicide", "kill -SEGV $$"), proffer.TaskFailed, proffer.ReasonCommandExited, "signal: segmentation fault"},
	} {
		m.send(run(tc.task))
		got := m.end(t, tc.task.ID)
		if got.State != tc.state || got.Reason != tc.reason || !strings.Contains(got.Message, tc.text) {
			t.Errorf("%s: %s, want %s %s with %q", tc.task.ID, got, tc.state, tc.reason, tc.text)
		}
	}
	stillWorks(t, m)
}

// A command that forks daemons ends with them.
func TestDaemonsEndWithTheirCommand(t *testing.T) {
	m, _ := startRealAgent(t, agent.Config{})
	id := proffer.TaskID(fmt.Sprintf("daemons-%d-%d", os.Getpid(), time.Now().UnixNano()))
	m.send(run(shell(id, `
		for i in 1 2 3; do
			(trap "" HUP TERM; echo $i > started-$i; exec sleep 1000) &
		done
		while [ ! -e started-1 ] || [ ! -e started-2 ] || [ ! -e started-3 ]; do sleep 0.01; done`)))
	if got := m.end(t, id); got.State != proffer.TaskFinished {
		t.Errorf("status %s", got)
	}
	if left := processesOf(t, id); len(left) > 0 {
		t.Errorf("processes are left: %s", left)
	}
	stillWorks(t, m)
}

// processesOf returns the processes that have a task in their environment.
func processesOf(t *testing.T, task proffer.TaskID) []string {
	t.Helper()
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range environments {
		// Those that cannot be read are others'.
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), "PROFFER_TASK_ID="+string(task)) {
			found = append(found, filepath.Dir(path))
		}
	}
	return found
}

func TestCommandThatIgnoresSIGTERM(t *testing.T) {
	m, _ := startRealAgent(t, agent.Config{})
	m.send(run(shell("deaf", `trap "" TERM; echo ready > ready; while :; do sleep 0.1; done`)))
	m.status(t, "deaf", proffer.TaskStarting)
	running := m.status(t, "deaf", proffer.TaskRunning)
	waitForFile(t, filepath.Join(running.Container.Sandbox, "ready"))
	grace := 200 * time.Millisecond
	start := time.Now()
	m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: "deaf", Grace: &grace})
	got := m.end(t, "deaf")
	if took := time.Since(start); got.State != proffer.TaskKilled || got.Exit.Signal != syscall.SIGKILL || took < grace {
		t.Errorf("%s after %v, exit %v", got, took, got.Exit)
	}
	stillWorks(t, m)
}

func waitForFile(t *testing.T, path string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%s never came", path)
		}
	}
}

// 1 GB of output fills no disk and holds up nobody.
func TestCommandThatWritesTooMuch(t *testing.T) {
	size := 1 << 30
	if testing.Short() {
		size = 64 << 20
	}
	m, _ := startRealAgent(t, agent.Config{})
	m.send(run(shell("loud", fmt.Sprintf("head -c %d /dev/zero; echo done >&2", size))))
	stillWorks(t, m)
	got := m.end(t, "loud")
	if got.State != proffer.TaskFinished {
		t.Errorf("status %s", got)
	}
	entries, err := os.ReadDir(got.Container.Sandbox)
	if err != nil {
		t.Fatal(err)
	}
	var kept int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		kept += info.Size()
	}
	if kept == 0 || kept > 32<<20 {
		t.Errorf("%d bytes of output are kept of %d", kept, size)
	}
}

func TestOutputComesBeforeTheEnd(t *testing.T) {
	var mu sync.Mutex
	got := map[bool][]string{}
	m, _ := startRealAgent(t, agent.Config{Output: func(l agent.Line) {
		mu.Lock()
		defer mu.Unlock()
		if l.FrameworkID != "F1" || l.TaskID != "t1" {
			t.Errorf("line %+v", l)
		}
		got[l.Stderr] = append(got[l.Stderr], l.Text)
	}})
	m.send(run(shell("t1", `i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done; echo oh >&2; printf rest`)))
	m.end(t, "t1")
	mu.Lock()
	defer mu.Unlock()
	want := map[bool][]string{true: {"oh"}}
	for i := range 100 {
		want[false] = append(want[false], fmt.Sprintf("line %d", i))
	}
	want[false] = append(want[false], "rest")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestCommandOfAnotherUser(t *testing.T) {
	task := command("t1", "id", "-u")
	task.Command.User = "65534"
	if os.Getuid() != 0 {
		task.Command.User = "0"
		m, _ := startRealAgent(t, agent.Config{})
		m.send(run(task))
		if got := m.end(t, "t1"); got.State != proffer.TaskFailed || got.Reason != proffer.ReasonContainerLaunchFailed {
			t.Errorf("status %s", got)
		}
		return
	}
	dir := openToAll(t)
	m, _ := startRealAgent(t, agent.Config{WorkDir: dir})
	m.send(run(task))
	got := m.end(t, "t1")
	if got.State != proffer.TaskFinished {
		t.Fatalf("status %s", got)
	}
	out, err := os.ReadFile(filepath.Join(got.Container.Sandbox, "stdout"))
	if err != nil || string(out) != "65534\n" {
		t.Errorf("it ran as %q, %v", out, err)
	}
}

// openToAll returns a directory that other users may enter.
func openToAll(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "agent-test-") //nolint:usetesting // what is above t.TempDir's may be closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
