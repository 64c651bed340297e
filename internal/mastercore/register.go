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

// register admits an agent. One that comes back brings what it still runs.
func (c *Core) register(now time.Time, id LinkID, m *protocol.Register) {
	refuse := func(err error, shutdown bool) {
		c.effects = append(c.effects, Effect{Link: id, Message: &protocol.Refused{Message: err.Error(), Shutdown: shutdown}})
	}
	if _, twice := c.links[id]; twice {
		refuse(fmt.Errorf("agent %s is registered already", c.links[id].info.ID), false)
		return
	}
	info := m.Info
	if err := info.Validate(); err != nil {
		refuse(err, false)
		return
	}
	if known, ok := c.instances[m.Instance]; ok && info.ID == "" {
		info.ID = known.info.ID // it was given one, and has not heard of it
	}
	if info.ID == "" {
		info.ID = proffer.AgentID(c.newID("A", &c.nextAgent, func(id string) bool {
			return c.agents[proffer.AgentID(id)] != nil
		}))
	}
	g, known := c.agents[info.ID]
	total := info.Resources
	if known {
		var err error
		if total, err = c.readmits(g, info); err != nil {
			refuse(err, g.state == gone)
			return
		}
		c.withdraw(now, g)
	}
	admitted := info
	admitted.Resources = total
	if err := c.allocator.AddAgent(now, admitted, usages(m)...); err != nil {
		// One that was here has lost its link to this one, and that was refused.
		if known && g.state.here() {
			g.state = disconnected
			c.lose(now, g)
		}
		refuse(err, false)
		return
	}
	if !known {
		g = c.addAgent(info, registered)
	}
	before := g.state
	g.state, g.info, g.total, g.link = registered, info, total, id
	c.setInstance(g, m.Instance)
	c.links[id] = g
	c.restoreWishes(now, g)
	c.recordAgent(g)
	c.send(g, &protocol.Registered{AgentID: info.ID})
	c.adopt(now, g, m, before)
	c.answerQuestions(now)
}

// setInstance keeps the name that an agent has given itself.
func (c *Core) setInstance(g *agent, name string) {
	delete(c.instances, g.instance)
	if g.instance = name; name != "" {
		c.instances[name] = g
	}
}

// readmits decides whether an agent that is known may come back as info, and
// returns what it has then.
func (c *Core) readmits(g *agent, info proffer.AgentInfo) (resources.Resources, error) {
	switch {
	case g.state == gone:
		return resources.Resources{}, fmt.Errorf("agent %s was declared gone by an operator: a machine that comes back needs a new work directory", info.ID)
	case g.state == registered && g.info.Hostname != info.Hostname:
		return resources.Resources{}, fmt.Errorf("agent %s is connected from host %q: the work directory of host %q seems to be a copy", info.ID, g.info.Hostname, info.Hostname)
	}
	total := g.total
	if g.state.here() {
		total = c.allocator.Total(info.ID)
	}
	rest, ok := total.Sub(info.Resources.Missing(g.info.Resources))
	if !ok {
		return resources.Resources{}, fmt.Errorf("agent %s had %s and comes back with %s, but of what it lacks some is reserved or in volumes (%s): "+
			"give it at least that, or a new work directory", info.ID, g.info.Resources, info.Resources, total.Reserved())
	}
	return rest.Add(g.info.Resources.Missing(info.Resources))
}

// usages returns what an agent that registers has in use.
func usages(m *protocol.Register) []offers.Usage {
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
	return used
}

// adopt takes over what an agent runs. What belongs to a framework that is
// gone is ended; what the agent was to run and has not, never arrived.
func (c *Core) adopt(now time.Time, g *agent, m *protocol.Register, before agentState) {
	missing := make(map[*task]struct{}, len(g.tasks))
	for t := range g.tasks {
		missing[t] = struct{}{}
	}
	strangers := make(map[proffer.FrameworkID]bool)
	for _, r := range m.Tasks {
		f, ok := c.frameworks[r.FrameworkID]
		if !ok {
			strangers[r.FrameworkID] = true
			continue
		}
		t := c.take(g, f, r)
		if t == nil {
			continue
		}
		delete(missing, t)
		c.welcome(now, t, r, before)
	}
	clear(g.executors)
	for _, e := range m.Executors {
		if _, ok := c.frameworks[e.FrameworkID]; !ok {
			strangers[e.FrameworkID] = true
			continue
		}
		g.executors[executorKey{e.FrameworkID, e.Executor.ID}] = &executor{info: e.Executor, role: e.Role}
	}
	for _, id := range sortedKeys(strangers) {
		c.endFramework(g, id)
	}
	for _, t := range sorted(missing) {
		c.missed(now, t)
	}
}

// take finds the task that an agent reports among those that are known, or
// adds it. It returns nil for one that the agent has to end.
func (c *Core) take(g *agent, f *framework, r protocol.RunningTask) *task {
	t, known := f.tasks[r.Task.ID]
	switch {
	case known && t.agent == g:
		t.info, t.role = r.Task, r.Role
		return t
	case known:
		c.endStray(g, r) // the same id on two agents: the one that is known is the one
		return nil
	case c.durable && r.State.Terminal() || f.ended.has(r.Task.ID):
		// Its end was acknowledged, which the agent has not heard: its statuses
		// are, as they come. See update.
		c.endStray(g, r)
		return nil
	}
	t = c.addTask(f, g, r.Task, r.Role)
	c.recordTask(t)
	return t
}

// endStray has an agent end a task that is none of ours; what it uses is free
// then.
func (c *Core) endStray(g *agent, r protocol.RunningTask) {
	if r.State.Terminal() {
		return
	}
	if g.strays == nil {
		g.strays = make(map[strayKey]offers.Usage)
	}
	g.strays[strayKey{r.FrameworkID, r.Task.ID}] = offers.Usage{FrameworkID: r.FrameworkID, Role: r.Role, Resources: r.Task.Resources}
	c.send(g, &protocol.KillTask{FrameworkID: r.FrameworkID, TaskID: r.Task.ID})
}

func (c *Core) strayEnded(now time.Time, g *agent, key strayKey) {
	if u, ok := g.strays[key]; ok {
		delete(g.strays, key)
		c.release(now, g, u.FrameworkID, u.Role, u.Resources)
	}
}

// welcome takes over the state of a task whose agent has come back.
func (c *Core) welcome(now time.Time, t *task, r protocol.RunningTask, before agentState) {
	t.agent.tasks[t] = struct{}{}
	t.holds = !r.State.Terminal()
	if t.patience != nil {
		c.alarms.Stop(t.patience)
	}
	if t.given {
		// Its framework has been told its end: it must not go on.
		if t.holds {
			c.send(t.agent, &protocol.KillTask{FrameworkID: t.framework.info.ID, TaskID: t.info.ID})
		}
		t.latest = r.State
		return
	}
	wasAway := before == unreachable
	t.latest = r.State
	if r.Status != nil && !t.waits {
		t.status = r.Status // what of it is not acknowledged, the agent sends again
	}
	switch {
	case !t.holds:
	case t.agent.drain != nil:
		c.killTask(t, shorterGrace(t, *t.agent.drain), proffer.ReasonAgentDraining)
	case wasAway && t.policy().KillOnReturn:
		c.killTask(t, nil, proffer.ReasonAgentReregistered)
	case t.kill != nil:
		c.send(t.agent, t.kill)
	}
	asked := t.asked
	t.asked = false
	if (wasAway || asked) && t.holds { // the status of its end comes with all that is to be told
		reason := proffer.ReasonReconciliation
		if wasAway {
			reason = proffer.ReasonAgentReregistered
		}
		c.tellLatest(now, t, reason)
	}
}

// missed tells the end of a task that its agent came back without.
func (c *Core) missed(now time.Time, t *task) {
	switch {
	case t.given:
		c.drop(t)
	case t.latest.Terminal():
		// Its last status is on its way to its framework.
	case t.status == nil:
		c.conclude(now, t, proffer.TaskDropped, proffer.ReasonAgentDisconnected, "the launch did not reach agent "+string(t.agent.info.ID))
	default:
		c.conclude(now, t, proffer.TaskGone, proffer.ReasonAgentRestarted, "agent "+string(t.agent.info.ID)+" came back without it")
	}
}

// restoreWishes has the allocator know again what operators want of an agent.
func (c *Core) restoreWishes(now time.Time, g *agent) {
	if g.unavailability != nil {
		c.mustKnow(c.allocator.SetUnavailability(now, g.info.ID, g.unavailability))
	}
	if g.deactivated || g.drain != nil {
		c.mustKnow(c.allocator.DeactivateAgent(now, g.info.ID))
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	list := make([]K, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
