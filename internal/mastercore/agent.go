package mastercore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// agentState is where an agent stands:
//
//	recovering ─┐                     ┌─▶ gone
//	            ▼                     │
//	        registered ◀──▶ disconnected ──▶ unreachable ──▶ registered again
type agentState uint8

const (
	registered   agentState = iota // it has a link
	recovering                     // known from an earlier master, and not yet heard of
	disconnected                   // its link broke a moment ago
	unreachable                    // it has been away for too long
	gone                           // for good, as an operator said
)

// here reports whether the agent is in the allocator.
func (s agentState) here() bool { return s == registered || s == disconnected }

// agent is an agent that was admitted and has not left.
type agent struct {
	info      proffer.AgentInfo   // as it describes itself
	total     resources.Resources // what operations have made of info.Resources, while it is not in the allocator
	instance  string              // the name that it has given itself; empty for none
	state     agentState
	since     time.Time // when it was found unreachable
	link      LinkID    // of a registered one
	patience  due.Alarm // of one that is awaited
	tasks     map[*task]struct{}
	executors map[executorKey]*executor
	strays    map[strayKey]offers.Usage        // tasks that it is to end and that are none of ours
	ending    map[proffer.FrameworkID]struct{} // which it was told to shut down, and has not reported

	// What operators want of it.
	deactivated    bool
	drain          *time.Duration // the grace; nil unless it drains
	unavailability *offers.Unavailability
}

type executorKey struct {
	framework proffer.FrameworkID
	executor  proffer.ExecutorID
}

type strayKey struct {
	framework proffer.FrameworkID
	task      proffer.TaskID
}

// executor is an executor whose own resources are in use on the agent.
type executor struct {
	info *proffer.ExecutorInfo
	role string
}

func (c *Core) addAgent(info proffer.AgentInfo, state agentState) *agent {
	g := &agent{
		info: info, total: info.Resources, state: state,
		tasks: make(map[*task]struct{}), executors: make(map[executorKey]*executor),
	}
	g.patience.Ring = func(now time.Time) { c.lose(now, g) }
	c.agents[info.ID] = g
	return g
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
	for key := range g.strays {
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
		return // it never registered, has another link now, or has left
	}
	switch m := m.(type) {
	case *protocol.StatusUpdate:
		c.update(now, g, m)
	case *protocol.TaskEnded:
		c.strayEnded(now, g, strayKey{m.FrameworkID, m.TaskID})
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
		delete(g.ending, m.FrameworkID)
		if _, back := c.frameworks[m.FrameworkID]; !back {
			c.allocator.ReleaseAll(now, g.info.ID, m.FrameworkID)
		}
	case *protocol.Leave:
		c.forgetAgent(now, g, "the agent has left")
	}
}

// Unlink tells that the link of an agent has broken. The agent is given some
// time to come back: its tasks go on, its offers do not.
func (c *Core) Unlink(now time.Time, id LinkID) {
	g, ok := c.links[id]
	if !ok {
		return
	}
	delete(c.links, id)
	g.link, g.state = 0, disconnected
	c.allocator.RescindAgent(now, g.info.ID)
	c.mustKnow(c.allocator.DeactivateAgent(now, g.info.ID))
	c.alarms.Set(&g.patience, now.Add(c.cfg.AgentTimeout))
}

// withdraw takes an agent out of the allocator, which knows best what it has.
func (c *Core) withdraw(now time.Time, g *agent) {
	if g.link != 0 {
		delete(c.links, g.link)
		g.link = 0
	}
	c.alarms.Stop(&g.patience)
	clear(g.ending)
	clear(g.strays)
	if g.state.here() {
		g.total = c.allocator.Total(g.info.ID)
		c.mustKnow(c.allocator.RemoveAgent(now, g.info.ID))
		for t := range g.tasks {
			t.holds = false
		}
	}
}

// forgetAgent drops an agent that will not come back, with all that ran there.
func (c *Core) forgetAgent(now time.Time, g *agent, why string) {
	c.withdraw(now, g)
	g.state = gone
	delete(c.agents, g.info.ID)
	delete(c.instances, g.instance)
	c.unrecord(agentKey(g.info.ID))
	for _, t := range g.sortedTasks() {
		c.conclude(now, t, proffer.TaskGone, proffer.ReasonAgentRemoved, "agent "+string(g.info.ID)+": "+why)
	}
	c.tellFailure(g, why)
	c.answerQuestions(now)
}

func (c *Core) tellFailure(g *agent, why string) {
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
	if r.IsEmpty() || !g.state.here() {
		return
	}
	// That the allocator's books say otherwise than the core's is a bug of ours.
	if err := c.allocator.Release(now, g.info.ID, offers.Usage{FrameworkID: id, Role: role, Resources: r}); err != nil {
		panic(fmt.Sprintf("mastercore: %v", err))
	}
}

// endFramework has an agent end all that it runs of a framework.
func (c *Core) endFramework(g *agent, id proffer.FrameworkID) {
	if !g.state.here() && g.state != recovering {
		return // it may never come back, and is told when it does
	}
	if g.ending == nil {
		g.ending = make(map[proffer.FrameworkID]struct{})
	}
	g.ending[id] = struct{}{}
	c.send(g, &protocol.ShutdownFramework{FrameworkID: id})
}

// send delivers a message to an agent that is connected.
func (c *Core) send(g *agent, m protocol.ToAgent) {
	if g.link != 0 {
		c.effects = append(c.effects, Effect{Link: g.link, Message: m})
	}
}

// The maps are walked in a fixed order where the order can be seen.

func (g *agent) sortedTasks() []*task { return sorted(g.tasks) }

func sorted(tasks map[*task]struct{}) []*task {
	list := make([]*task, 0, len(tasks))
	for t := range tasks {
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
