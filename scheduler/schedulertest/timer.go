package schedulertest

import "time"

// timer is something that is due at a time of the virtual clock.
type timer struct {
	at    time.Duration // since the start
	test  bool          // scheduled by the test: after the cluster's own of the same time
	order uint64        // among those of the same time
	place int           // in timers, from 1; 0 while it is not set
	fire  func()
}

// timers is a heap, what is due first on top.
type timers struct {
	heap []*timer
	sets uint64
	test int // those of the test that are set
}

// set has t fire at the given time, in place of an earlier setting.
func (h *timers) set(t *timer, at time.Duration) {
	h.stop(t)
	h.sets++
	t.at, t.order = at, h.sets
	h.heap = append(h.heap, t)
	t.place = len(h.heap)
	h.up(t.place - 1)
	if t.test {
		h.test++
	}
}

func (h *timers) stop(t *timer) {
	if t.place == 0 {
		return
	}
	if t.test {
		h.test--
	}
	i, last := t.place-1, len(h.heap)-1
	h.swap(i, last)
	h.heap[last] = nil
	h.heap = h.heap[:last]
	t.place = 0
	if i < last {
		h.down(i)
		h.up(i)
	}
}

// next returns the timer that is due first, nil if none is set.
func (h *timers) next() *timer {
	if len(h.heap) == 0 {
		return nil
	}
	return h.heap[0]
}

func (h *timers) before(i, j int) bool {
	a, b := h.heap[i], h.heap[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.test != b.test:
		return b.test
	default:
		return a.order < b.order
	}
}

func (h *timers) swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].place, h.heap[j].place = i+1, j+1
}

func (h *timers) up(i int) {
	for i > 0 && h.before(i, (i-1)/2) {
		h.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (h *timers) down(i int) {
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
