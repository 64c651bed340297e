package containerizertest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/resources"
)

func testLimits(t *testing.T, s Subject) {
	t.Run("stats", func(t *testing.T) { testStats(newHost(t, s)) })
	if !s.Capabilities.Limits {
		t.Run("update", func(t *testing.T) {
			h := newHost(t, s)
			spec := h.spec(proffer.Shell("exec sleep 1000"))
			h.start(spec)
			if err := h.Update(t.Context(), spec.ID, resources.MustParse("cpus:1"), containerizer.Limits{}); !errors.Is(err, containerizer.ErrNoLimits) {
				t.Errorf("Update: got %v, want %v", err, containerizer.ErrNoLimits)
			}
		})
		t.Log("limits are not enforced here: the rest is left out")
		return
	}
	t.Run("memory", func(t *testing.T) { memoryIsLimited(t, s) })
	t.Run("killed is not out of memory", func(t *testing.T) { killedIsNotOOM(t, s) })
	t.Run("a limit of memory of its own", func(t *testing.T) { ownMemoryLimit(t, s) })
	t.Run("processes", func(t *testing.T) { processesAreLimited(t, s) })
	t.Run("a fork bomb", func(t *testing.T) { forkBombIsKilled(t, s) })
	t.Run("update", func(t *testing.T) { testUpdate(newHost(t, s)) })
}

func (h *host) stats(id proffer.ContainerID) containerizer.Stats {
	h.Helper()
	got, err := h.Stats(h.Context(), id)
	if err != nil {
		h.Fatalf("Stats: %v", err)
	}
	return got
}

func testStats(h *host) {
	spec := h.spec(proffer.Shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 1000 & sleep 1000 & echo yes > ready; wait"))
	h.start(spec)
	h.awaitFile(spec, "ready")
	got := h.stats(spec.ID)
	if got.CPU < 10*time.Millisecond || got.CPU > time.Hour {
		h.Errorf("processor time: got %v, want that of counting to 300000", got.CPU)
	}
	if got.MemoryBytes < 64<<10 || got.MemoryBytes > 1<<30 {
		h.Errorf("memory: got %d bytes, want that of a shell and two sleeps", got.MemoryBytes)
	}
	if got.Processes < 3 || got.Processes > 10 {
		h.Errorf("processes: got %d, want 3", got.Processes)
	}
	check(h, "has a time", got.Time.IsZero(), false)
	if h.subject.Capabilities.Limits {
		check(h, "limit of memory", got.MemoryLimitBytes, 0)
		check(h, "limit of processes", got.ProcessLimit, containerizer.DefaultProcesses)
	}
	h.kill(spec.ID)
	h.await(spec.ID)
	if _, err := h.Stats(h.Context(), spec.ID); !errors.Is(err, containerizer.ErrExited) {
		h.Errorf("Stats after the end: got %v, want %v", err, containerizer.ErrExited)
	}
}

func testUpdate(h *host) {
	spec := h.spec(proffer.Shell("echo yes > ready; exec sleep 1000"))
	spec.Resources = resources.MustParse("cpus:0.1;mem:64")
	h.start(spec)
	h.awaitFile(spec, "ready")
	check(h, "limit of memory", h.stats(spec.ID).MemoryLimitBytes, 64<<20)
	for _, test := range []struct {
		res    string
		limits containerizer.Limits
		memory int64
		procs  int64
	}{
		{"cpus:1;mem:256", containerizer.Limits{Processes: 10}, 256 << 20, 10},
		{"cpus:2;mem:32", containerizer.Limits{CPUs: 1500}, 32 << 20, containerizer.DefaultProcesses},
		{"cpus:2", containerizer.Limits{Processes: -1}, 0, 0},
		{"cpus:0.001;mem:64", containerizer.Limits{}, 64 << 20, containerizer.DefaultProcesses},
	} {
		if err := h.Update(h.Context(), spec.ID, resources.MustParse(test.res), test.limits); err != nil {
			h.Fatalf("Update %s: %v", test.res, err)
		}
		got := h.stats(spec.ID)
		check(h, test.res+": limit of memory", got.MemoryLimitBytes, test.memory)
		check(h, test.res+": limit of processes", got.ProcessLimit, test.procs)
	}
	if err := h.Update(h.Context(), spec.ID, resources.Resources{}, containerizer.Limits{CPUs: -1}); !errors.Is(err, containerizer.ErrInvalidSpec) {
		h.Errorf("Update with a negative limit: got %v, want %v", err, containerizer.ErrInvalidSpec)
	}
	h.kill(spec.ID)
	h.await(spec.ID)
	if err := h.Update(h.Context(), spec.ID, resources.MustParse("cpus:1"), containerizer.Limits{}); !errors.Is(err, containerizer.ErrExited) {
		h.Errorf("Update after the end: got %v, want %v", err, containerizer.ErrExited)
	}
}

func memoryIsLimited(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(h.program("hog"))
	spec.Resources = resources.MustParse("cpus:0.5;mem:64")
	got := h.run(spec)
	check(h, "out of memory", got, proffer.ExitStatus{Code: killed.Code, Signal: killed.Signal, OOM: true})
}

func killedIsNotOOM(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("echo yes > ready; exec sleep 1000"))
	spec.Resources = resources.MustParse("mem:64")
	h.start(spec)
	h.awaitFile(spec, "ready")
	h.kill(spec.ID)
	check(h, "exit", h.await(spec.ID), killed)
}

func ownMemoryLimit(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("echo yes > ready; exec sleep 1000"))
	spec.Resources = resources.MustParse("mem:64")
	spec.Limits.Mem = 128_000
	h.start(spec)
	check(h, "memory limit", h.stats(spec.ID).MemoryLimitBytes, 128<<20)
}

func processesAreLimited(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(h.program("spawn", "500"))
	spec.Limits.Processes = 60
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	out := strings.TrimSpace(h.read(spec, "stdout"))
	if len(out) != 2 || out > "60" {
		t.Errorf("it could start %s processes, want less than 60", out)
	}
}

func forkBombIsKilled(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("bomb() { bomb | bomb & }; bomb; echo yes > lit; exec sleep 1000"))
	spec.Limits.Processes = 100
	spec.Stderr.Discard = true
	h.start(spec)
	h.awaitFile(spec, "lit")
	if n := h.stats(spec.ID).Processes; n > 100 {
		t.Errorf("%d processes, want at most 100", n)
	}
	h.kill(spec.ID)
	check(h, "exit", h.await(spec.ID), killed)
}
