package agentcore

import "time"

// alarm is a time at which something of its owner is due.
type alarm struct {
	at    time.Time
	place int // in alarms, from 1; 0 while it is not set
	owner interface{ ring(c *Core, now time.Time) }
}

// alarms is a heap, the earliest first.
type alarms []*alarm

func (h alarms) next() (time.Time, bool) {
	if len(h) == 0 {
		return time.Time{}, false
	}
	return h[0].at, true
}

// set has a ring at the given time, in place of an earlier setting.
func (h *alarms) set(a *alarm, at time.Time) {
	h.stop(a)
	a.at = at
	*h = append(*h, a)
	a.place = len(*h)
	h.up(a.place - 1)
}

func (h *alarms) stop(a *alarm) {
	if a.place == 0 {
		return
	}
	i, last := a.place-1, len(*h)-1
	h.swap(i, last)
	(*h)[last] = nil
	*h = (*h)[:last]
	a.place = 0
	if i < last {
		h.down(i)
		h.up(i)
	}
}

func (h alarms) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h alarms) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].at.Before(h[parent].at) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h alarms) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].at.Before(h[least].at) {
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
