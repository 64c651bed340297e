package mastercore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// Allocator is what operators change of the allocator directly: quotas,
// weights, priorities, planned maintenance.
type Allocator interface {
	SetWeight(role string, weight float64) error
	SetPriority(role string, priority int) error
	SetQuotas(now time.Time, quotas map[string]offers.Quota) error
	Quota(role string) offers.Quota
	SetUnavailability(now time.Time, id proffer.AgentID, u *offers.Unavailability) error
	InverseAnswers(id proffer.AgentID) map[proffer.FrameworkID]bool
	ActivateAgent(now time.Time, id proffer.AgentID) error
	DeactivateAgent(now time.Time, id proffer.AgentID) error
	Convert(now time.Time, id proffer.AgentID, v offers.Conversion) error
}

// Allocator returns the allocator for operators.
func (c *Core) Allocator() Allocator { return c.allocator }

// UpdateAgent changes the description of an agent, but for its id: its
// attributes, or what it has. Offers of it are rescinded, and made anew.
func (c *Core) UpdateAgent(now time.Time, id proffer.AgentID, change func(*proffer.AgentInfo)) error {
	g, ok := c.agents[id]
	if !ok {
		return fmt.Errorf("update agent: %w: %s", offers.ErrUnknownAgent, id)
	}
	info := g.info
	info.Resources = c.allocator.Total(id) // operations may have converted it
	change(&info)
	info.ID = id
	c.allocator.RescindAgent(now, id)
	c.mustKnow(c.allocator.UpdateAgent(now, info))
	g.info = info
	return nil
}

// Drain stops offers of an agent and kills its tasks, with a grace of at most
// that much where it is not negative.
func (c *Core) Drain(now time.Time, id proffer.AgentID, grace time.Duration) error {
	g, ok := c.agents[id]
	if !ok {
		return fmt.Errorf("drain: %w: %s", offers.ErrUnknownAgent, id)
	}
	c.mustKnow(c.allocator.DeactivateAgent(now, id))
	for _, t := range g.sortedTasks() {
		if t.latest.Terminal() {
			continue
		}
		kill := &protocol.KillTask{FrameworkID: t.framework.info.ID, TaskID: t.info.ID}
		if grace >= 0 && grace < cmp.Or(t.info.KillGrace, proffer.DefaultKillGrace) {
			kill.Grace = &grace
		}
		c.send(g, kill)
	}
	return nil
}

// Running returns the tasks on an agent that are not known to have ended: it
// is drained when there is none. An agent that is not here has none.
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
		c.send(g, &protocol.KillTask{FrameworkID: e.FrameworkID, TaskID: t.info.ID})
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
