package offers

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Allocator offers the resources of agents to frameworks. See the package
// documentation for how it is driven. Make one with [New].
type Allocator struct {
	cfg  Config
	tree *Tree

	frameworks map[proffer.FrameworkID]*framework
	agents     map[proffer.AgentID]*agent
	agentList  []*agent // in order of arrival, so that runs do not depend on the map
	offers     map[proffer.OfferID]*outstanding

	waiting    offerQueue // outstanding offers, the first to time out first
	refusals   refusalHeap
	candidates []*agent  // to be looked at in the next run
	rescinded  []*Offer  // to be returned by Advance
	stale      bool      // the policy has to be reset before the next run
	runAt      time.Time // of the next run; zero for none
	batchAt    time.Time // of the next batch run; zero until a decline waits for one
	nextOffer  uint64
	rng        *rand.Rand
	scratch    vector
}

// agent is one agent: total = available + offered + used.
type agent struct {
	info      proffer.AgentInfo
	available resources.Resources
	used      map[*client]resources.Resources
	offered   map[*outstanding]struct{}
	queued    bool // it is among the candidates
	removed   bool
}

// New returns an allocator without agents and frameworks, or an error that
// names every invalid field of cfg.
func New(cfg Config) (*Allocator, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	a := &Allocator{
		cfg:        cfg,
		tree:       newTree(),
		frameworks: make(map[proffer.FrameworkID]*framework),
		agents:     make(map[proffer.AgentID]*agent),
		offers:     make(map[proffer.OfferID]*outstanding),
		rng:        rand.New(rand.NewPCG(cfg.Seed, 0x70726f66666572)),
		stale:      true,
	}
	for _, name := range cfg.FairnessExcluded {
		i := a.tree.names.number(name)
		for len(a.tree.excluded) <= i {
			a.tree.excluded = append(a.tree.excluded, false)
		}
		a.tree.excluded[i] = true
	}
	return a, nil
}

// Deadline returns when Advance has something to do, and false if only a
// further call can change that.
func (a *Allocator) Deadline() (time.Time, bool) {
	var at time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	sooner(a.runAt)
	sooner(a.batchAt)
	if len(a.refusals) > 0 {
		sooner(a.refusals[0].until)
	}
	if first := a.waiting.first; first != nil && a.cfg.OfferTimeout > 0 {
		sooner(first.deadline)
	}
	return at, !at.IsZero()
}

// Advance does what is due at now: it takes back offers that were not answered
// in time, ends filters and, when a run is due, makes offers. It returns the
// offers to send, in the order in which they were decided, and every offer
// taken back since the last call, whatever the cause.
func (a *Allocator) Advance(now time.Time) (made, rescinded []*Offer) {
	a.expireOffers(now)
	a.expireRefusals(now)
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	if due(a.batchAt) {
		a.batchAt = time.Time{}
		a.requestRun(now)
		a.runAt = now
	}
	if due(a.runAt) {
		made = a.run(now)
	}
	rescinded, a.rescinded = a.rescinded, nil
	return made, rescinded
}

// SetWeight sets the weight of a role, which divides its share against that of
// its siblings; it must be above 0. As in Mesos it affects later decisions and
// causes none itself.
func (a *Allocator) SetWeight(role string, weight float64) error {
	if err := proffer.ValidateRole(role); err != nil {
		return fmt.Errorf("offers: set weight: %w", err)
	}
	if !(weight > 0) || weight > 1e9 {
		return fmt.Errorf("offers: set weight of role %q: weight %v is not above 0 and at most 1e9", role, weight)
	}
	n := a.tree.role(role)
	n.weight, n.pinned = weight, weight != 1
	a.tree.detach(n)
	a.stale = true
	return nil
}

// requestRun has a run happen once the coalescing time is over.
func (a *Allocator) requestRun(now time.Time) {
	if a.runAt.IsZero() {
		a.runAt = now.Add(max(a.cfg.Coalesce, 0))
	}
}

// look has the next run look at the agent.
func (a *Allocator) look(now time.Time, g *agent) {
	if !g.queued && !g.removed && !g.available.IsEmpty() {
		g.queued = true
		a.candidates = append(a.candidates, g)
	}
	if g.queued {
		a.requestRun(now)
	}
}

// lookAtAll has the next run look at every agent that has something available.
func (a *Allocator) lookAtAll(now time.Time) {
	for _, g := range a.agentList {
		a.look(now, g)
	}
}

func (a *Allocator) expireOffers(now time.Time) {
	if a.cfg.OfferTimeout < 0 {
		return
	}
	for o := a.waiting.first; o != nil && !o.deadline.After(now); o = a.waiting.first {
		a.takeBack(now, o)
	}
}

func (a *Allocator) expireRefusals(now time.Time) {
	for len(a.refusals) > 0 && !a.refusals[0].until.After(now) {
		r := a.refusals[0]
		a.endRefusal(r)
		a.look(now, r.agent)
		if r.agent.queued {
			a.runAt = now // its time has come: there is nothing to gather for
		}
	}
}

// takeBack rescinds an offer: its resources are available again, without a
// filter.
func (a *Allocator) takeBack(now time.Time, o *outstanding) {
	a.rescinded = append(a.rescinded, o.offer)
	a.settle(o)
	a.credit(o.client, o.offer.Resources)
	a.makeAvailable(now, o.agent, o.offer.Resources)
	a.forget(o.client)
}

// settle ends the life of an offer; its resources stay charged to the client.
func (a *Allocator) settle(o *outstanding) {
	a.waiting.remove(o)
	delete(a.offers, o.offer.ID)
	delete(o.agent.offered, o)
	o.client.held--
}

// credit takes r off the client's allocation.
func (a *Allocator) credit(c *client, r resources.Resources) {
	a.scratch = a.tree.names.vector(r, a.scratch)
	c.node.credit(a.scratch)
	a.cfg.Policy.Changed(c.node)
}

func (a *Allocator) makeAvailable(now time.Time, g *agent, r resources.Resources) {
	if g.removed {
		return
	}
	sum, err := g.available.Add(r)
	if err != nil {
		panic(fmt.Sprintf("offers: returning resources to agent %s: %v", g.info.ID, err)) // only returns what was taken from it
	}
	g.available = sum
	a.look(now, g)
}

// Usage is what a framework uses of an agent in a role.
type Usage struct {
	FrameworkID proffer.FrameworkID
	Role        string
	Resources   resources.Resources
}

// AddAgent adds an agent, of whose resources some may be in use already (it
// comes back after the master restarted). What is free is offered at once.
func (a *Allocator) AddAgent(now time.Time, info proffer.AgentInfo, used ...Usage) error {
	if _, ok := a.agents[info.ID]; ok {
		return fmt.Errorf("%w: agent %s", ErrExists, info.ID)
	}
	available := info.Resources
	for _, u := range used {
		if err := proffer.ValidateRole(u.Role); err != nil {
			return fmt.Errorf("offers: add agent %s: %w", info.ID, err)
		}
		rest, ok := available.Sub(u.Resources)
		if !ok {
			return fmt.Errorf("add agent %s: %w: framework %s uses %s, %s are left of %s",
				info.ID, ErrInsufficient, u.FrameworkID, u.Resources, available, info.Resources)
		}
		available = rest
	}
	g := &agent{
		info: info, available: available,
		used:    make(map[*client]resources.Resources),
		offered: make(map[*outstanding]struct{}),
	}
	a.agents[info.ID] = g
	a.agentList = append(a.agentList, g)
	a.setTotal(info.Resources, +1)
	for _, u := range used {
		c := a.clientOf(u.FrameworkID, u.Role)
		a.scratch = a.tree.names.vector(u.Resources, a.scratch)
		c.node.charge(a.scratch)
		a.use(g, c, u.Resources)
	}
	a.look(now, g)
	return nil
}

// RemoveAgent removes an agent. Its offers are rescinded; what frameworks used
// of it is credited at once (MESOS-621).
func (a *Allocator) RemoveAgent(now time.Time, id proffer.AgentID) error {
	g, ok := a.agents[id]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownAgent, id)
	}
	g.removed = true
	for _, o := range sortedOffers(g.offered) {
		a.takeBack(now, o)
	}
	for _, c := range sortedClients(g.used) {
		a.unuse(g, c, g.used[c])
		a.forget(c)
	}
	for _, f := range a.frameworks {
		for _, c := range f.clients {
			for r := c.refusals[g]; r != nil; r = c.refusals[g] {
				a.endRefusal(r)
			}
		}
	}
	delete(a.agents, id)
	a.agentList = slices.DeleteFunc(a.agentList, func(x *agent) bool { return x == g })
	a.setTotal(g.info.Resources, -1)
	return nil
}

func (a *Allocator) setTotal(r resources.Resources, sign int64) {
	v := a.tree.names.vector(r, nil)
	for i := range v {
		v[i] *= sign
	}
	a.tree.total.add(v)
	a.stale = true
}

// use accounts r of the agent as used by the client, who has been charged for
// it.
func (a *Allocator) use(g *agent, c *client, r resources.Resources) {
	if r.IsEmpty() {
		return
	}
	before, had := g.used[c]
	sum, err := before.Add(r)
	if err != nil {
		panic(fmt.Sprintf("offers: use of agent %s: %v", g.info.ID, err)) // parts of one agent always add up
	}
	if !had {
		c.held++
	}
	g.used[c] = sum
}

// unuse is the inverse of use and credits the client; it must use r.
func (a *Allocator) unuse(g *agent, c *client, r resources.Resources) {
	rest, _ := g.used[c].Sub(r)
	if rest.IsEmpty() {
		delete(g.used, c)
		c.held--
	} else {
		g.used[c] = rest
	}
	a.credit(c, r)
}

func sortedOffers(set map[*outstanding]struct{}) []*outstanding {
	list := make([]*outstanding, 0, len(set))
	for o := range set {
		list = append(list, o)
	}
	slices.SortFunc(list, func(x, y *outstanding) int { return cmp.Compare(x.offer.ID, y.offer.ID) })
	return list
}

func sortedClients(set map[*client]resources.Resources) []*client {
	list := make([]*client, 0, len(set))
	for c := range set {
		list = append(list, c)
	}
	slices.SortFunc(list, func(x, y *client) int { return cmp.Compare(x.node.arrival, y.node.arrival) })
	return list
}

// Offer returns an outstanding offer.
func (a *Allocator) Offer(id proffer.OfferID) (*Offer, bool) {
	o, ok := a.offers[id]
	if !ok {
		return nil, false
	}
	return o.offer, true
}
