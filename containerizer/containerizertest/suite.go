package containerizertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/internal/clock"
)

// Subject is the implementation under test.
type Subject struct {
	// New returns a Containerizer that keeps its state in dir. It is called
	// again with the same dir after Close to find the containers again.
	New func(dir string) (containerizer.Containerizer, error)

	// NewEndingWithProgram returns one whose containers end with the program;
	// sandboxes are below remove, which goes with them. Nil if there is none.
	NewEndingWithProgram func(remove string) (containerizer.Containerizer, error)

	// Program is the path, in the containers, of a program that imports this
	// package. Default: the test binary.
	Program string

	// Leftovers names what there is outside of the state directory that the
	// implementation made: processes, cgroups, mounts. Without containers it
	// returns nothing. Nil if there is nothing of the kind.
	Leftovers func() ([]string, error)

	Capabilities Capabilities
}

// Capabilities are what an implementation can do where the tests run. A test
// of one that is missing is skipped.
type Capabilities struct {
	Limits   bool // of processor, memory and processes are enforced
	Users    bool // containers may run as another user
	Detached bool // processes that left the command's session are found
}

// patience is how long anything may take that should happen at once: far more
// than it does on a busy machine.
const patience = 2 * time.Minute

// Run tests every promise of [containerizer.Containerizer].
func Run(t *testing.T, s Subject) {
	t.Helper()
	if s.Program == "" {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		s.Program = exe
	}
	if dir := os.Getenv(victimVariable); dir != "" {
		beVictim(t, s, dir)
		return
	}
	if dir := os.Getenv(launcherVariable); dir != "" {
		beLauncher(t, s, dir)
		return
	}
	for _, group := range []struct {
		name string
		run  func(*testing.T, Subject)
	}{
		{"Exit", testExit},
		{"Launch", testLaunch},
		{"Environment", testEnvironment},
		{"Output", testOutput},
		{"Tree", testTree},
		{"Wait", testWait},
		{"Exec", testExec},
		{"Limits", testLimits},
		{"Leaks", testLeaks},
		{"Restart", testRestart},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, s) })
	}
}

// host is a Containerizer in a test, with what the tests do with it.
type host struct {
	*testing.T
	containerizer.Containerizer
	subject Subject
	state   string
	boxes   string // directory of the sandboxes
}

// newHost returns a host that is closed, with all of its containers killed,
// at the end of the test.
func newHost(t *testing.T, s Subject) *host {
	t.Helper()
	h := &host{T: t, subject: s, state: t.TempDir(), boxes: t.TempDir()}
	// Other users shall get at their sandboxes.
	if err := os.Chmod(filepath.Dir(h.boxes), 0o755); err != nil {
		t.Fatal(err)
	}
	h.open()
	t.Cleanup(h.shutDown)
	return h
}

// in returns the same host for a subtest.
func (h *host) in(t *testing.T) *host {
	same := *h
	same.T = t
	return &same
}

func (h *host) open() {
	h.Helper()
	c, err := h.subject.New(h.state)
	if err != nil {
		h.Fatalf("New: %v", err)
	}
	h.Containerizer = c
}

// shutDown ends all containers and checks that nothing is left of them.
func (h *host) shutDown() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	list, err := h.List(ctx)
	if err != nil {
		h.Errorf("List: %v", err)
	}
	for _, c := range list {
		if err := h.Kill(ctx, c.ID); err != nil {
			h.Errorf("Kill %s: %v", c.ID, err)
		}
		_, _ = h.Wait(ctx, c.ID) // how it ended is the tests' business
		if err := h.Remove(ctx, c.ID); err != nil {
			h.Errorf("Remove %s: %v", c.ID, err)
		}
	}
	if err := h.Close(); err != nil {
		h.Errorf("Close: %v", err)
	}
	h.checkLeftovers()
}

func (h *host) checkLeftovers() {
	h.Helper()
	if h.subject.Leftovers == nil {
		return
	}
	var left []string
	h.eventually("leftovers to go", func() bool {
		var err error
		if left, err = h.subject.Leftovers(); err != nil {
			h.Fatal(err)
		}
		return len(left) == 0
	}, func() string { return fmt.Sprintf("%q", left) })
}

// eventually waits until done returns true; state is put in the failure.
func (h *host) eventually(what string, done func() bool, state func() string) {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience/4)
	defer cancel()
	for !done() {
		if clock.Sleep(ctx, clock.System, 5*time.Millisecond) != nil {
			h.Fatalf("waited in vain for %s: %s", what, state())
		}
	}
}

var lastID atomic.Int64

// spec returns the specification of a new container.
func (h *host) spec(command *proffer.CommandInfo) containerizer.Spec {
	id := fmt.Sprintf("test-%d", lastID.Add(1))
	return containerizer.Spec{ID: proffer.ContainerID(id), Command: command, Sandbox: filepath.Join(h.boxes, id)}
}

// program returns the command that takes a role of this package.
func (h *host) program(role string, args ...string) *proffer.CommandInfo {
	return proffer.Args(append([]string{h.subject.Program, ProgramArgument, role}, args...)...)
}

func (h *host) start(spec containerizer.Spec) containerizer.Container {
	h.Helper()
	c, err := h.Launch(h.Context(), spec)
	if err != nil {
		h.Fatalf("Launch: %v", err)
	}
	return c
}

func (h *host) await(id proffer.ContainerID) proffer.ExitStatus {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	status, err := h.Wait(ctx, id)
	if err != nil {
		h.Fatalf("Wait: %v", err)
	}
	return status
}

// run starts a container and returns how it ended.
func (h *host) run(spec containerizer.Spec) proffer.ExitStatus {
	h.Helper()
	h.start(spec)
	return h.await(spec.ID)
}

// read returns a file of a sandbox.
func (h *host) read(spec containerizer.Spec, name string) string {
	h.Helper()
	b, err := os.ReadFile(filepath.Join(spec.Sandbox, name))
	if err != nil {
		h.Fatal(err)
	}
	return string(b)
}

// awaitFile returns the contents of a file in a sandbox once there are any.
func (h *host) awaitFile(spec containerizer.Spec, name string) string {
	h.Helper()
	var b []byte
	h.eventually(name, func() bool {
		b, _ = os.ReadFile(filepath.Join(spec.Sandbox, name))
		return len(b) > 0
	}, func() string { return "there is no such file or nothing in it" })
	return string(b)
}

func check[T comparable](h *host, what string, got, want T) {
	h.Helper()
	if got != want {
		h.Errorf("%s: got %v, want %v", what, got, want)
	}
}
