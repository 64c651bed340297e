package agentcore

import "time"

// alarm is a time at which something of its owner is due.
type alarm struct {
	at    time.Time
	order uint64 // among those of the same time
	place int    // in alarms, from 1; 0 while it is not set
	owner interface{ ring(c *Core, now time.Time) }
}

// alarms is a heap, the earliest first; of those of the same time, the one that
// was set first.
type alarms struct {
	heap []*alarm
	sets uint64
}

func (h *alarms) next() (time.Time, bool) {
	if len(h.heap) == 0 {
		return time.Time{}, false
	}
	return h.heap[0].at, true
}

// take stops the next alarm and returns it.
func (h *alarms) take() *alarm {
	a := h.heap[0]
	h.stop(a)
	return a
}

// set has a ring at the given time, in place of an earlier setting.
func (h *alarms) set(a *alarm, at time.Time) {
	h.stop(a)
	h.sets++
	a.at, a.order = at, h.sets
	h.heap = append(h.heap, a)
	a.place = len(h.heap)
	h.up(a.place - 1)
}

func (h *alarms) stop(a *alarm) {
	if a.place == 0 {
		return
	}
	i, last := a.place-1, len(h.heap)-1
	h.swap(i, last)
	h.heap[last] = nil
	h.heap = h.heap[:last]
	a.place = 0
	if i < last {
		h.down(i)
		h.up(i)
	}
}

func (h *alarms) before(i, j int) bool {
	a, b := h.heap[i], h.heap[j]
	if c := a.at.Compare(b.at); c != 0 {
		return c < 0
	}
	return a.order < b.order
}

func (h *alarms) swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].place, h.heap[j].place = i+1, j+1
}

func (h *alarms) up(i int) {
	for i > 0 && h.before(i, (i-1)/2) {
		h.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (h *alarms) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.heap); child++ {
			if h.before(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}
