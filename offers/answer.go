package offers

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Accept answers offers of one agent, one role and one framework: used, which
// they must contain, is in use from now on; the rest is declined with the
// filter. On an error nothing has changed.
func (a *Allocator) Accept(now time.Time, ids []proffer.OfferID, used resources.Resources, filter Filter) error {
	list, held, err := a.together(ids)
	if err != nil {
		return err
	}
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("offers: accept %s: %w", ids[0], err)
	}
	rest, ok := held.Sub(used)
	if !ok {
		return fmt.Errorf("%w: offer %s has %s, %s are needed", ErrInsufficient, ids[0], held, used)
	}
	g, c := list[0].agent, list[0].client
	for _, o := range list {
		a.settle(o)
	}
	a.use(g, c, used)
	a.giveBack(now, g, c, rest, filter)
	return nil
}

// Decline answers an offer: nothing of it is used.
func (a *Allocator) Decline(now time.Time, id proffer.OfferID, filter Filter) error {
	o, ok := a.offers[id]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownOffer, id)
	}
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("offers: decline %s: %w", id, err)
	}
	a.settle(o)
	a.giveBack(now, o.agent, o.client, o.offer.Resources, filter)
	return nil
}

// Rescind takes an offer back. Advance returns it among the rescinded.
func (a *Allocator) Rescind(now time.Time, id proffer.OfferID) error {
	o, ok := a.offers[id]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownOffer, id)
	}
	a.takeBack(now, o)
	return nil
}

// Release frees resources that a framework uses: a task has ended. They are
// offered again at once, without a filter.
func (a *Allocator) Release(now time.Time, agentID proffer.AgentID, u Usage) error {
	g, ok := a.agents[agentID]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownAgent, agentID)
	}
	f, ok := a.frameworks[u.FrameworkID]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownFramework, u.FrameworkID)
	}
	c, ok := f.clients[u.Role]
	if !ok {
		return fmt.Errorf("%w: framework %s, role %q", ErrUnknownRole, u.FrameworkID, u.Role)
	}
	if used := g.used[c]; !used.Contains(u.Resources) {
		return fmt.Errorf("%w: framework %s uses %s of agent %s, %s cannot be released",
			ErrInsufficient, u.FrameworkID, used, agentID, u.Resources)
	}
	a.unuse(g, c, u.Resources)
	a.makeAvailable(now, g, u.Resources)
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
		o, ok := a.offers[id]
		if !ok {
			return nil, held, fmt.Errorf("%w: %s", ErrUnknownOffer, id)
		}
		if slices.Contains(ids[:i], id) {
			return nil, held, fmt.Errorf("%w: %s is named twice", ErrMixedOffers, id)
		}
		if first := a.offers[ids[0]]; o.agent != first.agent || o.client != first.client {
			return nil, held, fmt.Errorf("%w: %v and %v differ in agent, role or framework", ErrMixedOffers, first.offer, o.offer)
		}
		sum, err := held.Add(o.offer.Resources)
		if err != nil {
			return nil, held, fmt.Errorf("offers: accept %v: %w", ids, err)
		}
		held = sum
		list = append(list, o)
	}
	return list, held, nil
}

// giveBack makes declined resources available again, to others at once, to
// the client itself when its filter has ended.
func (a *Allocator) giveBack(now time.Time, g *agent, c *client, r resources.Resources, filter Filter) {
	if !r.IsEmpty() {
		if c.subscribed && !g.removed {
			a.refuse(&refusal{client: c, agent: g, refused: r, until: a.refusedUntil(now, filter)})
		}
		a.credit(c, r)
		a.makeAvailable(now, g, r)
	}
	a.forget(c)
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
