package containerizertest

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/proffer-go/proffer"
)

func testLeaks(t *testing.T, s Subject) {
	t.Run("200 containers leave nothing", func(t *testing.T) {
		h := newHost(t, s)
		rounds := 200
		if testing.Short() {
			rounds = 50
		}
		once := func() {
			spec := h.spec(proffer.Shell("sleep 1000 & exit 0"))
			check(h, "exit", h.run(spec), proffer.ExitStatus{})
			if err := h.Remove(t.Context(), spec.ID); err != nil {
				t.Fatal(err)
			}
		}
		once() // what is made once and kept is no leak
		before := take(h)
		for range rounds {
			once()
		}
		h.eventually("everything to go", func() bool { return take(h) == before }, func() string {
			return fmt.Sprintf("before %+v, now %+v", before, take(h))
		})
		h.checkLeftovers()
	})

	t.Run("failed launches leave nothing", func(t *testing.T) {
		h := newHost(t, s)
		once := func() {
			if _, err := h.Launch(t.Context(), h.spec(proffer.Args("no-such-command-anywhere"))); err == nil {
				t.Fatal("got no error")
			}
		}
		once()
		before := take(h)
		for range 20 {
			once()
		}
		h.eventually("everything to go", func() bool { return take(h) == before }, func() string {
			return fmt.Sprintf("before %+v, now %+v", before, take(h))
		})
		h.checkLeftovers()
	})
}

// inventory counts what a program must not gather.
type inventory struct {
	goroutines, descriptors, stateFiles int
}

func take(h *host) inventory {
	h.Helper()
	n := inventory{goroutines: runtime.NumGoroutine()}
	if fds, err := os.ReadDir("/dev/fd"); err == nil {
		n.descriptors = len(fds)
	}
	n.stateFiles = countFiles(h, h.state)
	return n
}

func countFiles(h *host, dir string) int {
	h.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		h.Fatal(err)
	}
	n := len(entries)
	for _, e := range entries {
		if e.IsDir() {
			n += countFiles(h, dir+"/"+e.Name())
		}
	}
	return n
}
