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
	if a.viewsChanged {
		a.viewsChanged = false
		a.review(now, a.tree.root)
	}
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
	a.blocked = a.stage(now, candidates, false)
	a.finishBuilding()
	for _, g := range candidates {
		g.queued, g.only = false, nil
	}
	for _, c := range a.lapsed {
		c.lapsed = false
	}
	a.lapsed = a.lapsed[:0]
	a.makeInverse()
}

func (a *Allocator) takeCandidates() []*agent {
	candidates := a.candidates
	a.candidates = nil
	for _, g := range a.blocked {
		if !g.queued && !g.removed {
			g.queued = true
			candidates = append(candidates, g)
		}
		g.only = nil
	}
	a.blocked = nil
	if a.roomGrew {
		a.roomGrew = false
		for _, g := range a.withheld {
			g.withheld, g.only = false, nil
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
		w.waiting, w.listed, w.shape.live = false, false, true
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
			w.waiting, w.listed = false, false
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
		ratings[g] = a.cfg.AgentOrder.Rate(&g.state, nil)
	}
	slices.SortFunc(agents, func(x, y *agent) int {
		return cmp.Or(cmp.Compare(ratings[x], ratings[y]), cmp.Compare(x.arrival, y.arrival))
	})
}

// stage offers until nobody can be offered anything more of the candidates, and
// no demand can be served. It returns those that a gang keeps from being looked
// at.
func (a *Allocator) stage(now time.Time, candidates []*agent, guaranteed bool) (blocked []*agent) {
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
			return candidates[next:]
		case d.want != nil && d.want.stated.Gang:
			a.placeGang(now, d.want)
		case d.want != nil:
			a.place(now, d)
		case d.client != nil:
			a.offerWhole(now, d, guaranteed)
		case g == nil:
			return nil
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

// deciding is the state of one walk through the policy's order, kept so that a
// decision allocates nothing.
type deciding struct {
	agent      *agent // to be offered; nil for none
	guaranteed bool
	lapsed     bool // those whose offers timed out have their turn, the others had it
	found      decision
	nothing    []*client // to be parked: not while Order runs
	enter      func(*Node) bool
	visit      func(*Node) bool
}

// decide finds the first client in the policy's order that can be offered
// something: the agent g, or what its demand needs of any agent. Those whose
// offers timed out come last: who never answers, and so never has anything,
// would come first for ever.
func (a *Allocator) decide(g *agent, guaranteed bool) decision {
	if g == nil && a.demanding == 0 {
		return decision{}
	}
	a.deciding.lapsed = false
	found := a.decideAmong(g, guaranteed)
	if len(a.lapsed) > 0 && found.client == nil && !found.blocked {
		a.deciding.lapsed = true
		found = a.decideAmong(g, guaranteed)
	}
	return found
}

func (a *Allocator) decideAmong(g *agent, guaranteed bool) decision {
	d := &a.deciding
	d.agent, d.guaranteed, d.found, d.nothing = g, guaranteed, decision{}, d.nothing[:0]
	if d.visit == nil {
		d.enter, d.visit = (*Node).lacksGuarantee, a.visit
	}
	switch {
	case g != nil && g.only != nil && a.demanding == 0:
		if n := g.only.node; n.Active() {
			a.visit(n)
		}
	case g != nil && a.demanding == 0 && a.choosy == 0 && !a.allocatable(nil, g.available):
		// Too little for anybody.
	case guaranteed:
		a.cfg.Policy.Order(d.enter, d.visit)
	default:
		a.cfg.Policy.Order(nil, d.visit)
	}
	for _, c := range d.nothing {
		a.park(c)
	}
	return d.found
}

// visit looks at one client, and reports whether to go on to the next.
func (a *Allocator) visit(n *Node) bool {
	c, d := n.client, &a.deciding
	if c.lapsed != d.lapsed {
		return true
	}
	if d.guaranteed && !n.parent.parent.lacksGuarantee() {
		return true
	}
	switch {
	case c.demanding:
		found, blocks := a.serve(c, d.guaranteed)
		found.blocked = blocks && !d.guaranteed
		d.found = found
		if found.want == nil && !d.guaranteed && !blocks {
			d.nothing = append(d.nothing, c)
		}
		return found.want == nil && !found.blocked
	case d.agent == nil:
		if !d.guaranteed {
			a.idle = append(a.idle, c)
			d.nothing = append(d.nothing, c)
		}
		return true
	}
	part, why := a.portion(d.agent, c, d.guaranteed)
	if why != WhyAvailable {
		if why == WhyLimit && !d.guaranteed && a.hopeless(c) {
			a.awaitRoom(c)
			d.nothing = append(d.nothing, c)
		}
		return true
	}
	d.found = decision{client: c, agent: d.agent, part: part}
	return false
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

// offerWhole offers the decided part. What a client is given of an agent in the
// two stages of a run is one offer.
func (a *Allocator) offerWhole(now time.Time, d decision, guaranteed bool) {
	g := d.agent
	for _, b := range g.building {
		if b.client == d.client && len(b.offer.serves) == 0 {
			a.hand(g, d.client, d.part, nil)
			b.offer.grow(d.part)
			return
		}
	}
	if o := a.offer(now, g, d.client, d.part, nil); guaranteed {
		a.build(o)
	}
}

// build has the offer grow for the rest of the run.
func (a *Allocator) build(o *outstanding) {
	g := o.agent
	if len(g.building) == 0 {
		a.building = append(a.building, g)
	}
	g.building = append(g.building, growing{o.client, o})
}

// offer offers r of the agent, whose amounts are given where they are known.
func (a *Allocator) offer(now time.Time, g *agent, c *client, r resources.Resources, amounts vector) *outstanding {
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
		deadline: never,
	}
	if a.cfg.OfferTimeout > 0 {
		o.deadline = a.at(now) + int64(a.cfg.OfferTimeout)
	}
	a.offers[o.number] = o
	g.addOffer(o)
	c.addOffer(o)
	a.waiting.insert(o)
	if g.plainOnly && r.Same(g.available) {
		o.whole = append(o.few[:0], g.amounts...)
		amounts = o.whole
	}
	a.hand(g, c, r, amounts)
	a.changes.Offers = append(a.changes.Offers, &o.offer)
	return o
}

// never is the deadline of what has none.
const never = int64(math.MaxInt64)

func (a *Allocator) offerID(number uint64) proffer.OfferID {
	b := append(make([]byte, 0, 24), a.cfg.IDPrefix...)
	return proffer.OfferID(strconv.AppendUint(b, number, 10))
}

// hand takes r out of what the agent has available and charges the client for
// it. Amounts are those of r, nil where they are not known.
func (a *Allocator) hand(g *agent, c *client, r resources.Resources, amounts vector) {
	part := r
	if !g.plainOnly {
		part, amounts = r.NonShared(), nil
		if part.Len() < r.Len() {
			g.sharedRun = a.runs
		}
	}
	rest, ok := g.available.Sub(part)
	if !ok {
		panic("offers: an offer holds more than is available") // it is a part of it
	}
	if amounts == nil {
		a.setAvailable(g, rest)
		a.charge(c, g, r)
	} else {
		a.scratch = append(a.scratch[:0], g.amounts...)
		a.scratch.sub(amounts)
		a.setAvailableTo(g, rest, a.scratch)
		c.node.charge(amounts, amounts)
		a.cfg.Policy.Changed(c.node)
	}
	a.agentChanged(g, false)
}
