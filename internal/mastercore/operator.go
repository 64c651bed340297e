package mastercore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// SetWeight sets the weight of a role.
func (c *Core) SetWeight(name string, weight float64) error {
	if err := c.allocator.SetWeight(name, weight); err != nil {
		return err
	}
	r := c.role(name)
	if r.weight = &weight; weight == 1 {
		r.weight = nil // as if it had never been set
	}
	c.recordRole(name, r)
	return nil
}

// SetPriority sets the priority of a role.
func (c *Core) SetPriority(name string, priority int) error {
	if err := c.allocator.SetPriority(name, priority); err != nil {
		return err
	}
	r := c.role(name)
	if r.priority = &priority; priority == 0 {
		r.priority = nil
	}
	c.recordRole(name, r)
	return nil
}

// SetQuotas sets quotas of roles, all or none of them.
func (c *Core) SetQuotas(now time.Time, quotas map[string]offers.Quota) error {
	if err := c.allocator.SetQuotas(now, quotas); err != nil {
		return err
	}
	for _, name := range sortedKeys(quotas) {
		r := c.role(name)
		r.quota = quotas[name]
		c.recordRole(name, r)
	}
	return nil
}

func (c *Core) role(name string) *role {
	r, ok := c.roles[name]
	if !ok {
		r = new(role)
		c.roles[name] = r
	}
	return r
}

// SetUnavailability plans maintenance of an agent, or with nil ends the plan.
func (c *Core) SetUnavailability(now time.Time, id proffer.AgentID, u *offers.Unavailability) error {
	return c.wish(id, func(g *agent) { g.unavailability = u }, func() error { return c.allocator.SetUnavailability(now, id, u) })
}

// InverseAnswers returns what frameworks have answered to planned maintenance.
func (c *Core) InverseAnswers(id proffer.AgentID) map[proffer.FrameworkID]bool {
	return c.allocator.InverseAnswers(id)
}

// DeactivateAgent stops offers of an agent.
func (c *Core) DeactivateAgent(now time.Time, id proffer.AgentID) error {
	return c.wish(id, func(g *agent) { g.deactivated = true }, func() error { return c.allocator.DeactivateAgent(now, id) })
}

// ActivateAgent starts them again, and ends a drain.
func (c *Core) ActivateAgent(now time.Time, id proffer.AgentID) error {
	return c.wish(id, func(g *agent) { g.deactivated, g.drain = false, nil }, func() error {
		if c.agents[id].state != registered {
			return nil // it is when the agent comes back
		}
		return c.allocator.ActivateAgent(now, id)
	})
}

// wish has an agent be as an operator wants it, now and whenever it comes back.
// Do tells the allocator, which knows agents that are here.
func (c *Core) wish(id proffer.AgentID, keep func(*agent), do func() error) error {
	g, ok := c.agents[id]
	if !ok {
		return fmt.Errorf("%w: %s", offers.ErrUnknownAgent, id)
	}
	if g.state.here() {
		if err := do(); err != nil {
			return err
		}
	}
	keep(g)
	c.recordAgent(g)
	return nil
}

// Convert carries an operation on what an agent has available out.
func (c *Core) Convert(now time.Time, id proffer.AgentID, v offers.Conversion) error {
	if err := c.allocator.Convert(now, id, v); err != nil {
		return err
	}
	c.recordAgent(c.agents[id])
	return nil
}

// Teardown ends a framework for good.
func (c *Core) Teardown(now time.Time, id proffer.FrameworkID) error {
	f, ok := c.frameworks[id]
	if !ok {
		return fmt.Errorf("tear down: %w: %s", offers.ErrUnknownFramework, id)
	}
	c.remove(now, f)
	return nil
}

// UpdateAgent changes the description of an agent that is here, but for its id:
// its attributes, or what it has. Offers of it are rescinded, and made anew.
func (c *Core) UpdateAgent(now time.Time, id proffer.AgentID, change func(*proffer.AgentInfo)) error {
	g, ok := c.agents[id]
	if !ok || !g.state.here() {
		return fmt.Errorf("update agent: %w: %s", offers.ErrUnknownAgent, id)
	}
	info := g.info
	info.Resources = c.allocator.Total(id) // operations may have converted it
	change(&info)
	info.ID = id
	c.allocator.RescindAgent(now, id)
	c.mustKnow(c.allocator.UpdateAgent(now, info))
	info.Resources = g.info.Resources // which is what the agent says
	g.info = info
	c.recordAgent(g)
	return nil
}

// Drain stops offers of an agent and kills its tasks, with a grace of at most
// that much where it is not negative; those, too, that it comes back with.
func (c *Core) Drain(now time.Time, id proffer.AgentID, grace time.Duration) error {
	err := c.wish(id, func(g *agent) { g.drain = &grace }, func() error { return c.allocator.DeactivateAgent(now, id) })
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	for _, t := range c.agents[id].sortedTasks() {
		if !t.latest.Terminal() {
			c.killTask(t, shorterGrace(t, grace), proffer.ReasonAgentDraining)
		}
	}
	return nil
}

// shorterGrace returns the grace where it is shorter than the task's own, else
// nil for that.
func shorterGrace(t *task, grace time.Duration) *time.Duration {
	if grace >= 0 && grace < cmp.Or(t.info.KillGrace, proffer.DefaultKillGrace) {
		return &grace
	}
	return nil
}

// Running returns the tasks on an agent that are not known to have ended: it
// is drained when there is none. Those that are out of reach may run.
func (c *Core) Running(id proffer.AgentID) []proffer.TaskID {
	g, ok := c.agents[id]
	if !ok {
		return nil
	}
	var list []proffer.TaskID
	for _, t := range g.sortedTasks() {
		if !t.latest.Terminal() {
			list = append(list, t.info.ID)
		}
	}
	return list
}

// Ending reports whether something is being ended on an agent that is not out
// of reach: a framework that was torn down, or a task that was told to end.
func (c *Core) Ending() bool {
	for _, g := range c.agents {
		if !g.state.here() && g.state != recovering {
			continue
		}
		if len(g.ending) > 0 {
			return true
		}
		for t := range g.tasks {
			if t.kill != nil && !t.latest.Terminal() {
				return true
			}
		}
	}
	return false
}

// evict kills tasks, the latest first, until what was not given back is free.
func (c *Core) evict(e offers.Eviction) {
	g, ok := c.agents[e.AgentID]
	if !ok {
		return
	}
	var mine []*task
	for t := range g.tasks {
		if t.holds && t.role == e.Role && t.framework.info.ID == e.FrameworkID {
			mine = append(mine, t)
		}
	}
	slices.SortFunc(mine, func(x, y *task) int { return -cmp.Compare(x.number, y.number) })
	short := e.Resources.Quantities()
	for _, t := range mine {
		if short.IsEmpty() {
			return
		}
		if !helps(t.info.Resources, short) {
			continue
		}
		c.killTask(t, nil, proffer.ReasonContainerPreempted)
		short = t.info.Resources.Quantities().Missing(short)
	}
}

func helps(r resources.Resources, short resources.Quantities) bool {
	have := r.Quantities()
	for name := range short.All() {
		if have.Get(name) > 0 {
			return true
		}
	}
	return false
}
