package agentcore

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
)

// framework is a framework of which the agent holds something.
type framework struct {
	id        proffer.FrameworkID
	tasks     map[proffer.TaskID]*task
	executors map[proffer.ExecutorID]*agentExecutor
	commands  int  // containers that are not gone
	ending    bool // being shut down: nothing is told of it but its end
}

func (c *Core) addFramework(id proffer.FrameworkID) *framework {
	f := &framework{
		id:        id,
		tasks:     make(map[proffer.TaskID]*task),
		executors: make(map[proffer.ExecutorID]*agentExecutor),
	}
	c.frameworks[id] = f
	return f
}

// forget drops a task whose end is known to its scheduler.
func (f *framework) forget(c *Core, t *task) {
	delete(f.tasks, t.info.ID)
	c.unrecordTask(t)
	f.settle(c)
}

// settle drops the framework when the agent holds nothing of it any more.
func (f *framework) settle(c *Core) {
	switch {
	case f.commands > 0 || len(f.executors) > 0:
	case f.ending:
		for _, t := range f.tasks {
			c.unrecordTask(t)
		}
		c.change(frameworkKey(f.id), nil)
		delete(c.frameworks, f.id)
		c.send(&protocol.FrameworkEnded{FrameworkID: f.id})
	case len(f.tasks) == 0:
		delete(c.frameworks, f.id)
	}
}

// shutdownFramework ends everything of a framework, within the grace of
// executors even where a task would have a longer one.
func (c *Core) shutdownFramework(now time.Time, id proffer.FrameworkID) {
	f, ok := c.frameworks[id]
	if !ok {
		c.send(&protocol.FrameworkEnded{FrameworkID: id})
		return
	}
	if !f.ending {
		f.ending = true
		c.recordEnding(f)
	}
	for _, t := range f.sortedTasks() {
		c.alarms.Stop(&t.retry)
		c.forgetStatuses(t)
		if t.command != nil && !t.state.Terminal() {
			t.command.kill(c, now, byShutdown, min(graceOf(t.info, nil), c.cfg.ShutdownGrace))
		}
	}
	for _, e := range f.sortedExecutors() {
		e.shutdown(c, now)
	}
	f.settle(c)
}

func (c *Core) frameworkMessage(m *protocol.FrameworkMessage) {
	if f, ok := c.frameworks[m.FrameworkID]; ok {
		if e, ok := f.executors[m.ExecutorID]; ok && e.phase == serving {
			e.message(c, m.Data)
			return
		}
	}
	c.note(Note{Text: "message to an executor that is not ready dropped", FrameworkID: m.FrameworkID, ExecutorID: m.ExecutorID})
}
