package agent_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process"
	"github.com/proffer-go/proffer/internal/protocol"
)

// gate is a named pipe: a command that reads it goes on when it is opened, and
// one that holds it open is seen to end.
type gate struct {
	t    *testing.T
	path string
}

func newGate(t *testing.T, dir, name string) gate {
	t.Helper()
	g := gate{t, filepath.Join(dir, name)}
	if err := unix.Mkfifo(g.path, 0o666); err != nil {
		t.Fatal(err)
	}
	return g
}

// pass is a line for a shell that waits for the gate to be opened.
func (g gate) pass() string { return fmt.Sprintf("read go < %s", g.path) }

// open waits for somebody who waits, and has it go on.
func (g gate) open() {
	g.t.Helper()
	if err := os.WriteFile(g.path, []byte("go\n"), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// hold is a line for a shell that holds the gate until it ends.
func (g gate) hold() string { return fmt.Sprintf("exec 9> %s", g.path) }

// held opens the other end; the function waits until nobody holds it.
func (g gate) held() (wait func()) {
	g.t.Helper()
	f, err := os.Open(g.path)
	if err != nil {
		g.t.Fatal(err)
	}
	return func() {
		g.t.Helper()
		_, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			g.t.Fatal(err)
		}
	}
}

func steps(id proffer.TaskID, lines ...string) *proffer.TaskInfo {
	return command(id, "/bin/sh", "-c", strings.Join(lines, "\n"))
}

// registered waits for the register of an agent that was started.
func (m *fakeMaster) register(t *testing.T) *protocol.Register {
	t.Helper()
	<-m.registered
	r, ok := m.next(t).(*protocol.Register)
	if !ok {
		t.Fatalf("the first message is %+v, want a register", r)
	}
	return r
}

func states(r *protocol.Register) map[proffer.TaskID]string {
	found := map[proffer.TaskID]string{}
	for _, task := range r.Tasks {
		found[task.Task.ID] = task.State.String()
	}
	return found
}

// forget drops what an agent that is dead has said and nobody has read.
func (m *fakeMaster) forget() { m.received, m.queue = newFakeMaster().received, nil }

// running waits until n tasks run, and returns their statuses.
func (m *fakeMaster) running(t *testing.T, n int) map[proffer.TaskID]*proffer.TaskStatus {
	t.Helper()
	running := map[proffer.TaskID]*proffer.TaskStatus{}
	for len(running) < n {
		u, ok := m.next(t).(*protocol.StatusUpdate)
		if !ok {
			continue
		}
		m.send(&protocol.Acknowledge{FrameworkID: u.FrameworkID, TaskID: u.Status.TaskID, UpdateID: u.Status.UpdateID})
		if u.Status.State == proffer.TaskRunning {
			running[u.Status.TaskID] = u.Status
		}
	}
	return running
}

// leaveNothing ends what is left of a victim's containers at the end of a test.
func leaveNothing(t *testing.T, dir string) {
	t.Helper()
	t.Cleanup(func() {
		cz, err := process.New(process.Config{Root: filepath.Join(dir, "containers"), EndWithProgram: true})
		if err != nil {
			t.Error(err)
			return
		}
		list, err := cz.List(t.Context())
		for _, c := range list {
			err = errors.Join(err, cz.Kill(t.Context(), c.ID)) // the others outlive their maker
		}
		if err := errors.Join(err, cz.Close()); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
	})
}

// An agent that is killed and started again goes on: what runs is adopted with
// its process and its output, what ended meanwhile is told with its real exit,
// and what the scheduler knows is not told again.
func TestAKilledAgentGoesOn(t *testing.T) {
	dir := t.TempDir()
	leaveNothing(t, dir)
	m := newFakeMaster()
	v := startVictim(t, m, dir, "")
	m.register(t)
	going, ending := newGate(t, dir, "going"), newGate(t, dir, "ending")
	first, second := newGate(t, dir, "first"), newGate(t, dir, "second")
	m.send(run(
		steps("on", "echo 1", first.pass(), "echo 2; echo 3 >&2", second.pass(), "echo 4; exit 5"),
		steps("ends", ending.hold(), "echo a", going.pass(), "echo b; exit 7"),
	))
	running := m.running(t, 2)
	ended := ending.held()
	m.send(run(steps("never", "exit 1"))) // it may arrive before the end, or not
	v.kill()
	going.open()
	ended()
	first.open()

	// Its registration and what it has to say, in any order of the two tasks.
	m.forget()
	v = startVictim(t, m, dir, "")
	r := m.register(t)
	if r.Info.ID != "A1" {
		t.Errorf("the agent comes back as %q, want A1", r.Info.ID)
	}
	if got := states(r)["on"]; got != "TASK_RUNNING" {
		t.Errorf("task on is %s, want TASK_RUNNING", got)
	}
	end := m.end(t, "ends")
	if end.State != proffer.TaskFailed || end.Exit == nil || end.Exit.Code != 7 {
		t.Errorf("%s with %v, want the real exit", end, end.Exit)
	}
	on := r.Tasks[slices.IndexFunc(r.Tasks, func(task protocol.RunningTask) bool { return task.Task.ID == "on" })]
	if diff := cmp.Diff(running["on"].Container, on.Status.Container); diff != "" {
		t.Errorf("the container of on (-before +after)\n%s", diff)
	}
	m.send(run(steps("on", "echo a second copy"))) // the id is taken
	m.send(&protocol.Acknowledge{FrameworkID: "F1", TaskID: "on", UpdateID: 1})
	v.stop(t)

	m.forget()
	v = startVictim(t, m, dir, "")
	if got := states(m.register(t))["on"]; got != "TASK_RUNNING" {
		t.Errorf("task on is %s, want TASK_RUNNING", got)
	}
	second.open()
	if end := m.end(t, "on"); end.Exit == nil || end.Exit.Code != 5 {
		t.Errorf("%s with %v, want exit 5", end, end.Exit)
	}
	v.stop(t)
	checkLines(t, dir, map[string][]string{"on": {"1", "2", "3", "4"}, "ends": {"a", "b"}})
	if out, err := os.ReadFile(filepath.Join(running["on"].Container.Sandbox, "stdout")); err != nil || string(out) != "1\n2\n4\n" {
		t.Errorf("stdout is %q, %v", out, err)
	}
}

// checkLines holds the lines that Config.Output received against those that
// were written: each came, in the order of its stream, and again only after a
// crash.
func checkLines(t *testing.T, dir string, want map[string][]string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "lines"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]bool{}
	for line := range strings.Lines(string(b)) {
		task, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if got[task] == nil {
			got[task] = map[string]bool{}
		}
		got[task][text] = true
	}
	for task, lines := range want {
		for _, line := range lines {
			if !got[task][line] {
				t.Errorf("line %q of %s is lost: %q", line, task, b)
			}
		}
		if len(got[task]) != len(lines) {
			t.Errorf("lines of %s: %v, want %q", task, got[task], lines)
		}
	}
}
