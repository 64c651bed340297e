package offers

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// run makes offers of the candidates, the agents on which something changed
// since the last run, and serves demands. The work is in proportion to what can
// be offered: an agent that nobody wanted is not looked at again until it or a
// client changes, and a client that nothing serves is parked until something
// does.
//
// As in Mesos it has two stages: first what serves unmet guarantees, then
// everything else as far as limits and guarantees leave it.
func (a *Allocator) run(now time.Time) {
	a.runAt = time.Time{}
	a.runs++
	candidates := a.takeCandidates()
	a.wake(candidates)
	if a.stale {
		a.cfg.Policy.Reset(a.tree)
		a.stale = false
	}
	if a.tree.root.need.some() {
		a.arrange(candidates)
		a.stage(now, candidates, true)
	}
	a.arrange(candidates)
	a.stage(now, candidates, false)
	for _, g := range candidates {
		g.queued = false
	}
	a.makeInverse()
}

func (a *Allocator) takeCandidates() []*agent {
	candidates := a.candidates
	a.candidates = nil
	if a.roomGrew {
		a.roomGrew = false
		for _, g := range a.withheld {
			g.withheld = false
			if !g.queued && !g.removed {
				g.queued = true
				candidates = append(candidates, g)
			}
		}
		a.withheld = nil
		for _, c := range a.roomWaiters {
			c.awaiting = false
			a.unpark(c)
		}
		a.roomWaiters = nil
	}
	return candidates
}

// wake unparks those whom the candidates may serve.
func (a *Allocator) wake(candidates []*agent) {
	if len(candidates) == 0 && !a.gangDue() {
		return
	}
	for _, c := range a.idle {
		a.unpark(c)
	}
	a.idle = a.idle[:0]
	for _, w := range a.gangs {
		w.waiting = false
		a.unpark(w.client)
	}
	a.gangs = a.gangs[:0]
	waiters := a.waiters
	a.waiters = nil
	for _, s := range waiters {
		if !slices.ContainsFunc(candidates, s.fits) {
			a.waiters = append(a.waiters, s)
			continue
		}
		s.live = true
		for _, w := range s.waiters {
			w.waiting = false
			a.unpark(w.client)
		}
		s.waiters = nil
	}
}

// arrange puts agents in the order in which they are offered.
func (a *Allocator) arrange(agents []*agent) {
	if a.cfg.AgentOrder == nil {
		a.rng.Shuffle(len(agents), func(i, j int) { agents[i], agents[j] = agents[j], agents[i] })
		return
	}
	ratings := make(map[*agent]float64, len(agents))
	for _, g := range agents {
		ratings[g] = a.cfg.AgentOrder.Rate(g.state, nil)
	}
	slices.SortFunc(agents, func(x, y *agent) int {
		return cmp.Or(cmp.Compare(ratings[x], ratings[y]), cmp.Compare(x.arrival, y.arrival))
	})
}

// stage offers until nobody can be offered anything more of the candidates, and
// no demand can be served.
func (a *Allocator) stage(now time.Time, candidates []*agent, guaranteed bool) {
	next := 0
	for {
		var g *agent
		for next < len(candidates) && (!candidates[next].open() || candidates[next].available.IsEmpty()) {
			next++
		}
		if next < len(candidates) {
			g = candidates[next]
		}
		switch d := a.decide(g, guaranteed); {
		case d.blocked:
			return
		case d.want != nil && d.want.stated.Gang:
			a.placeGang(now, d.want)
		case d.want != nil:
			a.place(now, d)
		case d.client != nil:
			a.offer(now, g, d.client, d.part)
		case g == nil:
			return
		default:
			next++
		}
	}
}

// decision is who is offered what next.
type decision struct {
	client *client
	agent  *agent
	part   resources.Resources
	want   *want // that is served; nil for a client without demand

	blocked bool // nobody else is to be offered anything: see gangBlocks
}

// decide finds the first client in the policy's order that can be offered
// something: the agent g, or what its demand needs of any agent.
func (a *Allocator) decide(g *agent, guaranteed bool) (d decision) {
	if g == nil && len(a.shapes) == 0 {
		return d
	}
	var nothing []*client // to be parked: not while Order runs
	var enter func(*Node) bool
	if guaranteed {
		enter = (*Node).lacksGuarantee
	}
	a.cfg.Policy.Order(enter, func(n *Node) bool {
		c := n.client
		if guaranteed && !n.parent.parent.lacksGuarantee() {
			return true
		}
		if c.demanding {
			var blocks bool
			d, blocks = a.serve(c, guaranteed)
			d.blocked = blocks && !guaranteed
			if d.want == nil && !guaranteed && !blocks {
				nothing = append(nothing, c)
			}
			return d.want == nil && !d.blocked
		}
		if g == nil {
			if !guaranteed {
				a.idle = append(a.idle, c)
				nothing = append(nothing, c)
			}
			return true
		}
		part, why := a.portion(g, c, guaranteed)
		if why != WhyAvailable {
			if why == WhyLimit && !guaranteed && a.hopeless(c) {
				a.awaitRoom(c)
				nothing = append(nothing, c)
			}
			return true
		}
		d = decision{client: c, agent: g, part: part}
		return false
	})
	for _, c := range nothing {
		a.park(c)
	}
	return d
}

// awaitRoom has the client unparked when a limit or guarantee leaves more.
func (a *Allocator) awaitRoom(c *client) {
	if !c.awaiting {
		c.awaiting = true
		a.roomWaiters = append(a.roomWaiters, c)
	}
}

// lacksGuarantee reports whether clients in or below the role can be given
// something that a guarantee still lacks.
func (n *Node) lacksGuarantee() bool {
	if n.need.some() {
		return true
	}
	for m := n.parent; m != nil; m = m.parent {
		if m.quota == nil {
			continue
		}
		for i := range m.quota.guarantee {
			if m.ownNeed(i) > 0 {
				return true
			}
		}
	}
	return false
}

func (a *Allocator) offer(now time.Time, g *agent, c *client, r resources.Resources) *outstanding {
	a.take(g, r)
	a.nextOffer++
	o := &outstanding{
		offer: Offer{
			ID:             a.offerID(a.nextOffer),
			FrameworkID:    c.framework.id,
			AgentID:        g.info.ID,
			Hostname:       g.info.Hostname,
			Attributes:     g.info.Attributes,
			Domain:         g.info.Domain,
			Unavailability: g.maintenance,
			Role:           c.node.Role(),
			Resources:      r,
		},
		number: a.nextOffer, agent: g, client: c,
		deadline: never, sibling: g.offers, run: a.runs,
	}
	if a.cfg.OfferTimeout > 0 {
		o.deadline = a.at(now) + int64(a.cfg.OfferTimeout)
	}
	a.offers[o.number] = o
	g.offers = o
	c.addOffer(o)
	a.waiting.insert(o)
	a.charge(c, g, r)
	a.changes.Offers = append(a.changes.Offers, &o.offer)
	return o
}

// never is the deadline of what has none.
const never = int64(math.MaxInt64)

func (a *Allocator) offerID(number uint64) proffer.OfferID {
	b := append(make([]byte, 0, 24), a.cfg.IDPrefix...)
	return proffer.OfferID(strconv.AppendUint(b, number, 10))
}

// take takes r out of what the agent has available.
func (a *Allocator) take(g *agent, r resources.Resources) {
	rest, ok := g.available.Sub(r.NonShared())
	if !ok {
		panic("offers: an offer holds more than is available") // it is a part of it
	}
	if !r.Shared().IsEmpty() {
		g.sharedRun = a.runs
	}
	a.setAvailable(g, rest)
	a.agentChanged(g, false)
}
