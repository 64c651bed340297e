package offers

import (
	"slices"
	"time"
)

// serve finds a place for one task of the first of the client's demands that
// has one. Blocks means that nobody after the client is to be offered anything:
// its gang has waited for too long.
func (a *Allocator) serve(c *client, guaranteed bool) (d decision, blocks bool) {
	for _, w := range c.wants {
		if w.left <= 0 || (guaranteed && w.stated.Gang) {
			continue
		}
		if !w.shape.live && !w.waiting {
			w.wait(a)
		}
		if !w.waiting {
			if found := a.findPlace(w, guaranteed); found.want != nil {
				return found, false
			}
		}
		blocks = blocks || (w.waiting && a.gangBlocks(w))
	}
	return decision{}, blocks
}

// findPlace finds a place for one more task of the want.
func (a *Allocator) findPlace(w *want, guaranteed bool) (d decision) {
	c, s := w.client, w.shape
	if s.role == "" { // only unreserved resources can serve: places do not differ
		if w.why = a.allows(c, s.scalars, guaranteed); w.why != WhyAvailable {
			if !guaranteed {
				a.awaitRoom(c)
				a.mayPreempt(w)
			}
			return d
		}
	}
	w.why = WhyFiltered
	if d := a.claimedPlace(w, guaranteed); d.want != nil {
		return d
	}
	fits := a.pick(s, func(g *agent) bool {
		d = a.placeOn(w, g, guaranteed)
		return d.want == nil
	})
	switch {
	case !fits:
		w.why = WhyInUse
		s.live = false
		w.wait(a)
	case d.want == nil && w.why == WhyFiltered:
		w.wait(a) // for another agent, or for a filter to end
	}
	return d
}

// claimedPlace is the place that preemption has made for a task of the want.
func (a *Allocator) claimedPlace(w *want, guaranteed bool) (d decision) {
	for _, c := range a.claims {
		if c.want != w || !w.shape.fits(c.agent) {
			continue
		}
		if d = a.placeOn(w, c.agent, guaranteed); d.want != nil {
			break
		}
	}
	return d
}

// placeOn finds a place for one more task of the want on an agent that has room
// for one.
func (a *Allocator) placeOn(w *want, g *agent, guaranteed bool) (d decision) {
	if !a.suits(w, g) {
		return d
	}
	part, err := a.carve(w.shape, g)
	if err != nil {
		return d // enough in all, but not in pieces of the right kind
	}
	if w.shape.role != "" {
		a.scratch = a.tree.names.scalars(part.Unreserved(), a.scratch)
		if why := a.allows(w.client, a.scratch, guaranteed); why != WhyAvailable {
			w.why = why
			if !guaranteed {
				a.awaitRoom(w.client)
			}
			return d
		}
	}
	return decision{client: w.client, agent: g, part: part, want: w}
}

// suits reports whether the client takes tasks of the want on an agent that
// has room for one.
func (a *Allocator) suits(w *want, g *agent) bool {
	c := w.client
	switch {
	case len(c.constraints) > 0 && !c.matcher.match(&g.info):
		return false
	case g.refusal(c).blocksShape(w.shape) != nil:
		return false
	case w.stated.PerAgent > 0 && w.tasksOn(g) >= w.stated.PerAgent:
		return false
	case len(g.claims) > 0 && !a.claimsLeave(g, w):
		return false
	}
	return true
}

// allows reports whether limits and guarantees leave this much to the client;
// guaranteed: whether it also serves a guarantee.
func (a *Allocator) allows(c *client, v vector, guaranteed bool) Why {
	if a.tree.quotas == 0 && !guaranteed {
		return WhyAvailable
	}
	role, serves := c.node.parent.parent, false
	for i, x := range v {
		if x == 0 {
			continue
		}
		if room, _ := role.room(i); x > room {
			return WhyLimit
		}
		unmet := role.unmet(i)
		serves = serves || unmet > 0
		if x-unmet > a.headroom(i) {
			return WhyHeadroom
		}
	}
	if guaranteed && !serves {
		return WhyHeadroom
	}
	return WhyAvailable
}

// wait puts the want among those that wait for an agent with room.
func (w *want) wait(a *Allocator) {
	w.waiting = true
	a.mayPreempt(w)
	if w.listed {
		return
	}
	w.listed = true
	if w.stated.Gang {
		w.wakes = a.gangWakes(w)
		a.gangs = append(a.gangs, w)
		return
	}
	if len(w.shape.waiters) == 0 {
		a.waiters = append(a.waiters, w.shape)
	}
	w.shape.waiters = append(w.shape.waiters, w)
}

// place offers the decided part; parts of one agent in one run become one
// offer.
func (a *Allocator) place(now time.Time, d decision) {
	var amounts vector
	if s := d.want.shape; d.part.Same(s.plain) {
		amounts = s.needs
	}
	o := a.beingPut(d)
	if o == nil {
		o = a.offer(now, d.agent, d.client, d.part, amounts)
		o.serves = o.one[:0]
		a.build(o)
	} else {
		a.hand(d.agent, d.client, d.part, amounts)
		o.grow(d.part)
	}
	at := slices.IndexFunc(o.serves, func(s served) bool { return s.want == d.want })
	if at < 0 {
		o.serves = append(o.serves, served{want: d.want})
		at = len(o.serves) - 1
	}
	o.serves[at].tasks++
	d.want.left--
	a.settleClaims(d.want, d.agent)
	if d.want.left == 0 && !d.client.hungry() {
		a.setActive(d.client, false)
	}
}

// beingPut returns the offer that the decided part may become a part of, nil
// for none.
func (a *Allocator) beingPut(d decision) *outstanding {
	g := d.agent
	for _, b := range g.building {
		if b.client == d.client && b.offer.joins(d.want) {
			return b.offer
		}
	}
	return nil
}

// finishBuilding has no offer grow any more.
func (a *Allocator) finishBuilding() {
	for _, g := range a.building {
		clear(g.building)
		g.building = g.building[:0]
	}
	clear(a.building)
	a.building = a.building[:0]
}
