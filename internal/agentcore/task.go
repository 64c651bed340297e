package agentcore

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
)

// task is a task from its launch until its terminal status is acknowledged.
type task struct {
	info      *proffer.TaskInfo
	framework *framework
	role      string
	user      string              // of the framework
	number    uint64              // in the order of launching
	group     uint64              // the number of the first task of its group; 0 for none
	container proffer.ContainerID // of a command
	state     proffer.TaskState   // the newest
	executor  *agentExecutor      // that runs it, or
	command   *command            // its container; nil for neither
	handed    handed              // to its executor
	limit     *limit              // of an executor's task with a MaxCompletionTime
	touched   bool                // its progress is to be written
	stream
}

// handed is how far a task has come with its executor.
type handed struct {
	over   bool           // the executor was told to launch it
	kill   *time.Duration // and to end it within that grace
	update uint64         // the number of its last update of the task
}

// addTask adds a task that is new to the agent.
func (c *Core) addTask(f *framework, info *proffer.TaskInfo) *task {
	c.launched++
	t := &task{info: info, framework: f, number: c.launched}
	t.retry.Ring = func(now time.Time) { t.resend(c, now) }
	f.tasks[info.ID] = t
	c.touch(t)
	return t
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
	first := uint64(0)
	if m.Group {
		g, first = new(group), c.launched+1
	}
	for _, info := range m.Tasks {
		if _, known := f.tasks[info.ID]; known {
			// Whatever it is, the one that is here must not suffer from it.
			c.note(Note{Text: "launch of a task id that the agent has already ignored", FrameworkID: f.id, TaskID: info.ID})
			continue
		}
		t := c.addTask(f, info)
		t.role, t.user, t.group = m.Role, m.User, first
		if info.Command != nil {
			t.container = c.newContainer(string(info.ID))
		}
		if err := c.recordTask(t); err != nil {
			t.info = &proffer.TaskInfo{ID: info.ID}
			_ = c.recordTask(t) // an id is always fit
			c.end(now, t, proffer.TaskError, proffer.ReasonTaskInvalid, "its description cannot be kept: "+err.Error())
			continue
		}
		switch {
		case info.Command != nil:
			c.launchCommand(now, t, g)
		case info.Executor != nil:
			c.launchOnExecutor(now, t)
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
		t = c.addTask(f, &proffer.TaskInfo{ID: m.TaskID})
		_ = c.recordTask(t) // an id is always fit
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
	started time.Time // zero before it runs
	passed  bool
	alarm   due.Alarm
}

// addLimit prepares for the MaxCompletionTime of an executor's task.
func (c *Core) addLimit(t *task) {
	if t.info.MaxCompletionTime > 0 {
		t.limit = new(limit)
		t.limit.alarm.Ring = func(now time.Time) {
			t.limit.passed = true
			t.executor.kill(c, now, t, graceOf(t.info, nil))
		}
	}
}

// limited follows what an executor tells of a task with a limit, and changes
// the end of one that took too long.
func (c *Core) limited(now time.Time, t *task, s *proffer.TaskStatus) {
	l := t.limit
	switch {
	case l == nil:
	case s.State.Terminal():
		c.alarms.Stop(&l.alarm)
		if l.passed && s.State == proffer.TaskKilled {
			s.State, s.Reason = proffer.TaskFailed, proffer.ReasonMaxCompletionTimeReached
		}
	case s.State == proffer.TaskRunning && l.started.IsZero():
		l.started = now
		c.alarms.Set(&l.alarm, now.Add(t.info.MaxCompletionTime))
	}
}

func (c *Core) tell(id RunID, e executor.Event) {
	c.effects = append(c.effects, Effect{Action: Tell, Run: id, Event: e})
}
