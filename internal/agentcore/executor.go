package agentcore

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
)

// agentExecutor is an executor from its start until it is gone.
type agentExecutor struct {
	id         RunID
	name       proffer.ContainerID // empty when it is built in
	info       *proffer.ExecutorInfo
	framework  *framework
	role, user string
	phase      executorPhase
	registered bool    // with this agent or the one before the restart
	queue      []*task // waiting for it to register
	late       bool    // it did not register in time
	lost       bool    // nor again after the restart
	asked      bool    // to shut down, by its framework
	container  *proffer.ContainerStatus
	alarm      due.Alarm
}

type executorPhase uint8

const (
	registering executorPhase = iota
	returning                 // after a restart of the agent, which waits for it
	serving
	terminating // asked to shut down
	killing     // by force
)

func (c *Core) addExecutor(f *framework, info *proffer.ExecutorInfo, role, user string) *agentExecutor {
	e := &agentExecutor{info: info, framework: f, role: role, user: user}
	e.alarm.Ring = func(now time.Time) { e.ring(c, now) }
	f.executors[info.ID] = e
	return e
}

func (e *agentExecutor) start() *Start {
	return &Start{FrameworkID: e.framework.id, User: e.user, Executor: e.info, Container: e.name}
}

// launchOnExecutor hands a task to its executor, which is started if need be.
func (c *Core) launchOnExecutor(now time.Time, t *task) {
	f, info := t.framework, t.info.Executor
	e, ok := f.executors[info.ID]
	if !ok {
		e = c.addExecutor(f, info, t.role, t.user)
		if info.Command != nil {
			e.name = c.newContainer(string(info.ID))
		}
		e.id = c.beginRun(e, StartExecutor, e.start())
		c.recordExecutor(e)
		c.alarms.Set(&e.alarm, now.Add(c.cfg.RegistrationTimeout))
	}
	if t.info.HealthCheck != nil || t.info.Check != nil {
		// The executor runs all the same: the master has counted it.
		c.end(now, t, proffer.TaskError, proffer.ReasonTaskInvalid,
			"a health check or check is set, which agents run for commands only: the executor has to look after its tasks")
		return
	}
	t.executor = e
	c.addLimit(t)
	switch e.phase {
	case registering, returning:
		e.queue = append(e.queue, t)
	case serving:
		e.handOver(c, t)
	default:
		c.end(now, t, proffer.TaskDropped, proffer.ReasonExecutorTerminated, fmt.Sprintf("executor %q is ending", string(info.ID)))
	}
}

func (e *agentExecutor) handOver(c *Core, t *task) {
	t.handed.over = true
	c.touch(t)
	c.tell(e.id, executor.LaunchEvent{Task: t.info})
}

// kill ends a task. One that has not reached the executor never will.
func (e *agentExecutor) kill(c *Core, now time.Time, t *task, grace time.Duration) {
	if i := slices.Index(e.queue, t); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		c.end(now, t, proffer.TaskKilled, proffer.ReasonTaskKilledDuringLaunch, "killed before its executor had registered")
		return
	}
	if t.handed.kill == nil || grace < *t.handed.kill {
		t.handed.kill = &grace
		c.touch(t)
	}
	if e.phase == serving {
		c.tell(e.id, &executor.KillEvent{TaskID: t.info.ID, Grace: grace})
	}
}

func (e *agentExecutor) message(c *Core, data []byte) {
	c.tell(e.id, &executor.MessageEvent{Data: data})
}

// shutdown has the executor end itself and its tasks.
func (e *agentExecutor) shutdown(c *Core, now time.Time) {
	switch e.phase {
	case registering:
		e.asked = true
		e.force(c, now)
	case serving, returning:
		e.asked = true
		e.setPhase(c, terminating)
		// A fifth is left for its last words to arrive.
		c.tell(e.id, executor.ShutdownEvent{Grace: c.cfg.ShutdownGrace / 5 * 4})
		c.alarms.Set(&e.alarm, now.Add(c.cfg.ShutdownGrace))
	default:
		return
	}
	c.recordExecutor(e)
}

// setPhase leaves a phase, perhaps the one that the agent waits for to end.
func (e *agentExecutor) setPhase(c *Core, p executorPhase) {
	before := e.phase
	e.phase = p
	if before == returning {
		c.awaited--
		c.introduce()
	}
}

// force ends the executor whatever it is at.
func (e *agentExecutor) force(c *Core, now time.Time) {
	e.setPhase(c, killing)
	c.act(e.id, Kill)
	c.alarms.Set(&e.alarm, now.Add(c.cfg.KillStuckAfter))
}

// ring ends an executor that has been given its time.
func (e *agentExecutor) ring(c *Core, now time.Time) {
	switch e.phase {
	case registering:
		e.late = true
		c.recordExecutor(e)
	case returning:
		e.lost = true // its tasks end when it has
	case killing:
		c.note(Note{Text: "executor does not end though it was killed; trying again", FrameworkID: e.framework.id, ExecutorID: e.info.ID})
	default:
	}
	e.force(c, now)
}

// report implements run.
func (e *agentExecutor) report(c *Core, now time.Time, r Report) {
	switch r := r.(type) {
	case Launched:
		e.container = r.Container
		c.recordExecutor(e)
	case Registered:
		e.serve(c, now, nil)
	case *Returned:
		e.serve(c, now, r.Tasks)
	case Updated:
		e.updated(c, now, r.Status, 0)
	case *Sent:
		if !e.framework.ending {
			c.send(&protocol.ExecutorMessage{FrameworkID: e.framework.id, ExecutorID: e.info.ID, Data: r.Data})
		}
	case *Numbered:
		if u, ok := r.Report.(Updated); ok {
			e.updated(c, now, u.Status, r.Update)
		} else {
			e.report(c, now, r.Report)
		}
		// Like every effect it follows what was kept.
		c.effects = append(c.effects, Effect{Action: Confirm, Run: e.id, Number: r.Number})
	case *LaunchFailed:
		status := proffer.TaskStatus{State: proffer.TaskFailed, Reason: proffer.ReasonContainerLaunchFailed, Message: r.Message}
		switch {
		case e.late || e.lost || e.asked:
			status = e.endedStatus(c)
		case r.Invalid:
			status.State, status.Reason = proffer.TaskError, proffer.ReasonTaskInvalid
		}
		e.gone(c, now, status)
	case *Exited:
		e.exited(c, now, r)
	default:
	}
}

// serve hands over the tasks that wait. After a restart of the agent, has are
// those that the executor knows already.
func (e *agentExecutor) serve(c *Core, now time.Time, has []proffer.TaskID) {
	if e.phase != registering && e.phase != returning {
		return // too late, or again
	}
	back := e.phase == returning
	c.alarms.Stop(&e.alarm)
	if !e.registered {
		e.registered = true
		c.recordExecutor(e)
		c.tell(e.id, executor.RegisteredEvent{Info: &executor.Info{Agent: c.info, FrameworkID: e.framework.id, Executor: e.info}})
	}
	e.phase = serving
	if back {
		e.compare(c, now, has)
	}
	for _, t := range e.queue {
		e.handOver(c, t)
	}
	e.queue = nil
	if back {
		c.awaited--
		c.introduce()
	}
}

// compare goes through what the executor was to do by the agent before the
// restart, some of which may never have reached it.
func (e *agentExecutor) compare(c *Core, now time.Time, has []proffer.TaskID) {
	for _, t := range e.framework.sortedTasks() {
		switch {
		case t.executor != e || t.state.Terminal() || !t.handed.over:
		case !slices.Contains(has, t.info.ID):
			c.end(now, t, proffer.TaskDropped, proffer.ReasonAgentRestarted,
				"the agent was started again before the task had reached its executor")
		case t.handed.kill != nil:
			c.tell(e.id, &executor.KillEvent{TaskID: t.info.ID, Grace: *t.handed.kill})
		}
	}
}

// updated takes a status; number counts those of the executor from 1, or is 0.
func (e *agentExecutor) updated(c *Core, now time.Time, s *proffer.TaskStatus, number uint64) {
	t, ok := e.framework.tasks[s.TaskID]
	if !ok || t.executor != e || slices.Contains(e.queue, t) {
		c.note(Note{
			Text:        "status " + s.State.String() + " of a task that the executor does not have dropped",
			FrameworkID: e.framework.id, ExecutorID: e.info.ID, TaskID: s.TaskID,
		})
		return
	}
	if number > 0 {
		if number <= t.handed.update {
			return // it came before, and the confirmation was lost
		}
		t.handed.update = number
	}
	s.Source = proffer.SourceExecutor
	if s.Container == nil || !fit(s.Container) {
		s.Container = e.container
	}
	c.limited(now, t, s)
	c.update(now, t, s)
}

// fit reports whether a container that an executor speaks of can be told of.
func fit(s *proffer.ContainerStatus) bool {
	return (s.ID == "" || proffer.ValidateID("container id", s.ID) == nil) &&
		!slices.ContainsFunc(s.Addresses, func(a string) bool { return !utf8.ValidString(a) })
}

// exited fails what the executor has left.
func (e *agentExecutor) exited(c *Core, now time.Time, r *Exited) {
	status := e.endedStatus(c)
	status.Exit = r.Exit
	if !e.late && !e.lost && !e.asked {
		how := r.Message
		if r.Exit != nil {
			how = strings.TrimSuffix(r.Exit.String()+": "+r.Message, ": ")
		}
		status.Message = "the executor ended: " + how
		if r.Exit != nil && r.Exit.OOM {
			status.Reason = proffer.ReasonContainerLimitationMemory
		}
	}
	e.gone(c, now, status)
	c.remove(e.name)
}

// endedStatus returns the end of the tasks of an executor that was ended.
func (e *agentExecutor) endedStatus(c *Core) proffer.TaskStatus {
	s := proffer.TaskStatus{State: proffer.TaskFailed, Reason: proffer.ReasonExecutorTerminated}
	switch {
	case e.late:
		s.Reason = proffer.ReasonExecutorRegistrationTimeout
		s.Message = fmt.Sprintf("the executor did not register within %v", c.cfg.RegistrationTimeout)
	case e.lost:
		s.State, s.Reason = proffer.TaskGone, proffer.ReasonExecutorReregistrationTimeout
		s.Message = fmt.Sprintf("the executor did not come back within %v of the agent's restart", c.cfg.ReregistrationTimeout)
	case e.asked:
		s.State, s.Message = proffer.TaskKilled, "the executor was shut down"
	}
	return s
}

// endTasks gives all tasks of the executor that have not ended the same
// status.
func (e *agentExecutor) endTasks(c *Core, now time.Time, end proffer.TaskStatus) {
	for _, t := range e.framework.sortedTasks() {
		if t.executor != e || t.state.Terminal() {
			continue
		}
		status := end
		status.Source = proffer.SourceAgent
		status.Container = e.container
		if e.asked && slices.Contains(e.queue, t) {
			status.Reason = proffer.ReasonTaskKilledDuringLaunch
		}
		if t.limit != nil {
			c.alarms.Stop(&t.limit.alarm)
		}
		c.update(now, t, &status)
	}
}

// gone ends what is left of the executor's tasks and forgets it.
func (e *agentExecutor) gone(c *Core, now time.Time, end proffer.TaskStatus) {
	f := e.framework
	c.alarms.Stop(&e.alarm)
	e.endTasks(c, now, end)
	delete(c.runs, e.id)
	delete(f.executors, e.info.ID)
	c.change(executorKey(f.id, e.info.ID), nil)
	if !f.ending {
		c.send(&protocol.ExecutorExited{FrameworkID: f.id, ExecutorID: e.info.ID, Exit: end.Exit, Message: end.Message})
	}
	e.setPhase(c, killing)
	f.settle(c)
}
