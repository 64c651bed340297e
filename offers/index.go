package offers

import "slices"

// index has the agents that fit a shape: a heap by rating where an agent order
// is set, else in any order.
type index struct {
	entries []indexEntry
	places  []int32  // by agent.index: where it stands, from 1
	dirty   []*agent // to be looked at again before the next use
	used    uint64   // when, counted in uses of any index
}

type indexEntry struct {
	agent  *agent
	rating float64
}

// An index costs about 20 bytes an agent. maxIndexEntries bounds them all.
const maxIndexEntries = 1 << 20

// probes is how many agents are tried at random before an index is made.
const probes = 12

// pick yields agents that fit the shape, in the agent order, until yield
// returns false. It reports whether any agent fits at all.
func (a *Allocator) pick(s *shape, yield func(*agent) bool) bool {
	if a.cfg.AgentOrder == nil && s.index == nil {
		// While most agents have room it is cheaper to guess.
		for range min(probes, len(a.agentList)) {
			if g := a.agentList[a.rng.IntN(len(a.agentList))]; s.fits(g) && !yield(g) {
				return true
			}
		}
	}
	x := a.indexOf(s)
	if a.cfg.AgentOrder == nil {
		return a.pickAny(s, x, yield)
	}
	if len(x.entries) == 0 {
		return false
	}
	if !yield(x.entries[0].agent) {
		return true
	}
	// The rest of a heap in order, without changing it.
	open := []int32{1, 2}
	for len(open) > 0 {
		best := -1
		for i, at := range open {
			if int(at) < len(x.entries) && (best < 0 || x.less(x.entries[at], x.entries[open[best]])) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		at := open[best]
		open[best] = 2*at + 1
		open = append(open, 2*at+2)
		if !yield(x.entries[at].agent) {
			break
		}
	}
	return true
}

// pickAny yields the agents of the index from a random one on, and takes those
// out that do not fit any more.
func (a *Allocator) pickAny(s *shape, x *index, yield func(*agent) bool) bool {
	if len(x.entries) == 0 {
		return false
	}
	at := a.rng.IntN(len(x.entries))
	for left := len(x.entries); left > 0 && len(x.entries) > 0; left-- {
		at %= len(x.entries)
		g := x.entries[at].agent
		if !s.fits(g) {
			x.remove(g)
			continue
		}
		if !yield(g) {
			return true
		}
		at++
	}
	return len(x.entries) > 0
}

// indexOf returns the index of the shape, up to date.
func (a *Allocator) indexOf(s *shape) *index {
	a.indexUses++
	if x := s.index; x != nil {
		x.used = a.indexUses
		if len(x.dirty) <= len(a.agentList) {
			for _, g := range x.dirty {
				a.reindex(s, x, g)
			}
			clear(x.dirty)
			x.dirty = x.dirty[:0]
			return x
		}
		a.forgetIndex(s)
	}
	for len(a.indexed) > 0 && (len(a.indexed)+1)*len(a.agentList) > maxIndexEntries {
		a.forgetIndex(slices.MinFunc(a.indexed, func(x, y *shape) int { return int(x.index.used) - int(y.index.used) }))
	}
	s.index = &index{places: make([]int32, len(a.agentList)), used: a.indexUses}
	a.indexed = append(a.indexed, s)
	for _, g := range a.agentList {
		a.reindex(s, s.index, g)
	}
	return s.index
}

// reindex brings the place of one agent in line with what it has now.
func (a *Allocator) reindex(s *shape, x *index, g *agent) {
	if g.removed {
		return // its place was given up when it went
	}
	if !s.fits(g) {
		x.remove(g)
		return
	}
	rating := 0.0
	if a.cfg.AgentOrder != nil {
		rating = a.cfg.AgentOrder.Rate(&g.state, &s.stated)
	}
	x.put(g, rating)
}

// agentChanged has every index look at the agent again.
func (a *Allocator) agentChanged(g *agent, more bool) {
	for _, s := range a.indexed {
		if x := s.index; (more || a.cfg.AgentOrder != nil) && len(x.dirty) <= len(a.agentList) {
			x.dirty = append(x.dirty, g)
		}
	}
}

func (a *Allocator) forgetIndex(s *shape) {
	if s.index != nil {
		s.index = nil
		a.indexed = slices.DeleteFunc(a.indexed, func(o *shape) bool { return o == s })
	}
}

func (x *index) less(e, o indexEntry) bool {
	if e.rating != o.rating {
		return e.rating < o.rating
	}
	return e.agent.arrival < o.agent.arrival
}

func (x *index) put(g *agent, rating float64) {
	for len(x.places) <= g.index {
		x.places = append(x.places, 0)
	}
	e := indexEntry{g, rating}
	at := int(x.places[g.index]) - 1
	if at < 0 {
		x.entries = append(x.entries, e)
		at = len(x.entries) - 1
	}
	if !x.up(at, e) {
		x.down(at, e)
	}
}

func (x *index) remove(g *agent) {
	if g.index >= len(x.places) || x.places[g.index] == 0 {
		return
	}
	at := int(x.places[g.index]) - 1
	x.places[g.index] = 0
	last := len(x.entries) - 1
	moved := x.entries[last]
	x.entries[last] = indexEntry{}
	x.entries = x.entries[:last]
	if at < last && !x.up(at, moved) {
		x.down(at, moved)
	}
}

func (x *index) up(at int, e indexEntry) bool {
	start := at
	for at > 0 {
		parent := (at - 1) / 2
		if !x.less(e, x.entries[parent]) {
			break
		}
		x.set(at, x.entries[parent])
		at = parent
	}
	x.set(at, e)
	return at != start
}

func (x *index) down(at int, e indexEntry) {
	for {
		child := 2*at + 1
		if child >= len(x.entries) {
			break
		}
		if right := child + 1; right < len(x.entries) && x.less(x.entries[right], x.entries[child]) {
			child = right
		}
		if !x.less(x.entries[child], e) {
			break
		}
		x.set(at, x.entries[child])
		at = child
	}
	x.set(at, e)
}

func (x *index) set(at int, e indexEntry) {
	x.entries[at] = e
	x.places[e.agent.index] = int32(at + 1)
}
