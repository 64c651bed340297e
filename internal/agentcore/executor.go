package agentcore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/protocol"
)

// agentExecutor is an executor from its start until it is gone.
type agentExecutor struct {
	id        RunID
	info      *proffer.ExecutorInfo
	framework *framework
	role      string
	phase     executorPhase
	queue     []*task // waiting for it to register
	late      bool    // it did not register in time
	asked     bool    // to shut down, by its framework
	container *proffer.ContainerStatus
	alarm
}

type executorPhase uint8

const (
	registering executorPhase = iota
	serving
	terminating // asked to shut down
	killing     // by force
)

// launchOnExecutor hands a task to its executor, which is started if need be.
func (c *Core) launchOnExecutor(now time.Time, t *task, user string) {
	f, info := t.framework, t.info.Executor
	e, ok := f.executors[info.ID]
	if !ok {
		e = &agentExecutor{info: info, framework: f, role: t.role}
		e.owner = e
		f.executors[info.ID] = e
		e.id = c.start(e, &Start{FrameworkID: f.id, User: user, Executor: info})
		c.alarms.set(&e.alarm, now.Add(c.cfg.RegistrationTimeout))
	}
	if t.info.HealthCheck != nil || t.info.Check != nil {
		// The executor runs all the same: the master has counted it.
		c.end(now, t, proffer.TaskError, proffer.ReasonTaskInvalid,
			"a health check or check is set, which agents run for commands only: the executor has to look after its tasks")
		return
	}
	t.executor = e
	if t.info.MaxCompletionTime > 0 {
		t.limit = &limit{task: t}
		t.limit.owner = t.limit
	}
	switch e.phase {
	case registering:
		e.queue = append(e.queue, t)
	case serving:
		c.tell(e.id, executor.LaunchEvent{Task: t.info})
	default:
		c.end(now, t, proffer.TaskDropped, proffer.ReasonExecutorTerminated, fmt.Sprintf("executor %q is ending", string(info.ID)))
	}
}

// kill ends a task. One that has not reached the executor never will.
func (e *agentExecutor) kill(c *Core, now time.Time, t *task, grace time.Duration) {
	if i := slices.Index(e.queue, t); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		c.end(now, t, proffer.TaskKilled, proffer.ReasonTaskKilledDuringLaunch, "killed before its executor had registered")
		return
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
	case serving:
		e.asked = true
		e.phase = terminating
		// A fifth is left for its last words to arrive.
		c.tell(e.id, executor.ShutdownEvent{Grace: c.cfg.ShutdownGrace / 5 * 4})
		c.alarms.set(&e.alarm, now.Add(c.cfg.ShutdownGrace))
	default:
	}
}

// force ends the executor whatever it is at.
func (e *agentExecutor) force(c *Core, now time.Time) {
	e.phase = killing
	c.act(e.id, Kill)
	c.alarms.set(&e.alarm, now.Add(c.cfg.KillStuckAfter))
}

// ring ends an executor that has been given its time.
func (e *agentExecutor) ring(c *Core, now time.Time) {
	switch e.phase {
	case registering:
		e.late = true
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
	case Registered:
		e.serve(c)
	case Updated:
		e.updated(c, now, r.Status)
	case *Sent:
		if !e.framework.ending {
			c.send(&protocol.ExecutorMessage{FrameworkID: e.framework.id, ExecutorID: e.info.ID, Data: r.Data})
		}
	case *LaunchFailed:
		status := proffer.TaskStatus{State: proffer.TaskFailed, Reason: proffer.ReasonContainerLaunchFailed, Message: r.Message}
		switch {
		case e.late || e.asked:
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

// serve hands over the tasks that wait.
func (e *agentExecutor) serve(c *Core) {
	if e.phase != registering {
		return // too late, or again
	}
	e.phase = serving
	c.alarms.stop(&e.alarm)
	c.tell(e.id, executor.RegisteredEvent{Info: &executor.Info{Agent: c.info, FrameworkID: e.framework.id, Executor: e.info}})
	for _, t := range e.queue {
		c.tell(e.id, executor.LaunchEvent{Task: t.info})
	}
	e.queue = nil
}

func (e *agentExecutor) updated(c *Core, now time.Time, s *proffer.TaskStatus) {
	t, ok := e.framework.tasks[s.TaskID]
	if !ok || t.executor != e || slices.Contains(e.queue, t) {
		c.note(Note{
			Text:        "status " + s.State.String() + " of a task that the executor does not have dropped",
			FrameworkID: e.framework.id, ExecutorID: e.info.ID, TaskID: s.TaskID,
		})
		return
	}
	s.Source = proffer.SourceExecutor
	if s.Container == nil {
		s.Container = e.container
	}
	if t.limit != nil {
		t.limit.watch(c, now, s)
	}
	c.update(now, t, s)
}

// exited fails what the executor has left.
func (e *agentExecutor) exited(c *Core, now time.Time, r *Exited) {
	status := e.endedStatus(c)
	status.Exit = r.Exit
	if !e.late && !e.asked {
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
}

// endedStatus returns the end of the tasks of an executor that was ended.
func (e *agentExecutor) endedStatus(c *Core) proffer.TaskStatus {
	s := proffer.TaskStatus{State: proffer.TaskFailed, Reason: proffer.ReasonExecutorTerminated}
	switch {
	case e.late:
		s.Reason = proffer.ReasonExecutorRegistrationTimeout
		s.Message = fmt.Sprintf("the executor did not register within %v", c.cfg.RegistrationTimeout)
	case e.asked:
		s.State, s.Message = proffer.TaskKilled, "the executor was shut down"
	}
	return s
}

// gone gives all tasks of the executor that have not ended the same status,
// and forgets the executor.
func (e *agentExecutor) gone(c *Core, now time.Time, end proffer.TaskStatus) {
	f := e.framework
	c.alarms.stop(&e.alarm)
	for _, t := range f.sortedTasks() {
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
			c.alarms.stop(&t.limit.alarm)
		}
		c.update(now, t, &status)
	}
	delete(c.runs, e.id)
	delete(f.executors, e.info.ID)
	if !f.ending {
		c.send(&protocol.ExecutorExited{FrameworkID: f.id, ExecutorID: e.info.ID, Exit: end.Exit, Message: end.Message})
	}
	f.settle(c)
}
