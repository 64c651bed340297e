package offers

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
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
	clients    uint64 // how many there ever were
	agents     map[proffer.AgentID]*agent
	agentList  []*agent // in no meaningful order, but the same in every repetition
	arrivals   uint64   // of agents
	offers     map[uint64]*outstanding
	free       vector // what all agents have available to everybody

	waiting    offerQueue // outstanding offers, the first to time out first
	refusals   refusalHeap
	candidates []*agent  // to be looked at in the next run
	demanding  int       // active clients that state their demand
	choosy     int       // clients with least amounts of their own
	building   []*agent  // on which offers may grow in this run
	withheld   []*agent  // of which limits or guarantees keep something back
	blocked    []*agent  // not looked at, as a gang blocked the run
	lapsed     []*client // whose offers timed out: in the next run they come last

	shapes       map[string]*shape
	unusedShapes []*shape     // the one unused for longest first
	counted      map[int]bool // numbers of names that are ranges or sets
	indexed      []*shape
	indexUses    uint64
	waiters      []*shape  // those that somebody waits for
	gangs        []*want   // that wait for all their places at once
	roomWaiters  []*client // parked for want of quota
	idle         []*client // parked until there is an agent to look at
	roomGrew     bool      // a limit or guarantee leaves more than before
	viewsChanged bool      // some role has reservations for the first time, or none any more
	claims       []*claim  // see preempt.go
	preemptAt    int64     // when preempt has something to do
	maintained   []*agent  // that may have to send inverse offers

	inverse        map[proffer.InverseOfferID]*inverse
	inverseFilters []*inverse // answered ones that keep further ones away

	changes   Changes   // to be returned by Advance
	epoch     time.Time // from which times are counted: that of the first call
	clock     int64     // the time of the latest call
	stale     bool      // the policy has to be reset before the next run
	runAt     time.Time // of the next run; zero for none
	batchAt   time.Time // of the next batch run; zero until a decline waits for one
	nextOffer uint64
	runs      uint64
	rng       *rand.Rand
	deciding  deciding
	scratch   vector
	scratch2  vector
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
		offers:     make(map[uint64]*outstanding),
		shapes:     make(map[string]*shape),
		counted:    make(map[int]bool),
		inverse:    make(map[proffer.InverseOfferID]*inverse),
		rng:        rand.New(rand.NewPCG(cfg.Seed, 0x70726f66666572)),
		stale:      true,
		preemptAt:  never,
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

// Changes are what the allocator decided, in the order of the decisions.
type Changes struct {
	Offers    []*Offer // new ones, to be sent
	Rescinded []*Offer // taken back, whatever the cause; each was sent before

	InverseOffers    []*InverseOffer // new ones, to be sent
	RescindedInverse []*InverseOffer // that ended without an answer

	// Evictions are due: who did not give back in time what an inverse offer
	// asked for. The caller ends tasks until it is free.
	Evictions []Eviction
}

// touch begins every method that changes something.
func (a *Allocator) touch(now time.Time) {
	if a.epoch.IsZero() {
		a.epoch = now
	}
	a.clock = max(a.clock, int64(now.Sub(a.epoch)))
}

// at returns a time as nanoseconds since the first one, which is how there are
// so many of them that a time.Time would be too large.
func (a *Allocator) at(t time.Time) int64 { return int64(t.Sub(a.epoch)) }

// time is the inverse of at.
func (a *Allocator) time(at int64) time.Time { return a.epoch.Add(time.Duration(at)) }

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
		sooner(a.time(a.refusals[0].until))
	}
	if first := a.waiting.first; first != nil && first.deadline != never {
		sooner(a.time(first.deadline))
	}
	if t, ok := a.inverseDeadline(); ok {
		sooner(a.time(t))
	}
	if t, ok := a.gangDeadline(); ok {
		sooner(a.time(t))
	}
	if t, ok := a.preemptDeadline(); ok {
		sooner(a.time(t))
	}
	return at, !at.IsZero()
}

// Advance does what is due at now: it takes back offers that were not answered
// in time, ends filters and, when a run is due, makes offers. It returns
// everything decided since the last call.
func (a *Allocator) Advance(now time.Time) Changes {
	a.touch(now)
	defer a.audit()
	a.expireOffers(now)
	a.expireRefusals(now)
	a.expireInverse(now)
	a.preempt(now)
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	if due(a.batchAt) {
		a.batchAt = time.Time{}
		a.runAt = now
	}
	if due(a.runAt) || a.gangDue() {
		a.run(now)
	}
	changes := a.changes
	a.changes = Changes{}
	return changes
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
	n.weight = weight
	a.tree.detach(n)
	a.stale = true
	return nil
}

// SetPriority sets the priority of a role, 0 where none is set: greater ones
// go first with a policy that heeds them, and may preempt lesser ones (see
// [Config.Preemption]).
func (a *Allocator) SetPriority(role string, priority int) error {
	if err := proffer.ValidateRole(role); err != nil {
		return fmt.Errorf("offers: set priority: %w", err)
	}
	n := a.tree.role(role)
	n.priority = priority
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
		g.only = nil
		a.requestRun(now)
	}
}

// lookFor is look for the sake of one client alone: what the others could not
// be offered before they cannot be offered now.
func (a *Allocator) lookFor(now time.Time, g *agent, c *client) {
	if !g.queued && !g.removed && !g.available.IsEmpty() {
		g.queued, g.only = true, c
		a.candidates = append(a.candidates, g)
	}
	if g.queued {
		if g.only != c {
			g.only = nil
		}
		a.requestRun(now)
	}
}

// requeue is look for an agent that has more than before, or is new.
func (a *Allocator) requeue(now time.Time, g *agent) {
	a.roomGrew = a.roomGrew || a.tree.quotas > 0
	a.agentChanged(g, true)
	a.look(now, g)
	a.useRoom(now)
}

// useRoom has a run happen when limits and guarantees leave more to those whom
// they kept from something, wherever that is.
func (a *Allocator) useRoom(now time.Time) {
	if a.roomGrew && len(a.withheld)+len(a.roomWaiters) > 0 {
		a.requestRun(now)
	}
}

// lookAtAll has the next run look at every agent that has something available.
func (a *Allocator) lookAtAll(now time.Time) {
	for _, g := range a.agentList {
		a.look(now, g)
	}
}

// lookAtAllFor is lookAtAll for the sake of one client.
func (a *Allocator) lookAtAllFor(now time.Time, c *client) {
	for _, g := range a.agentList {
		a.lookFor(now, g, c)
	}
}

func (a *Allocator) expireOffers(now time.Time) {
	at := a.at(now)
	for o := a.waiting.first; o != nil && o.deadline <= at; o = a.waiting.first {
		c, g, held := o.client, o.agent, o.held
		part := o.offer.Resources
		a.takeBack(now, o)
		switch { // others are to have their turn
		case held && c.subscribed:
			a.refuse(c, g, part, at+int64(a.cfg.HoldTimeout))
		case !held:
			c.lapsed, a.lapsed = true, append(a.lapsed, c)
		}
	}
}

func (a *Allocator) expireRefusals(now time.Time) {
	at := a.at(now)
	for len(a.refusals) > 0 && a.refusals[0].until <= at {
		r := a.refusals[0]
		a.endRefusal(r)
		a.lookFor(now, r.agent, r.client)
		if r.agent.queued {
			a.runAt = now // its time has come: there is nothing to gather for
		}
	}
}

// takeBack rescinds an offer: its resources are available again, without a
// filter.
func (a *Allocator) takeBack(now time.Time, o *outstanding) {
	a.changes.Rescinded = append(a.changes.Rescinded, &o.offer)
	a.settle(o)
	o.returnDemand(0)
	a.undo(now, o)
	a.activate(now, o.client)
	a.forget(o.client)
}

// settle ends the life of an offer; its resources stay charged to the client.
func (a *Allocator) settle(o *outstanding) {
	a.waiting.remove(o)
	delete(a.offers, o.number)
	o.agent.removeOffer(o)
	o.client.removeOffer(o)
	if o.held {
		a.endHold(o)
	}
	a.unpark(o.client)
}

// charge adds r of the agent to the client's allocation.
func (a *Allocator) charge(c *client, g *agent, r resources.Resources) {
	all, plain := a.vectors(c, g, r, +1)
	c.node.charge(all, plain)
	a.cfg.Policy.Changed(c.node)
}

// credit is the inverse of charge.
func (a *Allocator) credit(c *client, g *agent, r resources.Resources) {
	all, plain := a.vectors(c, g, r, -1)
	c.node.credit(all, plain)
	a.roomGrew = a.roomGrew || a.tree.quotas > 0
	a.cfg.Policy.Changed(c.node)
}

// vectors returns what of r counts for shares, and for quotas; they are good
// until the next call. Shared volumes are counted on the way.
func (a *Allocator) vectors(c *client, g *agent, r resources.Resources, uses int) (all, plain vector) {
	if r.IsPlain() {
		a.scratch = a.tree.names.amounts(r, a.scratch)
		return a.scratch, a.scratch
	}
	for x := range r.Shared().All() {
		size := vector(nil).plus(a.tree.names.number(x.Name), int64(x.Scalar))
		c.node.share(sharedUse{g, x.Disk.Volume.ID}, uses*max(x.Copies, 1), size)
	}
	a.scratch = a.tree.names.amounts(r.NonShared(), a.scratch)
	a.scratch2 = a.tree.names.amounts(r.NonShared().Unreserved().NonRevocable(), a.scratch2)
	return a.scratch, a.scratch2
}

// undo credits the client with what an offer holds and makes it available.
func (a *Allocator) undo(now time.Time, o *outstanding) {
	g := o.agent
	if o.whole == nil || g.removed || g.over || !g.available.IsEmpty() {
		a.credit(o.client, g, o.offer.Resources)
		a.makeAvailable(now, g, o.offer.Resources)
		return
	}
	o.client.node.credit(o.whole, o.whole)
	a.roomGrew = a.roomGrew || a.tree.quotas > 0
	a.cfg.Policy.Changed(o.client.node)
	a.setAvailableTo(g, o.offer.Resources, o.whole)
	a.requeue(now, g)
}

// restore credits the client with r of the agent and makes it available.
func (a *Allocator) restore(now time.Time, g *agent, c *client, r resources.Resources) {
	if !g.plainOnly || g.removed || g.over || !r.IsPlain() {
		a.credit(c, g, r)
		a.makeAvailable(now, g, r)
		return
	}
	sum, err := g.available.Add(r)
	if err != nil {
		panic(fmt.Sprintf("offers: returning resources to agent %s: %v", g.info.ID, err)) // only returns what was taken from it
	}
	a.scratch = a.tree.names.amounts(r, a.scratch)
	c.node.credit(a.scratch, a.scratch)
	a.roomGrew = a.roomGrew || a.tree.quotas > 0
	a.cfg.Policy.Changed(c.node)
	a.scratch.add(g.amounts)
	a.setAvailableTo(g, sum, a.scratch)
	a.requeue(now, g)
}

func (a *Allocator) makeAvailable(now time.Time, g *agent, r resources.Resources) {
	if !g.plainOnly || !r.IsPlain() {
		r = r.NonShared()
	}
	switch {
	case g.removed:
		return
	case g.over:
		a.setAvailable(g, a.remainder(g))
	case g.available.IsEmpty():
		a.setAvailable(g, r)
	default:
		sum, err := g.available.Add(r)
		if err != nil {
			panic(fmt.Sprintf("offers: returning resources to agent %s: %v", g.info.ID, err)) // only returns what was taken from it
		}
		a.setAvailable(g, sum)
	}
	a.requeue(now, g)
}

// Offer returns an outstanding offer.
func (a *Allocator) Offer(id proffer.OfferID) (*Offer, bool) {
	o, ok := a.outstanding(id)
	if !ok {
		return nil, false
	}
	return &o.offer, true
}

// outstanding finds an offer by the number in its id.
func (a *Allocator) outstanding(id proffer.OfferID) (*outstanding, bool) {
	digits, ok := strings.CutPrefix(string(id), a.cfg.IDPrefix)
	if !ok {
		return nil, false
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return nil, false
	}
	o, ok := a.offers[number]
	return o, ok && o.offer.ID == id
}
