package containerizertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
)

func testWait(t *testing.T, s Subject) {
	t.Run("many times, before and after the end", func(t *testing.T) { waitManyTimes(t, s) })
	t.Run("until ctx ends", func(t *testing.T) { waitUntilCtxEnds(t, s) })
	t.Run("a launch whose ctx has ended leaves nothing", func(t *testing.T) { launchWithEndedCtx(t, s) })
	t.Run("a launch whose ctx ends at any moment is done or undone", func(t *testing.T) { launchWhileCtxEnds(t, s) })
	t.Run("Close ends it", func(t *testing.T) { waitUntilClose(t, s) })
	t.Run("50 in parallel", func(t *testing.T) { inParallel(t, s) })
}

// touch returns a container that makes a file in the sandbox of another.
func (h *host) touch(of containerizer.Spec, name string) containerizer.Spec {
	spec := h.spec(proffer.Shell("echo yes > " + name))
	spec.Sandbox = of.Sandbox
	return spec
}

func waitManyTimes(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("until [ -e go ]; do sleep 0.02; done; exit 9"))
	h.start(spec)
	want := proffer.ExitStatus{Code: 9}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if got, err := h.Wait(t.Context(), spec.ID); got != want || err != nil {
				t.Errorf("Wait before the end: got %+v, %v, want %+v", got, err, want)
			}
		})
	}
	h.run(h.touch(spec, "go"))
	wg.Wait()
	for range 3 {
		check(h, "Wait after the end", h.await(spec.ID), want)
	}
}

func waitUntilCtxEnds(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("until [ -e go ]; do sleep 0.02; done; exit 9"))
	h.start(spec)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if _, err := h.Wait(ctx, spec.ID); !errors.Is(err, enough) {
		t.Errorf("Wait with an ended context: got %v, want %v", err, enough)
	}
	h.run(h.touch(spec, "go"))
	check(h, "exit", h.await(spec.ID), proffer.ExitStatus{Code: 9})
	if got, err := h.Wait(ctx, spec.ID); err != nil || got.Code != 9 {
		t.Errorf("Wait after the end with an ended context: got %+v, %v, want what is known", got, err)
	}
}

func launchWithEndedCtx(t *testing.T, s Subject) {
	h := newHost(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	spec := h.spec(proffer.Shell("exec sleep 1000"))
	if _, err := h.Launch(ctx, spec); !errors.Is(err, context.Canceled) {
		t.Errorf("Launch with an ended context: got %v, want %v", err, context.Canceled)
	}
	list, err := h.List(t.Context())
	if len(list) != 0 || err != nil {
		t.Errorf("List: got %v, %v, want none", list, err)
	}
	h.checkLeftovers()
	check(h, "exit of the next one", h.run(h.spec(proffer.Shell("exit 0"))), proffer.ExitStatus{})
}

func launchWhileCtxEnds(t *testing.T, s Subject) {
	h := newHost(t, s)
	for i := range 30 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond/2)
		spec := h.spec(proffer.Shell("exec sleep 1000"))
		_, err := h.Launch(ctx, spec)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Launch: got %v, want %v or nil", err, context.DeadlineExceeded)
		}
		if err == nil {
			h.kill(spec.ID)
			check(h, "exit", h.await(spec.ID), killed)
			if err := h.Remove(t.Context(), spec.ID); err != nil {
				t.Error(err)
			}
		}
		if list, err := h.List(t.Context()); len(list) != 0 || err != nil {
			t.Errorf("List: got %v, %v, want none", list, err)
		}
	}
	h.checkLeftovers()
}

func waitUntilClose(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("echo yes > ready; exec sleep 1000"))
	h.start(spec)
	h.awaitFile(spec, "ready")
	result := make(chan error, 1)
	go func() {
		_, err := h.Wait(t.Context(), spec.ID)
		result <- err
	}()
	if err := errors.Join(h.Close(), h.Close()); err != nil {
		t.Errorf("Close twice: %v", err)
	}
	if err := <-result; !errors.Is(err, containerizer.ErrClosed) {
		t.Errorf("Wait: got %v, want %v", err, containerizer.ErrClosed)
	}
	if _, err := h.Launch(t.Context(), h.spec(proffer.Shell("exit 0"))); !errors.Is(err, containerizer.ErrClosed) {
		t.Errorf("Launch after Close: got %v, want %v", err, containerizer.ErrClosed)
	}
	h.open()
}

func inParallel(t *testing.T, s Subject) {
	h := newHost(t, s)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			spec := h.spec(proffer.Shell(fmt.Sprintf("echo %d; exit %d", i, i)))
			if _, err := h.Launch(t.Context(), spec); err != nil {
				t.Errorf("%d: %v", i, err)
				return
			}
			got, err := h.Wait(t.Context(), spec.ID)
			if want := (proffer.ExitStatus{Code: i}); got != want || err != nil {
				t.Errorf("%d: got %+v, %v, want %+v", i, got, err, want)
			}
			check(h, "output", h.read(spec, "stdout"), fmt.Sprintf("%d\n", i))
		})
	}
	wg.Wait()
}
