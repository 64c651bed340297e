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
	"github.com/proffer-go/proffer/scheduler"
)

// agent is a registered agent.
type agent struct {
	info      proffer.AgentInfo
	link      LinkID
	tasks     map[*task]struct{}
	executors map[executorKey]*executor
}

type executorKey struct {
	framework proffer.FrameworkID
	executor  proffer.ExecutorID
}

// executor is an executor whose own resources are in use on the agent.
type executor struct {
	info *proffer.ExecutorInfo
	role string
}

// runs reports whether the agent holds something of the framework.
func (g *agent) runs(f *framework) bool {
	for t := range g.tasks {
		if t.framework == f {
			return true
		}
	}
	for key := range g.executors {
		if key.framework == f.info.ID {
			return true
		}
	}
	return false
}

// FromAgent takes a message that arrived on a link.
func (c *Core) FromAgent(now time.Time, id LinkID, m protocol.ToMaster) {
	if m, ok := m.(*protocol.Register); ok {
		c.register(now, id, m)
		return
	}
	g, ok := c.links[id]
	if !ok {
		return // it never registered, or was removed
	}
	switch m := m.(type) {
	case *protocol.StatusUpdate:
		c.update(now, g, m)
	case *protocol.TaskEnded:
		if f, ok := c.frameworks[m.FrameworkID]; ok && f.tasks[m.TaskID] != nil && f.tasks[m.TaskID].agent == g {
			c.becomes(now, f.tasks[m.TaskID], m.State)
		}
	case *protocol.ExecutorMessage:
		if f, ok := c.frameworks[m.FrameworkID]; ok {
			c.tell(f, &scheduler.MessageEvent{AgentID: g.info.ID, ExecutorID: m.ExecutorID, Data: m.Data})
		}
	case *protocol.ExecutorExited:
		c.executorExited(now, g, m)
	case *protocol.FrameworkEnded:
		if _, back := c.frameworks[m.FrameworkID]; !back {
			c.allocator.ReleaseAll(now, g.info.ID, m.FrameworkID)
		}
	}
}

// register admits an agent. One that comes back brings what it still runs.
func (c *Core) register(now time.Time, id LinkID, m *protocol.Register) {
	refuse := func(err error) {
		c.effects = append(c.effects, Effect{Link: id, Message: &protocol.Refused{Message: err.Error()}})
	}
	if _, twice := c.links[id]; twice {
		refuse(fmt.Errorf("agent %s is registered already", c.links[id].info.ID))
		return
	}
	info := m.Info
	if info.ID == "" {
		info.ID = proffer.AgentID(c.newID("A", &c.nextAgent))
	} else if err := proffer.ValidateID("agent id", info.ID); err != nil {
		refuse(err)
		return
	}
	if old, ok := c.agents[info.ID]; ok {
		c.removeAgent(now, old, "the agent has registered anew")
	}
	var used []offers.Usage
	for _, t := range m.Tasks {
		if !t.State.Terminal() {
			used = append(used, offers.Usage{FrameworkID: t.FrameworkID, Role: t.Role, Resources: t.Task.Resources})
		}
	}
	for _, e := range m.Executors {
		if !e.Executor.Resources.IsEmpty() {
			used = append(used, offers.Usage{FrameworkID: e.FrameworkID, Role: e.Role, Resources: e.Executor.Resources})
		}
	}
	if err := c.allocator.AddAgent(now, info, used...); err != nil {
		refuse(err)
		return
	}
	g := &agent{
		info: info, link: id,
		tasks: make(map[*task]struct{}), executors: make(map[executorKey]*executor),
	}
	c.agents[info.ID], c.links[id] = g, g
	c.send(g, &protocol.Registered{AgentID: info.ID})
	c.adopt(g, m)
}

// adopt takes over what an agent runs. What belongs to a framework that is
// gone is ended.
func (c *Core) adopt(g *agent, m *protocol.Register) {
	ended := make(map[proffer.FrameworkID]bool)
	end := func(id proffer.FrameworkID) {
		if !ended[id] {
			ended[id] = true
			c.send(g, &protocol.ShutdownFramework{FrameworkID: id})
		}
	}
	for _, t := range m.Tasks {
		f, ok := c.frameworks[t.FrameworkID]
		if !ok {
			end(t.FrameworkID)
			continue
		}
		if _, known := f.tasks[t.Task.ID]; known {
			continue
		}
		f.add(&task{info: t.Task, framework: f, agent: g, role: t.Role, latest: t.State, holds: !t.State.Terminal()})
	}
	for _, e := range m.Executors {
		if _, ok := c.frameworks[e.FrameworkID]; !ok {
			end(e.FrameworkID)
			continue
		}
		g.executors[executorKey{e.FrameworkID, e.Executor.ID}] = &executor{info: e.Executor, role: e.Role}
	}
}

// Unlink tells that the link of an agent has ended: the agent is gone with
// everything on it.
func (c *Core) Unlink(now time.Time, id LinkID) {
	if g, ok := c.links[id]; ok {
		c.removeAgent(now, g, "the agent has disconnected")
	}
}

func (c *Core) removeAgent(now time.Time, g *agent, why string) {
	delete(c.links, g.link)
	delete(c.agents, g.info.ID)
	c.mustKnow(c.allocator.RemoveAgent(now, g.info.ID))
	for _, t := range g.sortedTasks() {
		if !t.latest.Terminal() {
			c.tellStatus(now, t, proffer.TaskGone, proffer.ReasonAgentRemoved, "agent "+string(g.info.ID)+": "+why)
		}
		t.framework.drop(t)
	}
	for _, f := range c.sortedFrameworks() {
		c.tell(f, &scheduler.FailureEvent{AgentID: g.info.ID, Message: why})
	}
}

func (c *Core) executorExited(now time.Time, g *agent, m *protocol.ExecutorExited) {
	key := executorKey{m.FrameworkID, m.ExecutorID}
	if e, ok := g.executors[key]; ok && !g.launches(key) {
		delete(g.executors, key)
		c.release(now, g, m.FrameworkID, e.role, e.info.Resources)
	}
	if f, ok := c.frameworks[m.FrameworkID]; ok {
		c.tell(f, &scheduler.FailureEvent{AgentID: g.info.ID, ExecutorID: m.ExecutorID, Exit: m.Exit, Message: m.Message})
	}
}

// launches reports whether a task for the executor is on its way: its earlier
// ones have ended before it. The agent starts the executor anew for it.
func (g *agent) launches(key executorKey) bool {
	for t := range g.tasks {
		if t.framework.info.ID == key.framework && t.info.Executor != nil && t.info.Executor.ID == key.executor && !t.latest.Terminal() {
			return true
		}
	}
	return false
}

func (c *Core) release(now time.Time, g *agent, id proffer.FrameworkID, role string, r resources.Resources) {
	if !r.IsEmpty() {
		c.mustRelease(now, g, offers.Usage{FrameworkID: id, Role: role, Resources: r})
	}
}

// The maps are walked in a fixed order where the order can be seen.

func (g *agent) sortedTasks() []*task {
	list := make([]*task, 0, len(g.tasks))
	for t := range g.tasks {
		list = append(list, t)
	}
	slices.SortFunc(list, func(x, y *task) int {
		return cmp.Or(cmp.Compare(x.framework.info.ID, y.framework.info.ID), cmp.Compare(x.info.ID, y.info.ID))
	})
	return list
}

func (c *Core) sortedAgents() []*agent {
	list := make([]*agent, 0, len(c.agents))
	for _, g := range c.agents {
		list = append(list, g)
	}
	slices.SortFunc(list, func(x, y *agent) int { return cmp.Compare(x.info.ID, y.info.ID) })
	return list
}

func (c *Core) sortedFrameworks() []*framework {
	list := make([]*framework, 0, len(c.frameworks))
	for _, f := range c.frameworks {
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y *framework) int { return cmp.Compare(x.info.ID, y.info.ID) })
	return list
}
