package offers

import (
	"cmp"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// client is a framework in one role.
type client struct {
	framework   *framework
	node        *Node
	number      uint64
	subscribed  bool
	suppressed  bool
	least       []resources.Quantities // nil: the allocator's own
	caps        proffer.Capabilities
	constraints Constraints
	matcher     matcher
	held        int          // outstanding offers, and agents on which it uses something
	offers      *outstanding // a list through mine
	refusals    int

	demanding bool // it states its demand
	wants     []*want

	parked   bool // inactive for now: nothing could be offered to it
	awaiting bool // it is among the roomWaiters
	lapsed   bool // it is among Allocator.lapsed
}

// clientOf returns the record, made if it is missing.
func (a *Allocator) clientOf(id proffer.FrameworkID, role string) *client {
	f := a.frameworkOf(id)
	c, ok := f.clients[role]
	if !ok {
		a.clients++
		c = &client{framework: f, number: a.clients}
		c.node = a.tree.addClient(role, c)
		f.clients[role] = c
		a.stale = true
	}
	return c
}

// forget removes the record of a client that is neither subscribed nor holds
// anything, and that of its framework with the last one.
func (a *Allocator) forget(c *client) {
	if c.subscribed || c.held > 0 || c.node.parent == nil {
		return
	}
	role := c.node.Role()
	a.dropWants(c)
	a.setLeast(c, nil)
	a.tree.detach(c.node)
	delete(c.framework.clients, role)
	if len(c.framework.clients) == 0 {
		delete(a.frameworks, c.framework.id)
	}
	a.stale = true
}

// setLeast counts the clients with least amounts of their own.
func (a *Allocator) setLeast(c *client, least []resources.Quantities) {
	if c.least != nil {
		a.choosy--
	}
	if c.least = least; least != nil {
		a.choosy++
	}
}

// activate brings the tree in line with what the client wants; one without
// demand that starts to want something is shown every agent.
func (a *Allocator) activate(now time.Time, c *client) {
	wants := c.subscribed && c.framework.active && !c.suppressed
	if !wants {
		a.unpark(c) // for when it does: it misses what happens until then
	}
	if a.setActive(c, wants && !c.parked && c.hungry()) {
		switch {
		case !c.node.Active():
		case c.demanding:
			a.requestRun(now)
		default:
			a.lookAtAllFor(now, c)
		}
	}
}

// park makes a client inactive to which nothing can be offered for now, so
// that runs do not come across it.
func (a *Allocator) park(c *client) {
	c.parked = true
	a.setActive(c, false)
}

// unpark ends that; whoever calls it has a run happen if one is needed.
func (a *Allocator) unpark(c *client) {
	if !c.parked {
		return
	}
	c.parked = false
	for _, w := range c.wants {
		w.waiting = false
	}
	if c.subscribed && c.framework.active && !c.suppressed && c.hungry() {
		a.setActive(c, true)
	}
}

// setActive makes a client active or not; it reports whether that is a change.
func (a *Allocator) setActive(c *client, active bool) bool {
	if !c.node.setActive(active) {
		return false
	}
	if !active && len(a.blocked) > 0 {
		a.requestRun(a.time(a.clock)) // it may be its gang that blocks
	}
	if c.demanding {
		if active {
			a.demanding++
		} else {
			a.demanding--
		}
	}
	a.cfg.Policy.Changed(c.node)
	return true
}

// withdraw rescinds the client's offers and ends its filters.
func (a *Allocator) withdraw(now time.Time, c *client) {
	var mine []*outstanding
	for o := c.offers; o != nil; o = o.mineNext {
		mine = append(mine, o)
	}
	slices.SortFunc(mine, func(x, y *outstanding) int { return cmp.Compare(x.number, y.number) })
	for _, o := range mine {
		a.takeBack(now, o)
	}
	a.clearRefusals(now, c)
}

// clearRefusals ends the client's filters, and shows the agents again.
func (a *Allocator) clearRefusals(now time.Time, c *client) {
	if c.refusals == 0 {
		return
	}
	for _, g := range a.agentList {
		if g.refusal(c) == nil {
			continue
		}
		for r := g.refusal(c); r != nil; r = g.refusal(c) {
			a.endRefusal(r)
		}
		a.lookFor(now, g, c)
	}
}

// clearAgentRefusals ends all filters on the agent.
func (a *Allocator) clearAgentRefusals(g *agent) {
	for len(g.refusals) > 0 {
		a.endRefusal(g.refusals[len(g.refusals)-1])
	}
}
