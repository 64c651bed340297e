package schedulertest

import (
	"time"

	"github.com/proffer-go/proffer/internal/due"
)

// timer is something that is due at a time of the virtual clock.
type timer struct {
	due.Place
	at    time.Duration // since the start
	test  bool          // scheduled by the test: after the cluster's own of the same time
	order uint64        // among those of the same time
	fire  func()
}

// Before implements [due.Item].
func (a *timer) Before(b *timer) bool {
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.test != b.test:
		return b.test
	default:
		return a.order < b.order
	}
}

// timers has what is due first at its head.
type timers struct {
	queue due.Queue[*timer]
	sets  uint64
	test  int // those of the test that are set
}

// set has t fire at the given time, in place of an earlier setting.
func (h *timers) set(t *timer, at time.Duration) {
	h.stop(t)
	h.sets++
	t.at, t.order = at, h.sets
	h.queue.Add(t)
	if t.test {
		h.test++
	}
}

func (h *timers) stop(t *timer) {
	if t.test && t.Set() {
		h.test--
	}
	h.queue.Remove(t)
}

// next returns the timer that is due first, nil if none is set.
func (h *timers) next() *timer {
	t, _ := h.queue.First()
	return t
}
