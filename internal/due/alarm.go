package due

import "time"

// Alarm calls Ring at a time. It is set in one [Alarms].
type Alarm struct {
	Place
	Ring  func(now time.Time)
	at    time.Time
	order uint64 // among those of the same time
}

// Before implements [Item].
func (a *Alarm) Before(b *Alarm) bool {
	if c := a.at.Compare(b.at); c != 0 {
		return c < 0
	}
	return a.order < b.order
}

// Alarms have the earliest first; of those of the same time, the one that was
// set first. The zero value has none.
type Alarms struct {
	queue Queue[*Alarm]
	sets  uint64
}

// Next returns when the next alarm is due, and false if none is set.
func (h *Alarms) Next() (time.Time, bool) {
	a, ok := h.queue.First()
	if !ok {
		return time.Time{}, false
	}
	return a.at, true
}

// RingUntil rings what is due at now, those included that ringing sets.
func (h *Alarms) RingUntil(now time.Time) {
	for {
		a, ok := h.queue.First()
		if !ok || a.at.After(now) {
			return
		}
		h.queue.Remove(a)
		a.Ring(now)
	}
}

// Set has a ring at the given time, in place of an earlier setting.
func (h *Alarms) Set(a *Alarm, at time.Time) {
	h.queue.Remove(a)
	h.sets++
	a.at, a.order = at, h.sets
	h.queue.Add(a)
}

// Stop has a not ring.
func (h *Alarms) Stop(a *Alarm) { h.queue.Remove(a) }
