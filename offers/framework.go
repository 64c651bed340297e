package offers

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Subscription is what a framework tells the allocator of itself.
type Subscription struct {
	Roles      []string // at least one
	Suppressed []string // those of Roles in which it wants no offers for now; nil in an update: as before

	// Capabilities are what the framework can deal with.
	Capabilities proffer.Capabilities

	// Constraints say, by role, which agents the framework can use; a role
	// that is missing is not constrained.
	Constraints map[string]Constraints

	// MinAllocatable are, by role, the least amounts worth offering to it,
	// in place of Config.MinAllocatable. An empty slice: anything is.
	MinAllocatable map[string][]resources.Quantities
}

// Validate reports everything that is wrong with the subscription.
func (s Subscription) Validate() error {
	var errs []error
	if len(s.Roles) == 0 {
		errs = append(errs, errors.New("no role is named"))
	}
	for _, role := range s.Roles {
		if err := proffer.ValidateRole(role); err != nil {
			errs = append(errs, err)
		}
	}
	for _, role := range s.Suppressed {
		if !slices.Contains(s.Roles, role) {
			errs = append(errs, fmt.Errorf("suppressed role %q is not among the roles %q", role, s.Roles))
		}
	}
	for role := range s.MinAllocatable {
		if !slices.Contains(s.Roles, role) {
			errs = append(errs, fmt.Errorf("role %q with a least amount is not among the roles %q", role, s.Roles))
		}
	}
	for role, c := range s.Constraints {
		if !slices.Contains(s.Roles, role) {
			errs = append(errs, fmt.Errorf("role %q with constraints is not among the roles %q", role, s.Roles))
		}
		if err := c.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("constraints of role %q: %w", role, err))
		}
	}
	return errors.Join(errs...)
}

// framework is a framework that is subscribed or still holds resources.
type framework struct {
	id      proffer.FrameworkID
	active  bool               // connected: it can be sent offers
	clients map[string]*client // by role
}

// AddFramework subscribes a framework, connected; agents with something to
// give are offered. It may hold resources already (see [Allocator.AddAgent]).
func (a *Allocator) AddFramework(now time.Time, id proffer.FrameworkID, sub Subscription) error {
	if f, ok := a.frameworks[id]; ok && f.subscribed() {
		return fmt.Errorf("%w: framework %s", ErrExists, id)
	}
	if err := sub.Validate(); err != nil {
		return fmt.Errorf("offers: add framework %s: %w", id, err)
	}
	a.touch(now)
	defer a.audit()
	f := a.frameworkOf(id)
	f.active = true
	a.subscribe(now, f, sub)
	return nil
}

// UpdateFramework changes the subscription of a framework. Its offers in roles
// that it leaves are rescinded; what it uses there stays. A role that is no
// longer suppressed is revived, as in Mesos (MESOS-9932).
func (a *Allocator) UpdateFramework(now time.Time, id proffer.FrameworkID, sub Subscription) error {
	f, err := a.subscribed(id)
	if err != nil {
		return err
	}
	if err := sub.Validate(); err != nil {
		return fmt.Errorf("offers: update framework %s: %w", id, err)
	}
	a.touch(now)
	defer a.audit()
	for role, c := range f.clients {
		if !slices.Contains(sub.Roles, role) {
			c.subscribed = false
		}
	}
	a.subscribe(now, f, sub)
	return nil
}

func (a *Allocator) subscribe(now time.Time, f *framework, sub Subscription) {
	for _, role := range sub.Roles {
		c := a.clientOf(f.id, role)
		suppressed := slices.Contains(sub.Suppressed, role) || (sub.Suppressed == nil && c.subscribed && c.suppressed)
		if c.suppressed && !suppressed {
			a.clearRefusals(now, c)
		}
		c.subscribed, c.suppressed = true, suppressed
		a.setLeast(c, sub.MinAllocatable[role])
		c.caps, c.constraints = sub.Capabilities, sub.Constraints[role]
		c.matcher, _ = c.constraints.compile() // sub has been validated
		a.restate(now, c)
		a.unpark(c)
		if c.node.Active() {
			a.lookAtAllFor(now, c) // what it can use may have changed
		}
	}
	for _, c := range f.sorted() {
		a.activate(now, c)
		if !c.subscribed {
			a.withdraw(now, c)
			a.dropWants(c)
			c.demanding = false
		}
		a.forget(c)
	}
}

// RemoveFramework removes a framework with all that it holds: its offers are
// rescinded and what it uses is available again.
func (a *Allocator) RemoveFramework(now time.Time, id proffer.FrameworkID) error {
	if err := a.Unsubscribe(now, id); err != nil {
		return err
	}
	for _, g := range a.agentList {
		a.releaseAll(now, g, id)
	}
	return nil
}

// Unsubscribe ends the subscription of a framework whose tasks are still
// ending: its offers are rescinded; what it uses stays in use until it is
// released.
func (a *Allocator) Unsubscribe(now time.Time, id proffer.FrameworkID) error {
	f, ok := a.frameworks[id]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownFramework, id)
	}
	a.touch(now)
	defer a.audit()
	f.active = false
	a.endInverseOf(f)
	for _, c := range f.sorted() {
		c.subscribed = false
		a.activate(now, c)
		a.withdraw(now, c)
		a.dropWants(c)
		c.demanding = false
		a.forget(c)
	}
	return nil
}

// ReleaseAll frees everything that a framework uses of an agent. That neither
// is known means that there is nothing to free.
func (a *Allocator) ReleaseAll(now time.Time, agentID proffer.AgentID, id proffer.FrameworkID) {
	if g, ok := a.agents[agentID]; ok {
		a.releaseAll(now, g, id)
	}
}

func (a *Allocator) releaseAll(now time.Time, g *agent, id proffer.FrameworkID) {
	f, ok := a.frameworks[id]
	if !ok {
		return
	}
	for _, c := range f.sorted() {
		if used := g.used(c); !used.IsEmpty() {
			a.unuse(g, c, used)
			a.restore(now, g, c, used)
		}
		a.forget(c)
	}
}

// Deactivate marks a framework as disconnected: its offers are rescinded, its
// filters end, and it is offered nothing. What it uses stays.
func (a *Allocator) Deactivate(now time.Time, id proffer.FrameworkID) error {
	f, err := a.subscribed(id)
	if err != nil {
		return err
	}
	a.touch(now)
	defer a.audit()
	f.active = false
	for _, c := range f.sorted() {
		a.activate(now, c)
		a.withdraw(now, c)
	}
	a.endInverseOf(f)
	return nil
}

// Activate marks a framework as connected again.
func (a *Allocator) Activate(now time.Time, id proffer.FrameworkID) error {
	f, err := a.subscribed(id)
	if err != nil {
		return err
	}
	a.touch(now)
	defer a.audit()
	f.active = true
	for _, c := range f.sorted() {
		a.activate(now, c)
	}
	return nil
}

// Suppress stops offers in the named roles, or in all if none is named.
// Outstanding offers stay. One role that is not subscribed refuses the whole
// call.
func (a *Allocator) Suppress(now time.Time, id proffer.FrameworkID, roles ...string) error {
	clients, err := a.clientsOf(id, roles)
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	a.touch(now)
	defer a.audit()
	for _, c := range clients {
		c.suppressed = true
		a.activate(now, c)
	}
	return nil
}

// Revive starts offers again in the named roles, or in all if none is named,
// and clears the filters there, and all those of inverse offers.
func (a *Allocator) Revive(now time.Time, id proffer.FrameworkID, roles ...string) error {
	clients, err := a.clientsOf(id, roles)
	if err != nil {
		return fmt.Errorf("revive: %w", err)
	}
	a.touch(now)
	defer a.audit()
	for _, c := range clients {
		c.suppressed = false
		a.clearRefusals(now, c)
		a.activate(now, c)
	}
	if len(clients) > 0 {
		a.clearInverseFilters(now, clients[0].framework)
	}
	return nil
}

// frameworkOf returns the record, made if it is missing.
func (a *Allocator) frameworkOf(id proffer.FrameworkID) *framework {
	f, ok := a.frameworks[id]
	if !ok {
		f = &framework{id: id, clients: make(map[string]*client)}
		a.frameworks[id] = f
	}
	return f
}

func (a *Allocator) subscribed(id proffer.FrameworkID) (*framework, error) {
	f, ok := a.frameworks[id]
	if !ok || !f.subscribed() {
		return nil, fmt.Errorf("%w: %s", ErrUnknownFramework, id)
	}
	return f, nil
}

// clientsOf returns the clients of the named roles, of all if none is named.
func (a *Allocator) clientsOf(id proffer.FrameworkID, roles []string) ([]*client, error) {
	f, err := a.subscribed(id)
	if err != nil {
		return nil, err
	}
	if len(roles) == 0 {
		return slices.DeleteFunc(f.sorted(), func(c *client) bool { return !c.subscribed }), nil
	}
	var clients []*client
	for _, role := range roles {
		c, ok := f.clients[role]
		if !ok || !c.subscribed {
			return nil, fmt.Errorf("%w: framework %s, role %q", ErrUnknownRole, id, role)
		}
		clients = append(clients, c)
	}
	return clients, nil
}

func (f *framework) subscribed() bool {
	for _, c := range f.clients {
		if c.subscribed {
			return true
		}
	}
	return false
}

// sorted returns the clients in the order of arrival: maps have none.
func (f *framework) sorted() []*client {
	list := make([]*client, 0, len(f.clients))
	for _, c := range f.clients {
		list = append(list, c)
	}
	slices.SortFunc(list, func(x, y *client) int { return int(x.node.arrival) - int(y.node.arrival) })
	return list
}
