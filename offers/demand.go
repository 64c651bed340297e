package offers

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Demand is what a framework waits for: a number of tasks of one shape. A
// framework that states its demand is offered only what serves it, and nothing
// when it wants nothing.
type Demand struct {
	Shape

	// Count is how many tasks of the shape wait.
	Count int

	// PerAgent is how many of them may be offered on one agent at a time; zero
	// means any number.
	PerAgent int

	// Gang means that the tasks are of use only together: offers are made for
	// all of them at once, or for none.
	Gang bool
}

// Shape is what one task needs of an agent.
type Shape struct {
	// Resources are the amounts, of ports and other ranges how many.
	Resources resources.Quantities

	// Devices are needed one by one, such as a part of a GPU.
	Devices Devices

	// Constraints say which agents can serve.
	Constraints Constraints
}

func (s Shape) sameAs(o Shape) bool {
	return s.Resources.Equal(o.Resources) && s.Devices == o.Devices && slices.EqualFunc(s.Constraints, o.Constraints, slices.Equal[[]Constraint])
}

// GPUFamily is the family of devices that are GPUs: like gpus, they are offered
// only to frameworks that can deal with them.
const GPUFamily = "gpu"

// Devices asks for several devices of one family, or for a part of each. An
// agent has the devices of the family "gpu" as the scalars gpu/0, gpu/1 and so
// on, each of amount 1.
type Devices struct {
	Family string
	Count  int              // how many different devices
	Each   resources.Scalar // how much of each, at most 1
}

// Validate reports everything that is wrong with the demand.
func (d Demand) Validate() error {
	var errs []error
	if d.Count < 0 {
		errs = append(errs, fmt.Errorf("count %d is negative", d.Count))
	}
	if d.PerAgent < 0 {
		errs = append(errs, fmt.Errorf("per agent %d is negative: 0 means any number", d.PerAgent))
	}
	if d.Resources.IsEmpty() && d.Devices.Count == 0 {
		errs = append(errs, errors.New("neither resources nor devices are named: a task needs something"))
	}
	v := d.Devices
	switch {
	case v == Devices{}:
	case v.Count < 1 || v.Count > maxDevices:
		errs = append(errs, fmt.Errorf("devices: count %d is not 1 to %d", v.Count, maxDevices))
	case v.Each < 1 || v.Each > resources.Unit:
		errs = append(errs, fmt.Errorf("devices: each %s is not above 0 and at most 1", v.Each))
	default:
		if _, _, ok := device(v.Family + "/0"); !ok {
			errs = append(errs, fmt.Errorf("devices: family %q is empty or has a slash", v.Family))
		}
	}
	if err := d.Constraints.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("constraints: %w", err))
	}
	return errors.Join(errs...)
}

// want is a demand in force.
type want struct {
	client  *client
	stated  Demand
	shape   *shape
	left    int    // tasks for which there is no offer; below 0 when there are offers for more
	since   int64  // when it began to wait
	gone    bool   // replaced by a later demand
	waiting bool   // it was looked at in vain, and nothing has changed since
	listed  bool   // among the shape's waiters, or the gangs
	why     Why    // it was not served when it was last looked at
	wakes   int64  // of a gang: when it begins or ends to block others
	asked   uint64 // the run in which canFit was found out
	canFit  bool   // the cluster is large enough for it
}

// SetDemand states what a framework waits for in a role, in place of what it
// stated before; a role that it suppressed it revives. Tasks for which it has
// offers that it has not answered count as waiting. Without demands it is
// offered nothing there. When it accepts, as many tasks as it uses resources
// for wait no longer.
func (a *Allocator) SetDemand(now time.Time, id proffer.FrameworkID, role string, demands ...Demand) error {
	clients, err := a.clientsOf(id, []string{role})
	if err != nil {
		return fmt.Errorf("demand: %w", err)
	}
	for i, d := range demands {
		if err := d.Validate(); err != nil {
			return fmt.Errorf("offers: demand %d of framework %s: %w", i+1, id, err)
		}
	}
	a.touch(now)
	defer a.audit()
	c := clients[0]
	if !c.demanding {
		a.clearRefusals(now, c) // made for whole agents
		a.setActive(c, false)
		c.demanding = true
	}
	c.suppressed = false
	a.state(now, c, demands)
	return nil
}

// ClearDemand has a framework offered in a role whatever there is again.
func (a *Allocator) ClearDemand(now time.Time, id proffer.FrameworkID, role string) error {
	clients, err := a.clientsOf(id, []string{role})
	if err != nil {
		return fmt.Errorf("clear demand: %w", err)
	}
	a.touch(now)
	defer a.audit()
	c := clients[0]
	a.dropWants(c)
	a.setActive(c, false)
	c.demanding = false
	a.unpark(c)
	a.activate(now, c)
	if c.node.Active() {
		a.lookAtAllFor(now, c)
	}
	return nil
}

// state puts demands in force, and has open offers serve the new ones.
func (a *Allocator) state(now time.Time, c *client, demands []Demand) {
	before := c.wants
	c.wants = make([]*want, 0, len(demands))
	for _, d := range demands {
		s, err := a.stateShape(c, d.Shape)
		if err != nil {
			panic("offers: demand was not validated: " + err.Error())
		}
		w := &want{client: c, stated: d, shape: s, left: d.Count, since: a.at(now)}
		for _, old := range before {
			if old.stated.sameAs(d.Shape) && old.left > 0 && old.stated.Gang == d.Gang {
				w.since = min(w.since, old.since) // it goes on waiting
			}
		}
		c.wants = append(c.wants, w)
	}
	for o := c.offers; o != nil; o = o.mineNext {
		for i, s := range o.serves {
			if s.want == nil {
				continue
			}
			at := slices.IndexFunc(c.wants, func(w *want) bool { return w.stated.sameAs(s.want.stated.Shape) })
			if at < 0 {
				o.serves[i].want = nil
				continue
			}
			o.serves[i].want = c.wants[at]
			c.wants[at].left -= s.tasks
		}
	}
	for _, w := range before {
		a.dropWant(w)
	}
	a.unpark(c)
	a.activate(now, c)
	a.requestRun(now)
}

// restate does that with the same demands, when something else has changed.
func (a *Allocator) restate(now time.Time, c *client) {
	if !c.demanding {
		return
	}
	demands := make([]Demand, len(c.wants))
	for i, w := range c.wants {
		demands[i] = w.stated
	}
	a.state(now, c, demands)
}

// review has the demands at and below n see the reservations that their roles
// have now.
func (a *Allocator) review(now time.Time, n *Node) {
	if c := n.client; c != nil && len(c.wants) > 0 && c.wants[0].shape.role != a.tree.view(n.parent.parent) {
		a.restate(now, c)
	}
	for _, child := range n.children {
		a.review(now, child)
	}
}

func (a *Allocator) dropWants(c *client) {
	for o := c.offers; o != nil; o = o.mineNext {
		o.serves = nil
	}
	for _, w := range c.wants {
		a.dropWant(w)
	}
	c.wants = nil
}

func (a *Allocator) dropWant(w *want) {
	w.gone = true
	if w.listed {
		w.shape.waiters = slices.DeleteFunc(w.shape.waiters, func(o *want) bool { return o == w })
		a.gangs = slices.DeleteFunc(a.gangs, func(o *want) bool { return o == w })
	}
	a.dropClaims(w)
	a.dropShape(w.shape)
}

// hungry reports whether the client wants anything at all.
func (c *client) hungry() bool {
	if !c.demanding {
		return true
	}
	return slices.ContainsFunc(c.wants, func(w *want) bool { return w.left > 0 })
}

// returnDemand has the tasks wait again for which the offer was made, but for
// those that are launched on it. It returns how many of the launched are left
// for other offers.
func (o *outstanding) returnDemand(launched int) int {
	for _, s := range o.serves {
		if s.want == nil {
			continue
		}
		done := min(launched, s.tasks)
		launched -= done
		s.want.left += s.tasks - done
		s.want.stated.Count -= done
	}
	o.serves = nil
	return launched
}

// tasksOn returns how many tasks of the want are offered on the agent.
func (w *want) tasksOn(g *agent) int {
	n := 0
	for o := g.offers; o != nil; o = o.sibling {
		for _, s := range o.serves {
			if s.want == w {
				n += s.tasks
			}
		}
	}
	return n
}
