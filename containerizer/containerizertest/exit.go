package containerizertest

import (
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/proffer-go/proffer"
)

func testExit(t *testing.T, s Subject) {
	t.Run("codes 0 to 255", func(t *testing.T) { allExitCodes(t, s) })
	for _, sig := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGKILL,
		syscall.SIGSEGV, syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGTERM, syscall.SIGUSR1,
	} {
		want := proffer.ExitStatus{Code: 128 + int(sig), Signal: sig}
		t.Run(fmt.Sprintf("of itself by signal %d", int(sig)), func(t *testing.T) {
			h := newHost(t, s)
			// A core is not what this is about.
			check(h, "exit", h.run(h.spec(proffer.Shell(fmt.Sprintf("ulimit -c 0; kill -%d $$", int(sig))))), want)
		})
		t.Run(fmt.Sprintf("by Signal %d", int(sig)), func(t *testing.T) {
			h := newHost(t, s)
			// No shell: one that gets SIGINT while it starts a command may wait
			// for the end of that, which the signal then has missed.
			sleep := proffer.Args("sleep", "1000")
			sleep.Limit = []proffer.Rlimit{{Name: "core"}}
			spec := h.spec(sleep)
			h.start(spec)
			if err := h.Signal(t.Context(), spec.ID, sig); err != nil {
				t.Fatal(err)
			}
			check(h, "exit", h.await(spec.ID), want)
		})
	}

	t.Run("a handled signal", func(t *testing.T) { handledSignal(t, s) })
	t.Run("137 is not out of memory", func(t *testing.T) {
		h := newHost(t, s)
		check(h, "exit", h.run(h.spec(proffer.Shell("exit 137"))), proffer.ExitStatus{Code: 137})
	})
}

func allExitCodes(t *testing.T, s Subject) {
	h := newHost(t, s)
	var wg sync.WaitGroup
	codes := make(chan int)
	for range 4 {
		wg.Go(func() {
			for code := range codes {
				spec := h.spec(proffer.Shell(fmt.Sprintf("exit %d", code)))
				if _, err := h.Launch(t.Context(), spec); err != nil {
					t.Errorf("exit %d: Launch: %v", code, err)
					continue
				}
				got, err := h.Wait(t.Context(), spec.ID)
				if want := (proffer.ExitStatus{Code: code}); got != want || err != nil {
					t.Errorf("exit %d: got %+v, %v, want %+v", code, got, err, want)
				}
			}
		})
	}
	for code := range 256 {
		codes <- code
	}
	close(codes)
	wg.Wait()
}

func handledSignal(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("trap 'echo terminated; exit 7' TERM; echo yes > ready; while :; do sleep 0.05; done"))
	h.start(spec)
	h.awaitFile(spec, "ready")
	if err := h.Signal(t.Context(), spec.ID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	check(h, "exit", h.await(spec.ID), proffer.ExitStatus{Code: 7})
	check(h, "output", h.read(spec, "stdout"), "terminated\n")
}
