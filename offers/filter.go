package offers

import (
	"container/heap"
	"fmt"
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
// until then.
type refusal struct {
	client  *client
	agent   *agent
	refused resources.Resources
	until   time.Time
	index   int      // in the heap
	next    *refusal // a further one of the same client and agent, or nil
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

// covers reports whether r blocks all that o blocks, for as long.
func (r *refusal) covers(o *refusal) bool {
	return !r.until.Before(o.until) && r.refused.Contains(o.refused)
}

// refuse puts a refusal in force, in place of those that it covers.
func (a *Allocator) refuse(r *refusal) {
	for old := r.client.refusals[r.agent]; old != nil; old = old.next {
		if old.covers(r) {
			return
		}
		if r.covers(old) {
			a.endRefusal(old)
		}
	}
	if r.client.refusals == nil {
		r.client.refusals = make(map[*agent]*refusal)
	}
	r.next = r.client.refusals[r.agent]
	r.client.refusals[r.agent] = r
	heap.Push(&a.refusals, r)
}

// endRefusal removes a refusal that is in force.
func (a *Allocator) endRefusal(r *refusal) {
	heap.Remove(&a.refusals, r.index)
	first := r.client.refusals[r.agent]
	switch {
	case first != r:
		for first.next != r {
			first = first.next
		}
		first.next = r.next
	case r.next != nil:
		r.client.refusals[r.agent] = r.next
	default:
		delete(r.client.refusals, r.agent)
	}
}

// refusalHeap has the refusal that ends first on top.
type refusalHeap []*refusal

func (h refusalHeap) Len() int           { return len(h) }
func (h refusalHeap) Less(i, j int) bool { return h[i].until.Before(h[j].until) }
func (h refusalHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push and Pop are for container/heap.
func (h *refusalHeap) Push(x any) {
	r := x.(*refusal)
	r.index = len(*h)
	*h = append(*h, r)
}

func (h *refusalHeap) Pop() any {
	old := *h
	r := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return r
}
