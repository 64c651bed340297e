package offers

import (
	"slices"
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// run makes offers of the candidates, the agents on which something changed
// since the last run. The work is in proportion to what can be offered: an
// agent that nobody wanted is not looked at again until it or a client changes.
func (a *Allocator) run(now time.Time) []*Offer {
	a.runAt = time.Time{}
	if a.stale {
		a.cfg.Policy.Reset(a.tree)
		a.stale = false
	}
	candidates := a.candidates
	a.candidates = nil
	a.rng.Shuffle(len(candidates), func(i, j int) {
		candidates[i], candidates[j] = candidates[j], candidates[i]
	})
	var made []*Offer
	for _, g := range candidates {
		g.queued = false
		for !g.removed {
			o := a.offerNext(now, g)
			if o == nil {
				break
			}
			made = append(made, o)
		}
	}
	return made
}

// offerNext offers what the agent has to the first client in the policy's
// order that can take it, and returns nil if there is none.
func (a *Allocator) offerNext(now time.Time, g *agent) *Offer {
	if g.available.IsEmpty() {
		return nil
	}
	var (
		to    *client
		taken resources.Resources
	)
	a.cfg.Policy.Order(nil, func(n *Node) bool {
		c := n.client
		offer := g.available.AllocatableTo(n.Role())
		if offer.IsEmpty() || !a.allocatable(c, offer) {
			return true
		}
		if c.refusals[g].blocks(offer) != nil {
			return true
		}
		to, taken = c, offer
		return false
	})
	if to == nil {
		return nil
	}
	return a.offer(now, g, to, taken)
}

func (a *Allocator) offer(now time.Time, g *agent, c *client, r resources.Resources) *Offer {
	rest, ok := g.available.Sub(r)
	if !ok {
		panic("offers: an offer holds more than is available") // it is a part of it
	}
	g.available = rest
	a.nextOffer++
	o := &outstanding{
		offer: &Offer{
			ID:          proffer.OfferID(a.cfg.IDPrefix + strconv.FormatUint(a.nextOffer, 10)),
			FrameworkID: c.framework.id,
			AgentID:     g.info.ID,
			Hostname:    g.info.Hostname,
			Attributes:  g.info.Attributes,
			Role:        c.node.Role(),
			Resources:   r,
		},
		agent: g, client: c,
		deadline: now.Add(a.cfg.OfferTimeout),
	}
	a.offers[o.offer.ID] = o
	g.offered[o] = struct{}{}
	a.waiting.append(o)
	c.held++
	a.scratch = a.tree.names.vector(r, a.scratch)
	c.node.charge(a.scratch)
	a.cfg.Policy.Changed(c.node)
	return o.offer
}

// allocatable reports whether r is worth offering to the client.
func (a *Allocator) allocatable(c *client, r resources.Resources) bool {
	least := c.least
	if least == nil {
		least = a.cfg.MinAllocatable
	}
	if len(least) == 0 {
		return true
	}
	have := r.Quantities()
	return slices.ContainsFunc(least, have.Contains)
}
