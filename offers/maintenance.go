package offers

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Unavailability is a time for which an agent is planned to be down.
type Unavailability struct {
	Start    time.Time
	Duration time.Duration // zero: for ever
}

// InverseOffer asks a framework to give resources back. For maintenance the
// answer is advice to the operator; when it was made by preemption, what is not
// given back by then is taken.
type InverseOffer struct {
	ID          proffer.InverseOfferID
	FrameworkID proffer.FrameworkID
	AgentID     proffer.AgentID
	Hostname    string

	// Unavailability is the planned maintenance; nil for preemption.
	Unavailability *Unavailability

	// Role and Resources are what preemption asks for, until By: Resources of
	// the framework's tasks in that role. For maintenance they are empty:
	// everything is asked for.
	Role      string
	Resources resources.Resources
	By        time.Time
}

// String returns the inverse offer in one line.
func (o *InverseOffer) String() string {
	what := "everything"
	if !o.Resources.IsEmpty() {
		what = o.Resources.String() + " of role " + o.Role
	}
	return fmt.Sprintf("%s: framework %s is asked for %s of %s", o.ID, o.FrameworkID, what, o.AgentID)
}

// inverse is an inverse offer that waits for its answer or, answered, keeps a
// further one away.
type inverse struct {
	offer     InverseOffer
	framework *framework
	agent     *agent
	answered  bool
	accepted  bool
	until     int64  // of the filter, once it is answered
	claim     *claim // of preemption
}

// SetUnavailability plans maintenance of an agent, or with nil ends the plan.
// Its offers are rescinded and made again with the plan; frameworks that have
// something there are asked to give it back by inverse offers.
func (a *Allocator) SetUnavailability(now time.Time, id proffer.AgentID, u *Unavailability) error {
	g, err := a.known(id)
	if err != nil {
		return err
	}
	if u != nil && (u.Start.IsZero() || u.Duration < 0) {
		return fmt.Errorf("offers: unavailability of agent %s: start %v must be set and duration %v not be negative", id, u.Start, u.Duration)
	}
	a.touch(now)
	defer a.audit()
	for _, o := range sortedOffers(g) {
		a.takeBack(now, o)
	}
	a.endMaintenance(g)
	if u != nil {
		plan := *u
		g.maintenance = &plan
		a.maintained = append(a.maintained, g)
	}
	a.look(now, g)
	a.requestRun(now)
	return nil
}

// endMaintenance ends the plan with its inverse offers and their filters.
func (a *Allocator) endMaintenance(g *agent) {
	for _, v := range slices.Clone(g.inverse) {
		if v.claim == nil {
			a.endInverse(v)
		}
	}
	g.maintenance = nil
	a.maintained = slices.DeleteFunc(a.maintained, func(o *agent) bool { return o == g })
	if g.removed {
		for _, c := range slices.Clone(g.claims) {
			a.dropClaim(c)
		}
	}
}

// endInverse forgets an inverse offer; one without an answer is rescinded.
func (a *Allocator) endInverse(v *inverse) {
	if !v.answered {
		a.changes.RescindedInverse = append(a.changes.RescindedInverse, &v.offer)
	}
	delete(a.inverse, v.offer.ID)
	v.agent.inverse = slices.DeleteFunc(v.agent.inverse, func(o *inverse) bool { return o == v })
	a.inverseFilters = slices.DeleteFunc(a.inverseFilters, func(o *inverse) bool { return o == v })
}

// makeInverse asks every framework that has something on an agent with planned
// maintenance for it, unless it has been asked and its answer still counts.
func (a *Allocator) makeInverse() {
	for _, g := range a.maintained {
		for _, f := range g.holders() {
			asked := slices.ContainsFunc(g.inverse, func(v *inverse) bool { return v.framework == f && v.claim == nil })
			if f.active && !asked {
				a.ask(f, g, InverseOffer{Unavailability: g.maintenance})
			}
		}
	}
}

// holders returns the frameworks that use, or are offered, something of the
// agent, in the order of their clients.
func (g *agent) holders() []*framework {
	var clients []*client
	for i := range g.uses {
		clients = append(clients, g.uses[i].client)
	}
	for o := g.offers; o != nil; o = o.sibling {
		clients = append(clients, o.client)
	}
	slices.SortFunc(clients, func(x, y *client) int { return int(x.number) - int(y.number) })
	var list []*framework
	for _, c := range clients {
		if !slices.Contains(list, c.framework) {
			list = append(list, c.framework)
		}
	}
	return list
}

func (a *Allocator) ask(f *framework, g *agent, o InverseOffer) *inverse {
	a.nextOffer++
	o.ID = proffer.InverseOfferID(a.offerID(a.nextOffer))
	o.FrameworkID, o.AgentID, o.Hostname = f.id, g.info.ID, g.info.Hostname
	v := &inverse{offer: o, framework: f, agent: g}
	a.inverse[o.ID] = v
	g.inverse = append(g.inverse, v)
	a.changes.InverseOffers = append(a.changes.InverseOffers, &v.offer)
	return v
}

// InverseOffer returns an inverse offer that waits for its answer.
func (a *Allocator) InverseOffer(id proffer.InverseOfferID) (*InverseOffer, bool) {
	v, ok := a.inverse[id]
	if !ok || v.answered {
		return nil, false
	}
	return &v.offer, true
}

// AnswerInverse records whether a framework will give back what an inverse
// offer asks for. It is not asked again while the filter lasts, except by a
// changed plan.
func (a *Allocator) AnswerInverse(now time.Time, id proffer.InverseOfferID, accept bool, filter Filter) error {
	v, ok := a.inverse[id]
	if !ok || v.answered {
		return fmt.Errorf("%w: inverse offer %s", ErrUnknownOffer, id)
	}
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("offers: answer inverse offer %s: %w", id, err)
	}
	a.touch(now)
	defer a.audit()
	v.answered, v.accepted = true, accept
	v.until = a.at(a.refusedUntil(now, filter))
	a.inverseFilters = append(a.inverseFilters, v)
	return nil
}

// InverseAnswers returns, by framework, what those with something on the agent
// said to its planned maintenance: true for accepted, false for declined.
func (a *Allocator) InverseAnswers(id proffer.AgentID) map[proffer.FrameworkID]bool {
	answers := make(map[proffer.FrameworkID]bool)
	if g, ok := a.agents[id]; ok {
		for _, v := range g.inverse {
			if v.answered && v.claim == nil {
				answers[v.framework.id] = v.accepted
			}
		}
	}
	return answers
}

// expireInverse ends the filters of answered inverse offers.
func (a *Allocator) expireInverse(now time.Time) {
	for _, v := range slices.Clone(a.inverseFilters) {
		if v.until <= a.clock && v.claim == nil {
			a.endInverse(v)
			a.runAt = now
		}
	}
}

func (a *Allocator) inverseDeadline() (int64, bool) {
	at := never
	for _, v := range a.inverseFilters {
		if v.claim == nil {
			at = min(at, v.until)
		}
	}
	return at, at != never
}

// clearInverseFilters has the framework asked again.
func (a *Allocator) clearInverseFilters(now time.Time, f *framework) {
	for _, v := range slices.Clone(a.inverseFilters) {
		if v.framework == f && v.claim == nil {
			a.endInverse(v)
			a.requestRun(now)
		}
	}
}

// endInverseOf ends the inverse offers of a framework that is not connected.
func (a *Allocator) endInverseOf(f *framework) {
	for _, g := range a.maintained {
		for _, v := range slices.Clone(g.inverse) {
			if v.framework == f && v.claim == nil {
				a.endInverse(v)
			}
		}
	}
}
