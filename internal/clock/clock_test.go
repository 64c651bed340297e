package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer-go/proffer/internal/clock"
)

func TestSystemTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := clock.System.Now()
		timer := clock.System.NewTimer(3 * time.Second)
		if at := <-timer.C(); at.Sub(start) != 3*time.Second {
			t.Errorf("timer fired after %v, want 3s", at.Sub(start))
		}
		if timer.Stop() {
			t.Error("Stop after firing: got true, want false")
		}
		timer.Reset(time.Second)
		if at := <-timer.C(); at.Sub(start) != 4*time.Second {
			t.Errorf("reset timer fired after %v, want 4s", at.Sub(start))
		}

		called := make(chan struct{})
		clock.System.AfterFunc(time.Second, func() { close(called) })
		<-called
		if got := clock.System.Now().Sub(start); got != 5*time.Second {
			t.Errorf("AfterFunc called after %v, want 5s", got)
		}
		stopped := clock.System.AfterFunc(time.Second, func() { t.Error("stopped function was called") })
		if !stopped.Stop() {
			t.Error("Stop before firing: got false, want true")
		}
		if err := clock.Sleep(t.Context(), clock.System, time.Minute); err != nil {
			t.Errorf("Sleep: %v", err)
		}
	})
}

func TestSleepEndsWithContext(t *testing.T) {
	want := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(want)
	if err := clock.Sleep(ctx, clock.System, time.Hour); !errors.Is(err, want) {
		t.Errorf("Sleep: got %v, want %v", err, want)
	}
}
