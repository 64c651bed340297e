// Package clock is the source of time of everything that waits, so that a
// simulator and a test can put another one in its place.
//
// [System] is the only user of package time's clock. There are no goroutines
// here but those that package time runs AfterFunc's functions in.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and makes timers. Implementations are safe for
// concurrent use.
type Clock interface {
	// Now returns the present time.
	Now() time.Time

	// NewTimer returns a timer that sends the time on its channel once d has
	// passed.
	NewTimer(d time.Duration) Timer

	// AfterFunc calls f in a goroutine of its own once d has passed. The
	// channel of the timer it returns is nil.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a single event in the future, with the meaning of [time.Timer]:
// after Stop or Reset no stale value is received from C.
type Timer interface {
	// C returns the channel on which the time is delivered.
	C() <-chan time.Time

	// Stop prevents the timer from firing. It returns false if it has fired
	// already or been stopped.
	Stop() bool

	// Reset has the timer fire d from now. It returns whether it was active.
	Reset(d time.Duration) bool
}

// System is the clock of the machine.
var System Clock = system{}

type system struct{}

func (system) Now() time.Time {
	return time.Now() //nolint:forbidigo // the injected clock ends here
}

func (system) NewTimer(d time.Duration) Timer {
	return timer{time.NewTimer(d)} //nolint:forbidigo // the injected clock ends here
}

func (system) AfterFunc(d time.Duration, f func()) Timer {
	return timer{time.AfterFunc(d, f)} //nolint:forbidigo // the injected clock ends here
}

type timer struct{ *time.Timer }

func (t timer) C() <-chan time.Time { return t.Timer.C }

// Sleep returns nil once d has passed on c, or the cause of ctx's end if that
// comes first.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
