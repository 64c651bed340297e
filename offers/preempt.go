package offers

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Preemption says when resources are taken from frameworks that use them, for a
// demand that waits: for one that a guarantee of its role covers, from roles
// that have more than theirs; and for one of a role with a greater priority,
// from roles with a lesser one. Those who are to give are asked first, by
// inverse offers. What becomes free is kept for the demand that it was taken
// for, so that nobody is asked twice for the same place.
type Preemption struct {
	After time.Duration // that a demand has waited. Default 30 s
	Grace time.Duration // between asking and taking. Default 30 s
	Keep  time.Duration // that it is kept afterwards. Default 30 s
}

func (p *Preemption) withDefaults() *Preemption {
	if p == nil {
		return nil
	}
	q := *p
	for _, d := range []*time.Duration{&q.After, &q.Grace, &q.Keep} {
		if *d == 0 {
			*d = 30 * time.Second
		}
	}
	return &q
}

func (p *Preemption) validate() error {
	if p == nil {
		return nil
	}
	var errs []error
	for name, d := range map[string]time.Duration{"After": p.After, "Grace": p.Grace, "Keep": p.Keep} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("offers: Config.Preemption.%s %v is negative", name, d))
		}
	}
	return errors.Join(errs...)
}

// Eviction tells that a framework has not given back in time what an inverse
// offer asked for: its tasks are to be ended until that much is free.
type Eviction struct {
	InverseOfferID proffer.InverseOfferID
	FrameworkID    proffer.FrameworkID
	Role           string
	AgentID        proffer.AgentID
	Resources      resources.Resources
}

// preempt makes, enforces and ends claims, as far as that is due.
func (a *Allocator) preempt(now time.Time) {
	if a.cfg.Preemption == nil || a.preemptAt > a.clock {
		return
	}
	for _, c := range slices.Clone(a.claims) {
		switch {
		case c.expires <= a.clock:
			g := c.agent
			a.dropClaim(c)
			a.requeue(now, g)
		case c.by <= a.clock:
			c.by = never
			a.evict(c)
		}
	}
	type kind struct {
		shape *shape
		role  *Node
	}
	hopeless := make(map[kind]bool) // what one could not be given nobody like it can
	for _, w := range a.waitingWants() {
		k := kind{w.shape, w.client.node.parent.parent}
		if w.since+int64(a.cfg.Preemption.After) <= a.clock && w.left > a.claimsOf(w) && !hopeless[k] {
			hopeless[k] = !a.makeClaim(w)
		}
	}
	a.preemptAt = a.nextPreemption()
}

// mayPreempt has preempt look at a want that has begun to wait, in time.
func (a *Allocator) mayPreempt(w *want) {
	if a.cfg.Preemption != nil {
		a.preemptAt = min(a.preemptAt, max(a.clock, w.since+int64(a.cfg.Preemption.After)))
	}
}

// waitingWants returns the demands that are not served, the most important
// first.
func (a *Allocator) waitingWants() []*want {
	var list []*want
	add := func(w *want) {
		if w.left > 0 && !w.gone && !w.stated.Gang && !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	for _, s := range a.waiters {
		for _, w := range s.waiters {
			add(w)
		}
	}
	for _, c := range a.roomWaiters {
		for _, w := range c.wants {
			if w.why == WhyHeadroom {
				add(w)
			}
		}
	}
	slices.SortStableFunc(list, func(x, y *want) int {
		return cmp.Or(-cmp.Compare(x.priority(), y.priority()), cmp.Compare(x.since, y.since))
	})
	return list
}

func (w *want) priority() int { return w.client.node.parent.parent.priority }

// nextPreemption returns when preempt has something to do.
func (a *Allocator) nextPreemption() int64 {
	at := never
	for _, c := range a.claims {
		at = min(at, c.by, c.expires)
	}
	for _, w := range a.waitingWants() {
		if due := w.since + int64(a.cfg.Preemption.After); due > a.clock {
			at = min(at, due)
		} else if w.left > a.claimsOf(w) {
			at = min(at, a.clock+int64(a.cfg.BatchInterval)) // nothing could be taken yet
		}
	}
	return at
}

func (a *Allocator) preemptDeadline() (int64, bool) {
	return a.preemptAt, a.cfg.Preemption != nil && a.preemptAt != never
}

func (a *Allocator) claimsOf(w *want) int {
	n := 0
	for _, c := range a.claims {
		if c.want == w {
			n++
		}
	}
	return n
}

// makeClaim picks the agent on which the least has to be taken for one task of
// the want, and asks for it; it reports whether there is one.
func (a *Allocator) makeClaim(w *want) bool {
	var best []victim
	var at *agent
	for _, g := range a.agentList {
		if !g.open() || !admit(w.shape.caps, g) || !w.shape.agents.match(&g.info) || !a.suitsBut(w, g) {
			continue
		}
		if v, ok := a.victims(w, g); ok && len(v) > 0 && (at == nil || cheaper(v, best) || (!cheaper(best, v) && g.arrival < at.arrival)) {
			best, at = v, g
		}
	}
	if at == nil {
		return false
	}
	c := &claim{
		want: w, agent: at, by: a.clock + int64(a.cfg.Preemption.Grace),
		expires: a.clock + int64(a.cfg.Preemption.Grace+a.cfg.Preemption.Keep),
	}
	for _, v := range best {
		i := a.ask(v.client.framework, at, InverseOffer{Role: v.client.node.Role(), Resources: v.part, By: a.time(c.by)})
		i.claim = c
		c.asked = append(c.asked, i)
	}
	a.claims = append(a.claims, c)
	at.claims = append(at.claims, c)
	return true
}

// suitsBut is suits for an agent that has no room yet.
func (a *Allocator) suitsBut(w *want, g *agent) bool {
	return len(w.client.constraints) == 0 || w.client.matcher.match(&g.info)
}

// victim is what one client is to give.
type victim struct {
	client *client
	part   resources.Resources
	cost   vector
}

// cheaper compares by how much is taken of the resource of which most is taken.
func cheaper(x, y []victim) bool {
	if len(x) != len(y) {
		return len(x) < len(y)
	}
	return totalCost(x) < totalCost(y)
}

func totalCost(list []victim) int64 {
	var sum int64
	for _, v := range list {
		for _, x := range v.cost {
			sum += x
		}
	}
	return sum
}

// victims returns who is to give what so that the agent has room for one task
// of the want; not ok where even that is not enough.
func (a *Allocator) victims(w *want, g *agent) (list []victim, ok bool) {
	short := slices.Clone(w.shape.needs)
	short.sub(g.amounts)
	for _, c := range g.claims { // what is free, or will be, is promised
		short.add(c.want.shape.needs)
		for _, i := range c.asked {
			short.sub(a.tree.names.scalars(i.offer.Resources, nil))
		}
	}
	uses := slices.Clone(g.uses)
	slices.SortStableFunc(uses, func(x, y use) int {
		return cmp.Or(cmp.Compare(x.client.node.parent.parent.priority, y.client.node.parent.parent.priority),
			-cmp.Compare(x.client.node.DominantShare(), y.client.node.DominantShare()))
	})
	for _, u := range uses {
		if !short.some() {
			break
		}
		if v, gives := a.gives(w, g, u, short, list); gives {
			short.sub(v.cost)
			list = append(list, v)
		}
	}
	return list, !short.some()
}

// gives returns what can be taken of a use towards what is short, beside what
// others give.
func (a *Allocator) gives(w *want, g *agent, u use, short vector, others []victim) (v victim, ok bool) {
	to, from := w.client.node.parent.parent, u.client.node.parent.parent
	if u.client == w.client {
		return v, false
	}
	entitled := false
	if a.allows(w.client, w.shape.scalars, true) == WhyAvailable {
		entitled = !from.within(to.guarantor())
	}
	if !entitled && to.priority <= from.priority {
		return v, false
	}
	have := u.held.Unreserved().NonRevocable()
	for _, i := range g.inverse { // it has been asked for that much already
		if i.claim != nil && i.framework == u.client.framework && i.offer.Role == from.path {
			have, _ = have.Sub(i.offer.Resources)
		}
	}
	part := have.Capped(func(name string) (resources.Scalar, bool) {
		i := a.tree.names.number(name)
		return resources.Scalar(min(max(short.at(i), 0), a.spare(from, i, others))), true
	})
	part = part.Filter(func(x resources.Resource) bool { return x.Kind == resources.KindScalar })
	if part.IsEmpty() {
		return v, false
	}
	return victim{client: u.client, part: part, cost: a.tree.names.scalars(part, nil)}, true
}

// guarantor returns the role, n or one above, that has a guarantee.
func (n *Node) guarantor() *Node {
	for m := n; m != nil; m = m.parent {
		if m.quota != nil && len(m.quota.guarantee) > 0 {
			return m
		}
	}
	return n
}

// spare returns how much of a resource the role has beyond its guarantees, and
// neither has been asked for nor is among what others are to give.
func (a *Allocator) spare(n *Node, i int, others []victim) int64 {
	spare := unlimited
	for m := n; m != nil; m = m.parent {
		if m.quota != nil && m.quota.guarantee.at(i) > 0 {
			beyond := m.reserved.at(i) + m.consumed.at(i) - m.quota.guarantee.at(i) - a.askedBelow(m, i)
			for _, v := range others {
				if v.client.node.within(m) {
					beyond -= v.cost.at(i)
				}
			}
			spare = min(spare, max(beyond, 0))
		}
	}
	return spare
}

// askedBelow returns how much of a resource is asked for of the role and those
// below it.
func (a *Allocator) askedBelow(role *Node, i int) (sum int64) {
	for _, c := range a.claims {
		for _, v := range c.asked {
			if n, ok := a.tree.roles[v.offer.Role]; ok && n.within(role) {
				sum += a.tree.names.scalars(v.offer.Resources, nil).at(i)
			}
		}
	}
	return sum
}

// evict tells what of a claim has not been given.
func (a *Allocator) evict(c *claim) {
	c.expires = a.clock + int64(a.cfg.Preemption.Keep)
	short := slices.Clone(c.want.shape.needs)
	short.sub(c.agent.amounts)
	for _, v := range c.asked {
		holder, ok := v.framework.clients[v.offer.Role]
		if !ok || !short.some() {
			continue
		}
		held := c.agent.used(holder).Unreserved().NonRevocable()
		part := v.offer.Resources.Capped(func(name string) (resources.Scalar, bool) {
			return min(resources.Scalar(max(short.at(a.tree.names.number(name)), 0)), held.Scalar(name)), true
		})
		if part.IsEmpty() {
			continue
		}
		short.sub(a.tree.names.scalars(part, nil))
		a.changes.Evictions = append(a.changes.Evictions, Eviction{
			InverseOfferID: v.offer.ID, FrameworkID: v.framework.id, Role: v.offer.Role,
			AgentID: c.agent.info.ID, Resources: part,
		})
	}
}
