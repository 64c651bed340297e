//go:build invariants

package offers

import (
	"fmt"
	"slices"

	"github.com/proffer-go/proffer/resources"
)

const audited = true

// audit computes everything that the allocator keeps as a running sum anew, and
// panics when one of its books is wrong. Every method that changes something
// ends with it in builds with the tag invariants, which CI runs the tests with.
func (a *Allocator) audit() {
	if err := a.auditAgents(); err != nil {
		panic("offers: invariants: " + err.Error())
	}
	if err := a.auditTree(); err != nil {
		panic("offers: invariants: " + err.Error())
	}
}

// auditAgents checks that no more is offered and used of an agent than it has,
// and that the rest is available.
func (a *Allocator) auditAgents() error {
	var free vector
	offered := 0
	for i, g := range a.agentList {
		if g.index != i || a.agents[g.info.ID] != g {
			return fmt.Errorf("agent %s is not where it should be", g.info.ID)
		}
		taken := a.takenOf(g)
		for o := g.offers; o != nil; o = o.sibling {
			offered++
			if a.offers[o.number] != o || o.agent != g {
				return fmt.Errorf("offer %s of agent %s is unknown", o.offer.ID, g.info.ID)
			}
		}
		total := g.info.Resources.NonShared()
		rest, ok := total.Sub(taken.NonShared())
		if ok == g.over {
			return fmt.Errorf("agent %s has %s, of which %s are taken; over is %v", g.info.ID, total, taken, g.over)
		}
		if ok && !g.available.NonShared().Equal(rest) {
			return fmt.Errorf("agent %s has %s available, by its books %s", g.info.ID, g.available, rest)
		}
		if g.open() {
			free.add(a.tree.names.amounts(g.available.Unreserved().NonRevocable().NonShared(), nil))
		}
	}
	if offered != len(a.offers) {
		return fmt.Errorf("%d offers are outstanding, the agents know of %d", len(a.offers), offered)
	}
	if !free.covers(a.free) || !a.free.covers(free) {
		return fmt.Errorf("%v are free, by the agents %v", a.free, free)
	}
	return nil
}

// auditTree checks the sums at every node of the tree, and that limits hold but
// for what was used before they were set.
func (a *Allocator) auditTree() error {
	all := make(map[*Node]vector)
	plain := make(map[*Node]vector)
	reserved := make(map[*Node]vector)
	add := func(sums map[*Node]vector, n *Node, v vector) {
		for ; n != nil; n = n.parent {
			sum := sums[n]
			sum.add(v)
			sums[n] = sum
		}
	}
	count := func(c *client, r resources.Resources, inShares bool) {
		if inShares {
			add(all, c.node, a.tree.names.amounts(r.NonShared(), nil))
		}
		add(plain, c.node, a.tree.names.amounts(r.NonShared().Unreserved().NonRevocable(), nil))
	}
	shared := make(map[*Node]map[sharedUse]resources.Scalar)
	share := func(c *client, g *agent, r resources.Resources) {
		for x := range r.Shared().All() {
			for n := c.node; n != nil; n = n.parent {
				if shared[n] == nil {
					shared[n] = make(map[sharedUse]resources.Scalar)
				}
				use := sharedUse{g, x.Disk.Volume.ID}
				if _, ok := shared[n][use]; !ok {
					sum := all[n]
					sum.add(vector(nil).plus(a.tree.names.number(x.Name), int64(x.Scalar)))
					all[n] = sum
				}
				shared[n][use] = x.Scalar
			}
		}
	}
	for _, g := range a.agentList {
		for i := range g.uses {
			count(g.uses[i].client, g.uses[i].held, true)
			share(g.uses[i].client, g, g.uses[i].held)
		}
		for o := g.offers; o != nil; o = o.sibling {
			count(o.client, o.offer.Resources, !o.held)
			share(o.client, g, o.offer.Resources)
		}
		for x := range g.info.Resources.Reserved().All() {
			if x.Kind == resources.KindScalar {
				role := a.tree.roles[x.Reservations[len(x.Reservations)-1].Role]
				add(reserved, role, vector(nil).plus(a.tree.names.number(x.Name), int64(x.Scalar)))
			}
		}
	}
	return a.auditNode(a.tree.root, all, plain, reserved)
}

func (a *Allocator) auditNode(n *Node, all, plain, reserved map[*Node]vector) error {
	same := func(x, y vector) bool { return x.covers(y) && y.covers(x) }
	name := n.path
	switch {
	case !same(n.allocated, all[n]):
		return fmt.Errorf("node %q has %v allocated, by the agents %v", name, n.allocated, all[n])
	case !same(n.consumed, plain[n]):
		return fmt.Errorf("node %q has %v consumed, by the agents %v", name, n.consumed, plain[n])
	case n.kind == KindRole && !same(n.reserved, reserved[n]):
		return fmt.Errorf("role %q has %v reserved, by the agents %v", name, n.reserved, reserved[n])
	}
	active := 0
	var childNeed vector
	for _, child := range n.children {
		if child.parent != n {
			return fmt.Errorf("node %q is below %q but does not know it", child.path, name)
		}
		if child.Active() {
			active++
		}
		childNeed.add(child.need)
		if err := a.auditNode(child, all, plain, reserved); err != nil {
			return err
		}
	}
	if c := n.client; c != nil {
		wants := c.subscribed && c.framework.active && !c.suppressed && !c.parked && c.hungry()
		if n.Active() != wants {
			return fmt.Errorf("client %q in role %q is active: %v, wants something: %v", name, n.Role(), n.Active(), wants)
		}
		return nil
	}
	if n.active != active {
		return fmt.Errorf("node %q counts %d active children of %d", name, n.active, active)
	}
	if !same(n.childNeed, childNeed) {
		return fmt.Errorf("role %q lacks %v below, the sum is %v", name, n.childNeed, childNeed)
	}
	for i := range slices.Max([]int{len(n.need), len(childNeed)}) {
		if a.tree.quotas > 0 && n.kind == KindRole && n.need.at(i) != max(n.ownNeed(i), childNeed.at(i)) {
			return fmt.Errorf("role %q needs %v, its own guarantee or those below give something else", name, n.need)
		}
	}
	return nil
}
