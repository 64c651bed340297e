package offers

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// agent is one agent: total = available + offered + used.
type agent struct {
	info    proffer.AgentInfo
	arrival uint64
	index   int // in Allocator.agentList

	available resources.Resources
	amounts   vector   // of what is available to everybody: plain, not revocable
	few       [4]int64 // where amounts begins
	plainOnly bool     // there is nothing else
	state     AgentState
	gpus      bool
	devices   bool // it has any
	remote    bool // in another region than the master

	uses     []use        // by client
	offers   *outstanding // a list through sibling
	refusals []*refusal   // by the number of the client

	building []growing // offers that may grow in this run

	removed     bool
	over        bool // more is offered and used than there is
	deactivated bool
	queued      bool    // it is among the candidates
	only        *client // for whom it is; nil for everybody
	withheld    bool    // limits or guarantees keep something back
	sharedRun   uint64  // the run in which its shared volumes were offered

	maintenance *Unavailability
	inverse     []*inverse // outstanding inverse offers and filters of them
	claims      []*claim   // what preemption keeps for others
}

// use is what a client uses of an agent.
type use struct {
	client *client
	held   resources.Resources
}

// growing is an offer that is being put together, and to whom, so that the
// search for it need not follow pointers.
type growing struct {
	client *client
	offer  *outstanding
}

// open reports whether the agent's resources may be offered.
func (g *agent) open() bool { return !g.removed && !g.deactivated }

// used returns what the client uses of the agent.
func (g *agent) used(c *client) resources.Resources {
	for i := range g.uses {
		if g.uses[i].client == c {
			return g.uses[i].held
		}
	}
	return resources.Resources{}
}

// known returns the agent of that id.
func (a *Allocator) known(id proffer.AgentID) (*agent, error) {
	g, ok := a.agents[id]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownAgent, id)
	}
	return g, nil
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
	available := info.Resources.NonShared()
	for _, u := range used {
		if err := proffer.ValidateRole(u.Role); err != nil {
			return fmt.Errorf("offers: add agent %s: %w", info.ID, err)
		}
		rest, ok := available.Sub(u.Resources.NonShared())
		if !ok || !info.Resources.Shared().Contains(onceEach(u.Resources.Shared())) {
			return fmt.Errorf("add agent %s: %w: framework %s uses %s, %s are left of %s",
				info.ID, ErrInsufficient, u.FrameworkID, u.Resources, available, info.Resources)
		}
		available = rest
	}
	a.touch(now)
	defer a.audit()
	a.arrivals++
	g := &agent{info: info, arrival: a.arrivals, index: len(a.agentList)}
	a.agents[info.ID] = g
	a.agentList = append(a.agentList, g)
	a.describe(g)
	a.setTotal(resources.Resources{}, info.Resources)
	a.setAvailable(g, a.withShared(g, available))
	for _, u := range used {
		c := a.clientOf(u.FrameworkID, u.Role)
		a.charge(c, g, u.Resources)
		a.use(g, c, u.Resources)
	}
	a.roomGrew = true
	a.requeue(now, g)
	return nil
}

// describe fills in what follows from the agent's info.
func (a *Allocator) describe(g *agent) {
	total := g.info.Resources
	g.state.Info = &g.info
	g.gpus = total.GPUs() > 0 && !a.cfg.GPUsForAll
	a.scratch = a.tree.names.scalars(total, a.scratch)
	for name, amount := range total.Amounts() {
		i := a.tree.names.number(name)
		if family, _, ok := device(name); ok {
			g.devices = true
			g.gpus = g.gpus || (family == GPUFamily && !a.cfg.GPUsForAll)
		}
		if a.scratch.at(i) == 0 && amount > 0 {
			a.counted[i] = true
		}
	}
	g.remote = a.cfg.Region != "" && g.info.Domain.Region != "" && g.info.Domain.Region != a.cfg.Region
}

// UpdateAgent replaces the description of an agent: its resources have grown
// or shrunk (such as revocable ones, which come and go), its attributes have
// changed, which ends all filters on it. What is offered and in use stays, so
// that for a while it may be more than the agent has: then nothing of it is
// offered. Rescind what should not stay, before.
func (a *Allocator) UpdateAgent(now time.Time, info proffer.AgentInfo) error {
	g, ok := a.agents[info.ID]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownAgent, info.ID)
	}
	a.touch(now)
	defer a.audit()
	before := g.info
	if !before.Attributes.Equal(info.Attributes) || before.Domain != info.Domain || before.Hostname != info.Hostname {
		a.clearAgentRefusals(g)
	}
	g.info = info
	a.describe(g)
	a.setTotal(before.Resources, info.Resources)
	a.setAvailable(g, a.remainder(g))
	a.agentChanged(g, true)
	a.requeue(now, g)
	return nil
}

// Total returns what an agent has, with the reservations and volumes of today.
func (a *Allocator) Total(id proffer.AgentID) resources.Resources {
	if g, ok := a.agents[id]; ok {
		return g.info.Resources
	}
	return resources.Resources{}
}

// RescindAgent takes all offers of an agent back.
func (a *Allocator) RescindAgent(now time.Time, id proffer.AgentID) {
	g, ok := a.agents[id]
	if !ok {
		return
	}
	a.touch(now)
	defer a.audit()
	for _, o := range sortedOffers(g) {
		a.takeBack(now, o)
	}
}

// takenOf returns what is offered and used of the agent.
func (a *Allocator) takenOf(g *agent) resources.Resources {
	var parts []resources.Resources
	for i := range g.uses {
		parts = append(parts, g.uses[i].held)
	}
	for o := g.offers; o != nil; o = o.sibling {
		parts = append(parts, o.offer.Resources)
	}
	sum, err := resources.Sum(parts...)
	if err != nil {
		panic(fmt.Sprintf("offers: parts of agent %s: %v", g.info.ID, err)) // they were taken from it
	}
	return sum
}

// remainder returns what is available of the agent by its total: nothing of
// what is over-used.
func (a *Allocator) remainder(g *agent) resources.Resources {
	total, taken := g.info.Resources.NonShared(), a.takenOf(g).NonShared()
	over := total.Missing(taken)
	if g.over = !over.IsEmpty(); g.over {
		taken, _ = taken.Sub(over)
	}
	rest, _ := total.Sub(taken)
	return a.withShared(g, rest)
}

// withShared returns r and the agent's shared volumes, which are available
// always.
func (a *Allocator) withShared(g *agent, r resources.Resources) resources.Resources {
	if shared := g.info.Resources.Shared(); !shared.IsEmpty() {
		r, _ = r.Add(shared) // r has none
	}
	return r
}

// RemoveAgent removes an agent. Its offers are rescinded; what frameworks used
// of it is credited at once (MESOS-621).
func (a *Allocator) RemoveAgent(now time.Time, id proffer.AgentID) error {
	g, err := a.known(id)
	if err != nil {
		return err
	}
	a.touch(now)
	defer a.audit()
	a.setAvailable(g, resources.Resources{})
	g.removed = true
	for _, o := range sortedOffers(g) {
		a.takeBack(now, o)
	}
	for _, u := range slices.Clone(g.uses) {
		a.unuse(g, u.client, u.held)
		a.credit(u.client, g, u.held)
		a.forget(u.client)
	}
	a.clearAgentRefusals(g)
	a.endMaintenance(g)
	delete(a.agents, id)
	last := a.agentList[len(a.agentList)-1]
	a.agentList[g.index], last.index = last, g.index
	a.agentList = a.agentList[:len(a.agentList)-1]
	for _, s := range slices.Clone(a.indexed) {
		a.forgetIndex(s) // they go by the place in the list
	}
	a.setTotal(g.info.Resources, resources.Resources{})
	a.useRoom(now)
	return nil
}

// DeactivateAgent stops offers of an agent: it is to be drained. Its offers are
// rescinded; what is in use stays.
func (a *Allocator) DeactivateAgent(now time.Time, id proffer.AgentID) error {
	return a.setDeactivated(now, id, true)
}

// ActivateAgent starts offers of an agent again.
func (a *Allocator) ActivateAgent(now time.Time, id proffer.AgentID) error {
	return a.setDeactivated(now, id, false)
}

func (a *Allocator) setDeactivated(now time.Time, id proffer.AgentID, deactivated bool) error {
	g, err := a.known(id)
	if err != nil {
		return err
	}
	a.touch(now)
	defer a.audit()
	if deactivated {
		for _, o := range sortedOffers(g) {
			a.takeBack(now, o)
		}
	}
	available := g.available // it counts as free in the cluster only while it is open
	a.setAvailable(g, resources.Resources{})
	g.deactivated = deactivated
	a.setAvailable(g, available)
	a.requeue(now, g)
	return nil
}

// setAvailable is, with setAvailableTo, the only place where available changes.
func (a *Allocator) setAvailable(g *agent, r resources.Resources) {
	if r.IsPlain() {
		a.scratch = a.tree.names.amounts(r, a.scratch)
		a.setAvailableTo(g, r, a.scratch)
		return
	}
	a.scratch = a.tree.names.amounts(r.Unreserved().NonRevocable().NonShared(), a.scratch)
	a.setAvailableTo(g, r, a.scratch)
	g.plainOnly = false
}

// setAvailableTo is setAvailable for what is plain and of known amounts.
func (a *Allocator) setAvailableTo(g *agent, r resources.Resources, amounts vector) {
	if g.amounts == nil {
		g.amounts = g.few[:0]
	}
	if g.open() {
		a.free.sub(g.amounts)
		a.free.add(amounts)
	}
	g.available, g.amounts, g.plainOnly = r, append(g.amounts[:0], amounts...), true
	g.state.become(r)
}

// setTotal accounts for a change of an agent's resources.
func (a *Allocator) setTotal(before, after resources.Resources) {
	a.reserve(before, -1)
	a.scratch = a.tree.names.scalars(before, a.scratch)
	a.tree.total.sub(a.scratch)
	a.scratch = a.tree.names.scalars(after, a.scratch)
	a.tree.total.add(a.scratch)
	a.reserve(after, +1)
	a.stale = true
}

// reserve counts what is reserved in total to each role.
func (a *Allocator) reserve(total resources.Resources, sign int64) {
	if total.IsPlain() {
		return
	}
	for x := range total.Reserved().All() {
		if x.Kind != resources.KindScalar {
			continue
		}
		role := a.tree.role(x.Reservations[len(x.Reservations)-1].Role)
		i := a.tree.names.number(x.Name)
		for n := role; n != nil; n = n.parent {
			before := n.reserved.some()
			n.reserved = n.reserved.plus(i, sign*int64(x.Scalar))
			a.viewsChanged = a.viewsChanged || n.reserved.some() != before
		}
		if a.tree.quotas > 0 {
			a.tree.needChanged(role)
			a.roomGrew = true
		}
		a.tree.detach(role)
		a.stale = true
	}
}

// use accounts r of the agent as used by the client, who has been charged for
// it.
func (a *Allocator) use(g *agent, c *client, r resources.Resources) {
	if r.IsEmpty() {
		return
	}
	if g.devices {
		g.state.started(r)
		a.agentChanged(g, false)
	}
	for i := range g.uses {
		if g.uses[i].client == c {
			sum, err := g.uses[i].held.Add(r)
			if err != nil {
				panic(fmt.Sprintf("offers: use of agent %s: %v", g.info.ID, err)) // parts of one agent always add up
			}
			g.uses[i].held = sum
			return
		}
	}
	if g.uses == nil {
		g.uses = make([]use, 0, 2)
	}
	g.uses = append(g.uses, use{c, r})
	c.held++
}

// unuse is the inverse of use: the client, who is still charged for it, uses r.
func (a *Allocator) unuse(g *agent, c *client, r resources.Resources) {
	if g.devices {
		g.state.ended(r)
	}
	for i := range g.uses {
		if g.uses[i].client != c {
			continue
		}
		if rest, _ := g.uses[i].held.Sub(r); rest.IsEmpty() {
			g.uses = slices.Delete(g.uses, i, i+1)
			c.held--
		} else {
			g.uses[i].held = rest
		}
		break
	}
}

// onceEach returns r with one copy of every shared resource.
func onceEach(r resources.Resources) resources.Resources {
	shared := r.Shared()
	if shared.IsEmpty() {
		return r
	}
	once := make([]resources.Resource, 0, shared.Len())
	for x := range shared.All() {
		x.Copies = 1
		once = append(once, x)
	}
	one, err := resources.New(once...)
	if err == nil {
		one, err = one.Add(r.NonShared())
	}
	if err != nil {
		panic("offers: one copy of " + r.String() + ": " + err.Error())
	}
	return one
}

func sortedOffers(g *agent) []*outstanding {
	var list []*outstanding
	for o := g.offers; o != nil; o = o.sibling {
		list = append(list, o)
	}
	slices.SortFunc(list, func(x, y *outstanding) int { return cmp.Compare(x.number, y.number) })
	return list
}
