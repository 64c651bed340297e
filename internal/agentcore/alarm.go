package agentcore

import (
	"time"

	"github.com/proffer-go/proffer/internal/due"
)

// alarm is a time at which something of its owner is due.
type alarm struct {
	due.Place
	at    time.Time
	order uint64 // among those of the same time
	owner interface{ ring(c *Core, now time.Time) }
}

// Before implements [due.Item].
func (a *alarm) Before(b *alarm) bool {
	if c := a.at.Compare(b.at); c != 0 {
		return c < 0
	}
	return a.order < b.order
}

// alarms has the earliest first; of those of the same time, the one that was set
// first.
type alarms struct {
	queue due.Queue[*alarm]
	sets  uint64
}

func (h *alarms) next() (time.Time, bool) {
	a, ok := h.queue.First()
	if !ok {
		return time.Time{}, false
	}
	return a.at, true
}

// take stops the next alarm and returns it.
func (h *alarms) take() *alarm {
	a, _ := h.queue.First()
	h.stop(a)
	return a
}

// set has a ring at the given time, in place of an earlier setting.
func (h *alarms) set(a *alarm, at time.Time) {
	h.stop(a)
	h.sets++
	a.at, a.order = at, h.sets
	h.queue.Add(a)
}

func (h *alarms) stop(a *alarm) { h.queue.Remove(a) }
