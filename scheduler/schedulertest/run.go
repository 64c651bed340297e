package schedulertest

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Stop tells why time did not go on.
type Stop uint8

// The reasons.
const (
	// Reached: the clock has come to the time that was asked for.
	Reached Stop = iota

	// Ended: all frameworks have ended, and the test has nothing scheduled.
	Ended

	// Idle: frameworks wait, and nothing will ever happen.
	Idle

	// Livelock: frameworks are called again and again without time moving on,
	// more than Config.MaxTurns times.
	Livelock

	// Refused: the cluster is closed, or the call came from a callback.
	Refused

	// Violated: something has happened that must not ([Cluster.Err]).
	Violated
)

// String returns the reason in a word.
func (s Stop) String() string {
	switch s {
	case Reached:
		return "reached"
	case Ended:
		return "ended"
	case Idle:
		return "idle"
	case Livelock:
		return "livelock"
	case Refused:
		return "refused"
	case Violated:
		return "violated"
	default:
		return fmt.Sprintf("Stop(%d)", uint8(s))
	}
}

// Run lets time pass until all frameworks have ended, or nothing can happen any
// more. It never returns while something is always due, such as offers that time
// out and are made again: use [Cluster.RunUntil] then.
func (c *Cluster) Run() Stop { return c.run(math.MaxInt64, false) }

// RunFor lets d pass.
func (c *Cluster) RunFor(d time.Duration) Stop { return c.RunUntil(c.Now().Add(d)) }

// RunUntil lets time pass until t, with everything that is due then; the clock
// shows t when the answer is [Reached].
func (c *Cluster) RunUntil(t time.Time) Stop {
	return c.run(max(t.Sub(c.cfg.Start), c.elapsed()), true)
}

func (c *Cluster) run(until time.Duration, bounded bool) Stop {
	if c.closed || c.current != nil {
		return Refused
	}
	for turns := 0; turns <= c.cfg.MaxTurns; {
		c.settle()
		if c.violation != nil {
			return Violated
		}
		if f := c.nextReady(); f != nil {
			turns++
			f.resume()
			continue
		}
		if c.resumeCancelled() {
			continue
		}
		at, due := c.nextEvent()
		switch {
		case bounded && (due == nil || at > until):
			c.now.Store(int64(until))
			return Reached
		case !bounded && len(c.programs) == 0 && c.launched > 0 && c.timers.test == 0:
			return Ended
		case due == nil:
			return Idle
		}
		if at > c.elapsed() {
			c.now.Store(int64(at))
			turns = 0
		}
		turns++
		c.timers.stop(due)
		due.fire()
	}
	return Livelock
}

// nextReady returns the framework whose turn it is, nil if all wait.
func (c *Cluster) nextReady() *Framework {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.ready) > 0 {
		s := c.ready[0]
		c.ready[0] = nil
		c.ready = c.ready[1:]
		s.queued = false
		if !s.framework.done && (len(s.pending) > 0 || s.ended != nil) {
			return s.framework
		}
	}
	c.ready = c.ready[:0]
	for len(c.awaiting) > 0 {
		f := c.awaiting[0]
		c.awaiting = c.awaiting[1:]
		if !f.done && f.awaits && !f.pausing && c.master.reachable(&f.peer) {
			return f
		}
	}
	return nil
}

// resumeCancelled lets a framework end whose context has ended.
func (c *Cluster) resumeCancelled() bool {
	for i, f := range c.watched {
		if f.ctx.Err() != nil {
			c.watched = slices.Delete(c.watched, i, i+1) // it is told once
			f.resume()
			return true
		}
	}
	return false
}

// nextEvent returns what is due first and when, nil if nothing is.
func (c *Cluster) nextEvent() (time.Duration, *timer) {
	t := c.timers.next()
	c.mu.Lock()
	at, ok := c.master.deadline()
	c.mu.Unlock()
	if ok && (t == nil || at < t.at || (at == t.at && t.test)) {
		return at, &c.master.due
	}
	if t == nil {
		return 0, nil
	}
	return t.at, t
}
