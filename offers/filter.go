package offers

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer/resources"
)

// Of the time that a declined offer keeps its resources from being offered to
// the same framework again.
const (
	DefaultRefuse = 5 * time.Second // what the zero Filter means, as in Mesos
	NoRefuse      = time.Duration(-1)
	MaxRefuse     = 365 * 24 * time.Hour
)

// Filter says for how long a framework, having declined resources of an agent
// in a role, is not offered the same or less of that agent in that role. More
// than was declined passes the filter.
type Filter struct {
	// Refuse is the time. Zero means [DefaultRefuse]. [NoRefuse] means that
	// there is no filter; as the resources would come back at once, they still
	// wait for the next batch run. A filter lasts for a batch interval at least
	// and for [MaxRefuse] at most.
	Refuse time.Duration
}

// Validate reports a Refuse that is out of range.
func (f Filter) Validate() error {
	if f.Refuse > MaxRefuse {
		return fmt.Errorf("filter: refuse %v is above the greatest value %v: suppress the role instead", f.Refuse, MaxRefuse)
	}
	if f.Refuse < 0 && f.Refuse != NoRefuse {
		return fmt.Errorf("filter: refuse %v is negative: use offers.NoRefuse for no filter", f.Refuse)
	}
	return nil
}

// refusal is a filter in force: the client refuses this much of the agent
// until then. There may be very many: every byte counts.
type refusal struct {
	client  *client
	agent   *agent
	refused resources.Resources
	until   int64    // see Allocator.at
	next    *refusal // a further one of the same client and agent, or nil
	index   int32    // in the heap
}

// blocks reports whether one of the refusals keeps an offer from being made.
// Only the same or less is blocked, so that a framework which declined too
// small a part of an agent sees it when it has grown.
func (r *refusal) blocks(offer resources.Resources) (by *refusal) {
	for ; r != nil; r = r.next {
		if r.refused.Contains(offer) {
			return r
		}
	}
	return nil
}

// blocksShape is blocks for one more task, wherever in the agent it would be.
func (r *refusal) blocksShape(s *shape) (by *refusal) {
	for ; r != nil; r = r.next {
		s.scratch = s.names.amounts(r.refused, s.scratch)
		if s.scratch.covers(s.needs) {
			return r
		}
	}
	return nil
}

// covers reports whether r blocks all that o blocks, for as long.
func (r *refusal) covers(o *refusal) bool {
	return r.until >= o.until && r.refused.Contains(o.refused)
}

// refusal returns the client's filters on the agent.
func (g *agent) refusal(c *client) *refusal {
	if c.refusals == 0 || len(g.refusals) == 0 {
		return nil
	}
	if i, ok := g.refusalAt(c); ok {
		return g.refusals[i]
	}
	return nil
}

// refusalAt returns where the client's filters stand, or would stand.
func (g *agent) refusalAt(c *client) (int, bool) {
	lo, hi := 0, len(g.refusals)
	if hi > 0 && g.refusals[hi-1].client.number < c.number {
		return hi, false
	}
	for lo < hi {
		mid := (lo + hi) / 2
		if g.refusals[mid].client.number < c.number {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(g.refusals) && g.refusals[lo].client == c
}

// refuse puts a refusal in force, in place of those that it covers.
func (a *Allocator) refuse(c *client, g *agent, refused resources.Resources, until int64) {
	r := &refusal{client: c, agent: g, refused: refused, until: until}
	for old := g.refusal(c); old != nil; old = old.next {
		if old.covers(r) {
			return
		}
		if r.covers(old) {
			a.endRefusal(old)
		}
	}
	if i, ok := g.refusalAt(c); ok {
		r.next = g.refusals[i]
		g.refusals[i] = r
	} else {
		g.refusals = slices.Insert(g.refusals, i, r)
	}
	c.refusals++
	a.refusals.push(r)
}

// endRefusal removes a refusal that is in force.
func (a *Allocator) endRefusal(r *refusal) {
	a.refusals.remove(r)
	r.client.refusals--
	g := r.agent
	i, _ := g.refusalAt(r.client)
	switch first := g.refusals[i]; {
	case first != r:
		for first.next != r {
			first = first.next
		}
		first.next = r.next
	case r.next != nil:
		g.refusals[i] = r.next
	default:
		g.refusals = slices.Delete(g.refusals, i, i+1)
	}
	a.unpark(r.client)
}

// refusalHeap has the refusal that ends first on top.
type refusalHeap []*refusal

func (h *refusalHeap) push(r *refusal) {
	*h = append(*h, r)
	h.up(len(*h)-1, r)
}

func (h *refusalHeap) remove(r *refusal) {
	last := len(*h) - 1
	moved := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	if moved == r {
		return
	}
	i := int(r.index)
	if !h.up(i, moved) {
		h.down(i, moved)
	}
}

// up puts r at i or above; it reports whether that is above.
func (h refusalHeap) up(i int, r *refusal) bool {
	start := i
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].until <= r.until {
			break
		}
		h.put(i, h[parent])
		i = parent
	}
	h.put(i, r)
	return i != start
}

func (h refusalHeap) down(i int, r *refusal) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if right := child + 1; right < len(h) && h[right].until < h[child].until {
			child = right
		}
		if r.until <= h[child].until {
			break
		}
		h.put(i, h[child])
		i = child
	}
	h.put(i, r)
}

func (h refusalHeap) put(i int, r *refusal) {
	h[i] = r
	r.index = int32(i)
}
