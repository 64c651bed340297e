package scheduler

import (
	"fmt"
	"maps"
	"slices"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// What the framework wants to be offered, and what it is asked to give back.

// Suppress stops offers in the named roles, in all if none is named. Call it
// when there is nothing to run; [Driver.Revive] when there is again.
func (d *Driver) Suppress(roles ...string) error {
	if err := d.subscribedTo(roles); err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return d.send(&SuppressCall{Roles: slices.Clone(roles)})
}

// Revive starts offers again in the named roles, in all if none is named, and
// clears the filters of declined offers there.
func (d *Driver) Revive(roles ...string) error {
	if err := d.subscribedTo(roles); err != nil {
		return fmt.Errorf("revive: %w", err)
	}
	return d.send(&ReviveCall{Roles: slices.Clone(roles)})
}

// Demand states what the framework waits for in a role, in place of what it
// stated before: from then on it is offered only what serves that, and nothing
// when there is none. As many tasks as it launches on such an offer wait no
// longer; state the demand again when it changes otherwise. [Driver.ClearDemand]
// goes back to offers of whatever there is. A new session begins without: state
// the demand in Subscribed, and name the role in Config.Suppressed, so that
// nothing is offered before; a demand revives it.
func (d *Driver) Demand(role string, demands ...offers.Demand) error {
	if err := d.subscribedTo([]string{role}); err != nil {
		return fmt.Errorf("demand: %w", err)
	}
	for i, demand := range demands {
		if err := demand.Validate(); err != nil {
			return fmt.Errorf("scheduler: demand %d of role %q: %w", i+1, role, err)
		}
	}
	return d.send(&DemandCall{Role: role, Demands: slices.Clone(demands)})
}

// ClearDemand has the framework offered whatever there is in the role.
func (d *Driver) ClearDemand(role string) error {
	if err := d.subscribedTo([]string{role}); err != nil {
		return fmt.Errorf("clear demand: %w", err)
	}
	return d.send(&ClearDemandCall{Role: role})
}

// AcceptInverse tells that the framework will give back what an inverse offer
// asks for. It is still to kill or move its tasks itself.
func (d *Driver) AcceptInverse(id proffer.InverseOfferID) error {
	if err := proffer.ValidateID("inverse offer id", id); err != nil {
		return fmt.Errorf("scheduler: accept: %w", err)
	}
	return d.send(&AnswerInverseCall{ID: id, Accept: true, Filter: d.cfg.DefaultFilter})
}

// DeclineInverse tells that the framework will not give back what an inverse
// offer asks for. It is asked again when the filter has ended.
func (d *Driver) DeclineInverse(id proffer.InverseOfferID, filter offers.Filter) error {
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("scheduler: decline inverse offer %s: %w", id, err)
	}
	if err := proffer.ValidateID("inverse offer id", id); err != nil {
		return fmt.Errorf("scheduler: decline: %w", err)
	}
	return d.send(&AnswerInverseCall{ID: id, Filter: filter})
}

// Constrain changes the constraints of the framework, by role; roles that are
// missing are not constrained. Outstanding offers stay.
func (d *Driver) Constrain(constraints map[string]offers.Constraints) error {
	d.mu.Lock()
	terms := d.cfg.terms()
	terms.Roles, terms.Constraints, terms.Suppressed = d.framework.Roles, maps.Clone(constraints), nil
	if err := terms.Validate(); err != nil {
		d.mu.Unlock()
		return fmt.Errorf("scheduler: constrain: %w", err)
	}
	d.cfg.Constraints = terms.Constraints
	d.mu.Unlock()
	return d.send(&UpdateCall{Terms: terms})
}

// terms are those of a subscription.
func (d *Driver) terms() offers.Subscription {
	d.mu.Lock()
	defer d.mu.Unlock()
	terms := d.cfg.terms()
	terms.Roles = d.framework.Roles
	keepRoles(&terms)
	return terms
}

// keepRoles leaves out what concerns roles that the framework has left.
func keepRoles(terms *offers.Subscription) {
	gone := func(role string) bool { return !slices.Contains(terms.Roles, role) }
	terms.Suppressed = slices.DeleteFunc(slices.Clone(terms.Suppressed), gone)
	terms.Constraints = maps.Clone(terms.Constraints)
	maps.DeleteFunc(terms.Constraints, func(role string, _ offers.Constraints) bool { return gone(role) })
	terms.MinAllocatable = maps.Clone(terms.MinAllocatable)
	maps.DeleteFunc(terms.MinAllocatable, func(role string, _ []resources.Quantities) bool { return gone(role) })
}

// UpdateRoles changes the roles of the framework. Offers in roles that it
// leaves are rescinded; tasks are not affected.
func (d *Driver) UpdateRoles(roles ...string) error {
	d.mu.Lock()
	framework := d.framework
	framework.Roles = slices.Clone(roles)
	if err := framework.Validate(); err != nil {
		d.mu.Unlock()
		return fmt.Errorf("scheduler: update roles: %w", err)
	}
	d.framework = framework
	d.mu.Unlock()
	terms := d.terms()
	terms.Suppressed = nil // those that are stay
	return d.send(&UpdateCall{Terms: terms})
}

func (d *Driver) subscribedTo(roles []string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, role := range roles {
		if !slices.Contains(d.framework.Roles, role) {
			return fmt.Errorf("%w %q: the framework's roles are %q", offers.ErrUnknownRole, role, d.framework.Roles)
		}
	}
	return nil
}
