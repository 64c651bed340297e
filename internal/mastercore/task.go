package mastercore

import (
	"cmp"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

// task is a task from its launch until its framework knows its end.
type task struct {
	info      *proffer.TaskInfo // of one that a master before this launched, little until its agent comes back
	framework *framework
	agent     *agent
	role      string
	number    uint64              // of its launch: later ones are greater
	latest    proffer.TaskState   // the newest that the agent knows, or TaskUnreachable
	holds     bool                // its resources are in use
	status    *proffer.TaskStatus // the newest that was told or reported; nil before the first
	waits     bool                // status is still to be acknowledged, or was never told
	acked     uint64              // the last update that was acknowledged
	given     bool                // up: its end was told, whatever its agent may run
	asked     bool                // its framework awaits an answer to a reconciliation
	kill      *protocol.KillTask  // to be sent again when its agent comes back
	why       proffer.Reason      // of the kill, where the master wanted it
	patience  *due.Alarm          // with one that is unreachable
}

func (c *Core) addTask(f *framework, g *agent, info *proffer.TaskInfo, role string) *task {
	c.nextTask++
	t := &task{info: info, framework: f, agent: g, role: role, number: c.nextTask}
	f.tasks[info.ID] = t
	g.tasks[t] = struct{}{}
	return t
}

// drop forgets a task whose end its framework knows, but for its id.
func (c *Core) drop(t *task) {
	if t.patience != nil {
		c.alarms.Stop(t.patience)
	}
	delete(t.framework.tasks, t.info.ID)
	delete(t.agent.tasks, t)
	t.framework.ended.add(t.info.ID, t.end())
	c.unrecord(taskKey(t))
}

// end is the end that the framework was told, whatever became of the task since,
// or else the newest state.
func (t *task) end() proffer.TaskState {
	if t.status != nil && t.status.State.Terminal() {
		return t.status.State
	}
	return t.latest
}

func (t *task) policy() proffer.UnreachablePolicy {
	if t.info.Unreachable == nil {
		return proffer.UnreachablePolicy{}
	}
	return *t.info.Unreachable
}

// becomes takes the newest state of a task. Its resources are free when that is
// terminal, however long its scheduler takes to learn it.
func (c *Core) becomes(now time.Time, t *task, latest proffer.TaskState) {
	if !t.latest.Terminal() {
		t.latest = latest
	}
	if t.holds && latest.Terminal() {
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
	settle := func() {
		c.send(g, &protocol.Acknowledge{FrameworkID: m.FrameworkID, TaskID: m.Status.TaskID, UpdateID: m.Status.UpdateID})
	}
	t, ok := f.tasks[m.Status.TaskID]
	switch {
	case !ok && !c.durable && !f.ended.has(m.Status.TaskID):
		c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, *m.Status)})
	case !ok, t.agent != g, m.Status.UpdateID <= t.acked:
		settle() // it was acknowledged, which the agent has not heard, or must not be told
		if m.Latest.Terminal() {
			c.strayEnded(now, g, strayKey{m.FrameworkID, m.Status.TaskID})
		}
	case t.given:
		settle()
		c.becomes(now, t, m.Latest)
		if m.Status.State.Terminal() {
			c.drop(t)
		}
	default:
		c.becomes(now, t, m.Latest)
		t.status, t.waits = t.explained(m.Status), true
		c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, *t.status)})
	}
}

// acknowledge passes the acknowledgement on to the agent, and forgets the task
// when it was that of its terminal status.
func (c *Core) acknowledge(f *framework, call *scheduler.AcknowledgeCall) {
	t, ok := f.tasks[call.TaskID]
	if !ok || t.agent.info.ID != call.AgentID {
		if g, ok := c.agents[call.AgentID]; ok {
			c.send(g, &protocol.Acknowledge{FrameworkID: f.info.ID, TaskID: call.TaskID, UpdateID: call.UpdateID})
		}
		return
	}
	c.send(t.agent, &protocol.Acknowledge{FrameworkID: f.info.ID, TaskID: call.TaskID, UpdateID: call.UpdateID})
	if t.status == nil || t.status.UpdateID != call.UpdateID {
		return
	}
	t.waits, t.acked = false, call.UpdateID
	if t.status.State.Terminal() {
		c.drop(t)
	}
}

// kill ends a task. Of one that the master does not know it tells what it can,
// as a reconciliation does.
func (c *Core) kill(now time.Time, f *framework, call *scheduler.KillCall) {
	t, ok := f.tasks[call.TaskID]
	if f.questions[call.TaskID] != nil {
		return // its framework has asked, and is told
	}
	if !ok || t.given {
		c.reconcile(now, f, []scheduler.TaskRef{{TaskID: call.TaskID}})
		return
	}
	c.killTask(t, call.Grace, proffer.ReasonNone)
}

// explained returns a status with the reason of the kill, which its agent does
// not know.
func (t *task) explained(s *proffer.TaskStatus) *proffer.TaskStatus {
	killed := s.State == proffer.TaskKilling || s.State == proffer.TaskKilled
	if t.why == proffer.ReasonNone || !killed || s.Reason != proffer.ReasonNone {
		return s
	}
	with := *s
	with.Reason = t.why
	return &with
}

// killTask has the agent of a task end it, now or when it comes back. Grace nil
// means that of the task. Of several reasons the first one counts.
func (c *Core) killTask(t *task, grace *time.Duration, why proffer.Reason) {
	if t.kill == nil {
		t.why = why
	}
	t.kill = &protocol.KillTask{FrameworkID: t.framework.info.ID, TaskID: t.info.ID, Grace: grace}
	c.send(t.agent, t.kill)
}

// conclude ends a task by the master's own word: it does not run, and nobody
// else will tell of its end.
func (c *Core) conclude(now time.Time, t *task, state proffer.TaskState, reason proffer.Reason, message string) {
	wasGiven := t.given
	t.given = false
	switch {
	case wasGiven && !t.waits:
		c.drop(t)
		return
	case t.waits && t.status.State.Terminal():
		// Its end was told and is being acknowledged, or is still to be told.
		delete(t.agent.tasks, t)
		c.recordTask(t)
		return
	case t.latest.Terminal():
		state = t.latest // its end was known, its status is lost
	}
	c.becomes(now, t, state)
	if c.tellEnd(now, t, state, reason, message) {
		c.drop(t)
		return
	}
	delete(t.agent.tasks, t)
	c.recordTask(t)
}

// giveUp tells the end of a task that its agent may still run.
func (c *Core) giveUp(now time.Time, t *task, state proffer.TaskState, message string) {
	t.given, t.latest = true, state
	c.tellEnd(now, t, state, proffer.ReasonAgentRemoved, message)
	c.recordTask(t)
}

// tellEnd tells a task's end, or keeps it for when its framework comes back. It
// reports whether it was told.
func (c *Core) tellEnd(now time.Time, t *task, state proffer.TaskState, reason proffer.Reason, message string) bool {
	s := masterStatus(now, t.info.ID, t.agent.info.ID, state, reason, message)
	t.latest, t.status, t.waits = state, &s, t.framework.session == 0
	c.tell(t.framework, &scheduler.UpdateEvent{Status: c.seenBy(t.framework, s)})
	return !t.waits
}

// tellLatest tells where a task stands.
func (c *Core) tellLatest(now time.Time, t *task, reason proffer.Reason) {
	s := proffer.TaskStatus{TaskID: t.info.ID, AgentID: t.agent.info.ID, State: t.latest}
	if t.status != nil {
		s = *t.status
	}
	if t.latest == proffer.TaskUnreachable || t.given {
		s.State, s.Message = t.end(), "agent "+string(t.agent.info.ID)+" is out of reach"
	}
	s.Source, s.Reason, s.Time, s.UpdateID, s.Data = proffer.SourceMaster, reason, now, 0, nil
	c.tell(t.framework, &scheduler.UpdateEvent{Status: c.seenBy(t.framework, s)})
}

// tellUnacknowledged tells a framework that has come back what it has not
// acknowledged, without waiting for the agents to try again.
func (c *Core) tellUnacknowledged(f *framework) {
	for _, t := range f.sortedTasks() {
		if !t.waits {
			continue
		}
		c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, *t.status)})
		if t.status.UpdateID > 0 {
			continue
		}
		t.waits = false // the master's own are told once
		if t.given {
			c.recordTask(t)
		} else {
			c.drop(t)
		}
	}
}

// tellRefused tells the end of a task that was never launched, or is not known.
func (c *Core) tellRefused(now time.Time, f *framework, id proffer.TaskID, agentID proffer.AgentID, state proffer.TaskState, reason proffer.Reason, message string) {
	c.tell(f, &scheduler.UpdateEvent{Status: c.seenBy(f, masterStatus(now, id, agentID, state, reason, message))})
}

func masterStatus(now time.Time, id proffer.TaskID, agentID proffer.AgentID, state proffer.TaskState, reason proffer.Reason, message string) proffer.TaskStatus {
	return proffer.TaskStatus{
		TaskID: id, AgentID: agentID, State: state, Reason: reason,
		Source: proffer.SourceMaster, Message: message, Time: now,
	}
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
