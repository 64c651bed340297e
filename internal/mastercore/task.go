package mastercore

import (
	"cmp"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

// task is a task from its launch until its terminal status is acknowledged.
type task struct {
	info      *proffer.TaskInfo
	framework *framework
	agent     *agent
	role      string
	number    uint64              // of its launch: later ones are greater
	latest    proffer.TaskState   // the newest that the agent knows
	holds     bool                // its resources are in use
	acked     bool                // status needs no acknowledgement any more
	status    *proffer.TaskStatus // the last one told; nil before the first
}

func (f *framework) add(t *task) {
	f.tasks[t.info.ID] = t
	t.agent.tasks[t] = struct{}{}
}

// drop forgets a task that has ended, but for its id.
func (f *framework) drop(t *task) {
	delete(f.tasks, t.info.ID)
	delete(t.agent.tasks, t)
	f.ended.add(t.info.ID)
}

// becomes takes the newest state of a task. Its resources are free when that is
// terminal, however long its scheduler takes to learn it.
func (c *Core) becomes(now time.Time, t *task, latest proffer.TaskState) {
	if !t.latest.Terminal() {
		t.latest = latest
	}
	if t.holds && t.latest.Terminal() {
		t.holds = false
		c.release(now, t.agent, t.framework.info.ID, t.role, t.info.Resources)
	}
}

// update takes a status from an agent.
func (c *Core) update(now time.Time, g *agent, m *protocol.StatusUpdate) {
	f, ok := c.frameworks[m.FrameworkID]
	if !ok {
		return // its shutdown is under way
	}
	t, ok := f.tasks[m.Status.TaskID]
	if !ok || t.agent != g {
		c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, *m.Status)})
		return
	}
	c.becomes(now, t, m.Latest)
	t.status, t.acked = m.Status, false
	c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, *m.Status)})
}

// acknowledge passes the acknowledgement on to the agent, and forgets the task
// when it was that of its terminal status.
func (c *Core) acknowledge(f *framework, call *scheduler.AcknowledgeCall) {
	g, ok := c.agents[call.AgentID]
	if !ok {
		return
	}
	c.send(g, &protocol.Acknowledge{FrameworkID: f.info.ID, TaskID: call.TaskID, UpdateID: call.UpdateID})
	t, ok := f.tasks[call.TaskID]
	if !ok || t.agent != g || t.status == nil || t.status.UpdateID != call.UpdateID {
		return
	}
	t.acked = true
	if t.status.State.Terminal() {
		f.drop(t)
	}
}

// kill ends a task. Of one that the master does not know it tells what it can,
// as a reconciliation does.
func (c *Core) kill(now time.Time, f *framework, call *scheduler.KillCall) {
	t, ok := f.tasks[call.TaskID]
	if !ok {
		c.reconcile(now, f, []scheduler.TaskRef{{TaskID: call.TaskID}})
		return
	}
	c.send(t.agent, &protocol.KillTask{FrameworkID: f.info.ID, TaskID: call.TaskID, Grace: call.Grace})
}

// reconcile tells the latest status of tasks; with none named, of all that are
// known.
func (c *Core) reconcile(now time.Time, f *framework, refs []scheduler.TaskRef) {
	if len(refs) == 0 {
		for _, t := range f.sortedTasks() {
			c.tellLatest(now, t)
		}
		return
	}
	for _, ref := range refs {
		if t, ok := f.tasks[ref.TaskID]; ok {
			c.tellLatest(now, t)
			continue
		}
		state, reason := proffer.TaskUnknown, proffer.ReasonReconciliation
		if _, registered := c.agents[ref.AgentID]; registered {
			state = proffer.TaskGone // an agent that is here would have told of it
		}
		c.tellRefused(now, f, ref.TaskID, ref.AgentID, state, reason, "the master does not know the task")
	}
}

func (c *Core) tellLatest(now time.Time, t *task) {
	s := proffer.TaskStatus{TaskID: t.info.ID, AgentID: t.agent.info.ID, State: t.latest}
	if t.status != nil {
		s = *t.status
	}
	s.Source, s.Reason, s.Time, s.UpdateID, s.Data = proffer.SourceMaster, proffer.ReasonReconciliation, now, 0, nil
	c.tell(t.framework, &scheduler.UpdateEvent{Status: c.seenBy(t.framework, s)})
}

// tellUnacknowledged tells a framework that has come back what it has not
// acknowledged, without waiting for the agents to try again.
func (c *Core) tellUnacknowledged(f *framework) {
	for _, t := range f.sortedTasks() {
		if t.status != nil && !t.acked {
			c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, *t.status)})
		}
	}
}

// tellStatus tells a status of the master's own making.
func (c *Core) tellStatus(now time.Time, t *task, state proffer.TaskState, reason proffer.Reason, message string) {
	c.tellRefused(now, t.framework, t.info.ID, t.agent.info.ID, state, reason, message)
}

func (c *Core) tellRefused(now time.Time, f *framework, id proffer.TaskID, agentID proffer.AgentID, state proffer.TaskState, reason proffer.Reason, message string) {
	c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, proffer.TaskStatus{
		TaskID: id, AgentID: agentID, State: state, Reason: reason,
		Source: proffer.SourceMaster, Message: message, Time: now,
	})})
}

// seenBy translates the states that only partition-aware frameworks know.
func (c *Core) seenBy(f *framework, s proffer.TaskStatus) proffer.TaskStatus {
	if f.info.PartitionAware {
		return s
	}
	switch s.State {
	case proffer.TaskDropped, proffer.TaskUnreachable, proffer.TaskGone, proffer.TaskGoneByOperator, proffer.TaskUnknown:
		s.State = proffer.TaskLost
	default:
	}
	return s
}

func (f *framework) sortedTasks() []*task {
	list := make([]*task, 0, len(f.tasks))
	for _, t := range f.tasks {
		list = append(list, t)
	}
	slices.SortFunc(list, func(x, y *task) int { return cmp.Compare(x.info.ID, y.info.ID) })
	return list
}
