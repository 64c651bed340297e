package offers

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Answer accepts offers of one agent, one role and one framework together.
type Answer struct {
	OfferIDs []proffer.OfferID

	// Conversions are carried out first, in order, on what the offers hold.
	Conversions []Conversion

	// Used is in use from then on. What is left is declined with the filter,
	// but for what the conversions have made: that is offered again at once.
	Used   resources.Resources
	Filter Filter

	// Tasks is how many tasks Used is for, which wait no longer where they were
	// demanded. Zero: as many of the demanded shape as Used is enough for.
	Tasks int
}

// Accept answers offers of one agent, one role and one framework: used, which
// they must contain, is in use from now on; the rest is declined with the
// filter. On an error nothing has changed.
func (a *Allocator) Accept(now time.Time, ids []proffer.OfferID, used resources.Resources, filter Filter) error {
	c := checked{Answer: Answer{OfferIDs: ids, Used: used, Filter: filter}}
	if err := a.check(&c); err != nil {
		return err
	}
	a.touch(now)
	defer a.audit()
	a.carryOut(now, &c)
	return nil
}

// AcceptAll accepts offers of several agents, all or nothing: on an error
// nothing has changed.
func (a *Allocator) AcceptAll(now time.Time, answers ...Answer) error {
	list := make([]checked, 0, len(answers))
	seen := make(map[proffer.OfferID]bool)
	for i := range answers {
		for _, id := range answers[i].OfferIDs {
			if seen[id] {
				return fmt.Errorf("%w: %s is named twice", ErrMixedOffers, id)
			}
			seen[id] = true
		}
		c := checked{Answer: answers[i]}
		if err := a.check(&c); err != nil {
			return err
		}
		list = append(list, c)
	}
	a.touch(now)
	defer a.audit()
	for i := range list {
		a.carryOut(now, &list[i])
	}
	return nil
}

// checked is an answer that can be carried out.
type checked struct {
	Answer
	offers []*outstanding
	held   resources.Resources // what the offers hold
	rest   resources.Resources // that is not used
}

func (a *Allocator) check(c *checked) (err error) {
	if c.offers, c.held, err = a.together(c.OfferIDs); err != nil {
		return err
	}
	if err := c.Filter.Validate(); err != nil {
		return fmt.Errorf("offers: accept %s: %w", c.OfferIDs[0], err)
	}
	left, total := c.held, resources.Resources{}
	for i, v := range c.Conversions {
		if i == 0 {
			total = c.offers[0].agent.info.Resources
		}
		if left, total, err = v.apply(left, total); err != nil {
			return fmt.Errorf("accept %s: %w", c.OfferIDs[0], err)
		}
		if err := a.unusedByOthers(c, v); err != nil {
			return fmt.Errorf("accept %s: %w", c.OfferIDs[0], err)
		}
	}
	rest, ok := left.Sub(c.Used)
	if !ok {
		return fmt.Errorf("%w: offer %s has %s, %s are needed", ErrInsufficient, c.OfferIDs[0], left, c.Used)
	}
	c.rest = rest
	return nil
}

func (a *Allocator) carryOut(now time.Time, c *checked) {
	g, by := c.offers[0].agent, c.offers[0].client
	tasks := c.Tasks
	if tasks == 0 {
		tasks = a.tasksIn(c.offers, c.Used)
	}
	for _, o := range c.offers {
		a.settle(o)
		tasks = o.returnDemand(tasks)
	}
	if len(c.Conversions) == 0 {
		a.use(g, by, c.Used)
		if !c.rest.IsEmpty() {
			a.refuseFor(now, g, by, c.rest, c.Filter)
			a.restore(now, g, by, c.rest)
		}
	} else {
		a.carryOutConversions(now, c, g, by)
	}
	a.activate(now, by)
	a.forget(by)
}

// carryOutConversions uses what the conversions have made. What of that is left
// is not refused.
func (a *Allocator) carryOutConversions(now time.Time, c *checked, g *agent, by *client) {
	refused := c.rest
	if fresh := c.held.Missing(c.rest); !fresh.IsEmpty() {
		refused, _ = c.rest.Sub(fresh)
	}
	a.credit(by, g, c.held)
	for _, v := range c.Conversions {
		a.convert(g, v)
	}
	a.use(g, by, c.Used)
	all, plain := a.vectors(by, g, c.Used, +1)
	by.node.charge(all, plain)
	by.node.uncount()
	a.cfg.Policy.Changed(by.node)
	if !c.rest.IsEmpty() {
		a.refuseFor(now, g, by, refused, c.Filter)
		a.makeAvailable(now, g, c.rest)
	}
}

// tasksIn returns for how many tasks of what the offers serve used is enough.
func (a *Allocator) tasksIn(list []*outstanding, used resources.Resources) int {
	n, measured := 0, false
	for _, o := range list {
		for _, s := range o.serves {
			if s.want == nil {
				continue
			}
			if !measured {
				a.scratch, measured = a.tree.names.amounts(used, a.scratch), true
			}
			fit := s.tasks
			for i, x := range s.want.shape.needs {
				if x > 0 {
					fit = min(fit, int(a.scratch.at(i)/x))
				}
			}
			for i, x := range s.want.shape.needs {
				if x > 0 && fit > 0 {
					a.scratch[i] -= int64(fit) * x
				}
			}
			n += fit
		}
	}
	return n
}

// Decline answers an offer: nothing of it is used.
func (a *Allocator) Decline(now time.Time, id proffer.OfferID, filter Filter) error {
	o, ok := a.outstanding(id)
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownOffer, id)
	}
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("offers: decline %s: %w", id, err)
	}
	a.touch(now)
	defer a.audit()
	a.settle(o)
	o.returnDemand(0)
	a.refuseFor(now, o.agent, o.client, o.offer.Resources, filter)
	a.undo(now, o)
	a.activate(now, o.client)
	a.forget(o.client)
	return nil
}

// Rescind takes an offer back. Advance returns it among the rescinded.
func (a *Allocator) Rescind(now time.Time, id proffer.OfferID) error {
	o, ok := a.outstanding(id)
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownOffer, id)
	}
	a.touch(now)
	defer a.audit()
	a.takeBack(now, o)
	return nil
}

// Release frees resources that a framework uses: a task has ended. They are
// offered again at once, without a filter.
func (a *Allocator) Release(now time.Time, agentID proffer.AgentID, u Usage) error {
	g, err := a.known(agentID)
	if err != nil {
		return err
	}
	f, ok := a.frameworks[u.FrameworkID]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownFramework, u.FrameworkID)
	}
	c, ok := f.clients[u.Role]
	if !ok {
		return fmt.Errorf("%w: framework %s, role %q", ErrUnknownRole, u.FrameworkID, u.Role)
	}
	if used := g.used(c); !used.Contains(u.Resources) {
		return fmt.Errorf("%w: framework %s uses %s of agent %s, %s cannot be released",
			ErrInsufficient, u.FrameworkID, used, agentID, u.Resources)
	}
	a.touch(now)
	defer a.audit()
	a.unuse(g, c, u.Resources)
	a.restore(now, g, c, u.Resources)
	a.forget(c)
	return nil
}

// together returns the offers of the ids and the sum of what they hold.
func (a *Allocator) together(ids []proffer.OfferID) ([]*outstanding, resources.Resources, error) {
	var held resources.Resources
	if len(ids) == 0 {
		return nil, held, fmt.Errorf("%w: none is named", ErrUnknownOffer)
	}
	list := make([]*outstanding, 0, len(ids))
	for i, id := range ids {
		o, ok := a.outstanding(id)
		if !ok {
			return nil, held, fmt.Errorf("%w: %s", ErrUnknownOffer, id)
		}
		list = append(list, o)
		if i == 0 {
			held = o.offer.Resources
			continue
		}
		if slices.Contains(ids[:i], id) {
			return nil, held, fmt.Errorf("%w: %s is named twice", ErrMixedOffers, id)
		}
		if first := list[0]; o.agent != first.agent || o.client != first.client {
			return nil, held, fmt.Errorf("%w: %v and %v differ in agent, role or framework", ErrMixedOffers, &first.offer, &o.offer)
		}
		sum, err := held.Add(o.offer.Resources)
		if err != nil {
			return nil, held, fmt.Errorf("offers: accept %v: %w", ids, err)
		}
		held = sum
	}
	return list, held, nil
}

// refuseFor has the client refuse what it declines of the agent.
func (a *Allocator) refuseFor(now time.Time, g *agent, c *client, r resources.Resources, filter Filter) {
	if c.subscribed && !g.removed && !r.IsEmpty() {
		a.refuse(c, g, r, a.at(a.refusedUntil(now, filter)))
	}
}

// refusedUntil returns when a filter ends that begins now.
func (a *Allocator) refusedUntil(now time.Time, f Filter) time.Time {
	switch f.Refuse {
	case NoRefuse:
		if a.batchAt.IsZero() {
			a.batchAt = now.Add(a.cfg.BatchInterval)
		}
		return a.batchAt
	case 0:
		return now.Add(max(DefaultRefuse, a.cfg.BatchInterval))
	default:
		return now.Add(max(f.Refuse, a.cfg.BatchInterval))
	}
}
