package agentcore

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/protocol"
)

// task is a task from its launch until its terminal status is acknowledged.
type task struct {
	info      *proffer.TaskInfo
	framework *framework
	role      string
	number    uint64            // in the order of launching
	state     proffer.TaskState // the newest
	executor  *agentExecutor    // that runs it, or
	command   *command          // its container; nil for neither
	limit     *limit            // of an executor's task with a MaxCompletionTime
	stream
}

// runTasks launches tasks.
func (c *Core) runTasks(now time.Time, m *protocol.RunTasks) {
	f, ok := c.frameworks[m.FrameworkID]
	if !ok {
		f = c.addFramework(m.FrameworkID)
	}
	if f.ending {
		c.refuse(now, m, proffer.TaskDropped, proffer.ReasonFrameworkRemoved, "the framework is being shut down on the agent")
		return
	}
	var g *group
	if m.Group {
		g = new(group)
	}
	for _, info := range m.Tasks {
		if _, known := f.tasks[info.ID]; known {
			// Whatever it is, the one that is here must not suffer from it.
			c.note(Note{Text: "launch of a task id that the agent has already ignored", FrameworkID: f.id, TaskID: info.ID})
			continue
		}
		c.launched++
		t := &task{info: info, framework: f, role: m.Role, number: c.launched}
		t.retry.owner = t
		f.tasks[info.ID] = t
		switch {
		case info.Command != nil:
			c.launchCommand(now, t, m.User, g)
		case info.Executor != nil:
			c.launchOnExecutor(now, t, m.User)
		default:
			c.end(now, t, proffer.TaskError, proffer.ReasonTaskInvalid, "neither a command nor an executor is set")
		}
	}
}

// refuse tells of tasks that the agent takes no notice of otherwise.
func (c *Core) refuse(now time.Time, m *protocol.RunTasks, state proffer.TaskState, reason proffer.Reason, message string) {
	for _, info := range m.Tasks {
		c.send(&protocol.StatusUpdate{FrameworkID: m.FrameworkID, Latest: state, Status: &proffer.TaskStatus{
			TaskID: info.ID, AgentID: c.info.ID, State: state, Reason: reason, Source: proffer.SourceAgent,
			Message: message, Time: now, UpdateID: 1,
		}})
	}
}

// end makes a terminal status of the agent's own.
func (c *Core) end(now time.Time, t *task, state proffer.TaskState, reason proffer.Reason, message string) {
	c.update(now, t, &proffer.TaskStatus{State: state, Reason: reason, Message: message, Source: proffer.SourceAgent})
}

// killTask ends a task by request.
func (c *Core) killTask(now time.Time, m *protocol.KillTask) {
	f, ok := c.frameworks[m.FrameworkID]
	if !ok {
		f = c.addFramework(m.FrameworkID)
	}
	t, ok := f.tasks[m.TaskID]
	switch {
	case f.ending:
	case !ok:
		// It never arrived: say so until that is acknowledged.
		c.launched++
		t = &task{info: &proffer.TaskInfo{ID: m.TaskID}, framework: f, number: c.launched}
		t.retry.owner = t
		f.tasks[m.TaskID] = t
		c.end(now, t, proffer.TaskDropped, proffer.ReasonTaskUnknown, "the agent was to kill a task that it does not know")
	case t.state.Terminal():
	case t.command != nil:
		t.command.kill(c, now, byRequest, graceOf(t.info, m.Grace))
	case t.executor != nil:
		t.executor.kill(c, now, t, graceOf(t.info, m.Grace))
	}
}

func graceOf(info *proffer.TaskInfo, override *time.Duration) time.Duration {
	switch {
	case override != nil:
		return max(*override, 0)
	case info.KillGrace == 0:
		return proffer.DefaultKillGrace
	default:
		return max(info.KillGrace, 0)
	}
}

// limit is the MaxCompletionTime of an executor's task, from the moment when
// it runs.
type limit struct {
	task   *task
	passed bool
	alarm
}

// watch follows what an executor tells of a task with a limit, and changes the
// end of one that took too long.
func (l *limit) watch(c *Core, now time.Time, s *proffer.TaskStatus) {
	switch {
	case s.State.Terminal():
		c.alarms.stop(&l.alarm)
		if l.passed && s.State == proffer.TaskKilled {
			s.State, s.Reason = proffer.TaskFailed, proffer.ReasonMaxCompletionTimeReached
		}
	case s.State == proffer.TaskRunning && !l.passed && !l.Set():
		c.alarms.set(&l.alarm, now.Add(l.task.info.MaxCompletionTime))
	}
}

// ring has the executor end the task.
func (l *limit) ring(c *Core, _ time.Time) {
	l.passed = true
	c.tell(l.task.executor.id, &executor.KillEvent{TaskID: l.task.info.ID, Grace: graceOf(l.task.info, nil)})
}

func (c *Core) tell(id RunID, e executor.Event) {
	c.effects = append(c.effects, Effect{Action: Tell, Run: id, Event: e})
}
