package containerizertest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
)

var killed = proffer.ExitStatus{Code: 128 + int(syscall.SIGKILL), Signal: syscall.SIGKILL}

func testTree(t *testing.T, s Subject) {
	t.Run("what is left in the background is killed", func(t *testing.T) { backgroundIsKilled(t, s) })
	t.Run("daemons are killed", func(t *testing.T) { daemonsAreKilled(t, s) })
	t.Run("Kill reaches daemons", func(t *testing.T) { killReachesDaemons(t, s) })
	t.Run("Signal reaches the group", func(t *testing.T) { signalReachesGroup(t, s) })
	t.Run("SIGTERM ignored, then Kill", func(t *testing.T) { killAfterIgnoredSignals(t, s) })
	t.Run("a stopped process is killed", func(t *testing.T) { stoppedIsKilled(t, s) })
	t.Run("Signal and Kill after the end", func(t *testing.T) { killAfterEnd(t, s) })
	t.Run("Kill races with the end", func(t *testing.T) { killRacesWithEnd(t, s) })
}

func (h *host) kill(id proffer.ContainerID) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	if err := h.Kill(ctx, id); err != nil {
		h.Fatalf("Kill: %v", err)
	}
}

// isGone checks that the process whose id is in a file of the sandbox is gone,
// now that Wait has returned.
func (h *host) isGone(spec containerizer.Spec, name string) {
	h.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(h.read(spec, name)))
	if err != nil {
		h.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		h.Errorf("%s: process %d: got %v, want it to be gone", name, pid, err)
	}
}

func backgroundIsKilled(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("sleep 1000 & echo $! > pid; sleep 1000 | sleep 1000 & exit 3"))
	check(h, "exit", h.run(spec), proffer.ExitStatus{Code: 3})
	h.isGone(spec, "pid")
}

func daemonsAreKilled(t *testing.T, s Subject) {
	if !s.Capabilities.Detached {
		t.Skip("processes that left their session are not found here")
	}
	h := newHost(t, s)
	spec := h.spec(h.program("daemon"))
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	h.isGone(spec, "child.pid")
	h.isGone(spec, "daemon.pid")
}

func killReachesDaemons(t *testing.T, s Subject) {
	if !s.Capabilities.Detached {
		t.Skip("processes that left their session are not found here")
	}
	h := newHost(t, s)
	spec := h.spec(proffer.Shell(h.subject.Program + " " + ProgramArgument + " daemon && echo yes > ready; exec sleep 1000"))
	h.start(spec)
	h.awaitFile(spec, "ready")
	h.kill(spec.ID)
	check(h, "exit", h.await(spec.ID), killed)
	h.isGone(spec, "child.pid")
	h.isGone(spec, "daemon.pid")
}

func signalReachesGroup(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell(`trap : TERM
		(trap 'echo yes > got; exit' TERM; echo yes > ready; while :; do sleep 0.02; done) &
		until [ -e got ]; do sleep 0.02; done; exit 8`))
	h.start(spec)
	h.awaitFile(spec, "ready")
	if err := h.Signal(t.Context(), spec.ID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	check(h, "exit", h.await(spec.ID), proffer.ExitStatus{Code: 8})
}

func killAfterIgnoredSignals(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(h.program("mention", "pid"))
	h.start(spec)
	h.awaitFile(spec, "pid")
	for range 3 {
		if err := h.Signal(t.Context(), spec.ID, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Signal(t.Context(), spec.ID, 0); err != nil {
		t.Errorf("after an ignored signal: %v", err)
	}
	h.kill(spec.ID)
	check(h, "exit", h.await(spec.ID), killed)
	h.isGone(spec, "pid")
}

func stoppedIsKilled(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("echo $$ > pid; kill -STOP $$"))
	h.start(spec)
	h.awaitFile(spec, "pid")
	h.kill(spec.ID)
	check(h, "exit", h.await(spec.ID), killed)
	h.isGone(spec, "pid")
}

func killAfterEnd(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("exit 0"))
	h.run(spec)
	if err := errors.Join(h.Signal(t.Context(), spec.ID, syscall.SIGTERM), h.Kill(t.Context(), spec.ID), h.Kill(t.Context(), spec.ID)); err != nil {
		t.Error(err)
	}
	check(h, "exit", h.await(spec.ID), proffer.ExitStatus{})
}

func killRacesWithEnd(t *testing.T, s Subject) {
	h := newHost(t, s)
	for range 20 {
		spec := h.spec(proffer.Shell("exit 3"))
		h.start(spec)
		h.kill(spec.ID)
		if got := h.await(spec.ID); got != killed && got != (proffer.ExitStatus{Code: 3}) {
			t.Errorf("exit: got %+v, want code 3 or killed", got)
		}
	}
}
