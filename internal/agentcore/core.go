// Package agentcore is the core of the agent: a state machine of frameworks,
// executors, tasks and the statuses that are on their way to the master. It
// has no goroutine, lock, clock or I/O. Its owner (the agent, a test) feeds it
// what arrives, with the time, calls Advance when Deadline has come, makes the
// changes durable and then carries out the effects.
//
// A Core belongs to one goroutine at a time.
package agentcore

import (
	"cmp"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/internal/store"
)

// Config configures a Core. All durations are positive.
type Config struct {
	Info proffer.AgentInfo // without an id, unless it is not the master who assigns it

	// Instance is a part of the ids of all containers, so that they are told
	// from those of other agents. It is never used by another agent.
	Instance string

	// A status that is not acknowledged is sent again after StatusRetryMin,
	// then after intervals that double up to StatusRetryMax.
	StatusRetryMin, StatusRetryMax time.Duration

	RegistrationTimeout   time.Duration // for executors
	ReregistrationTimeout time.Duration // for executors after a restart of the agent; Recover only
	ShutdownGrace         time.Duration // for executors, and for all at the end of a framework
	KillStuckAfter        time.Duration // from a SIGKILL to the complaint, and between tries

	// What follows is for Recover only.

	Secret []byte        // is kept for the owner
	BootID string        // another one after the machine was booted
	Uptime time.Duration // of the machine, when Recover is called
}

// Core is the state of an agent. What has to outlive it is in its [Changes],
// which are to be durable before the effects of the same step are carried out.
type Core struct {
	cfg        Config
	info       proffer.AgentInfo
	frameworks map[proffer.FrameworkID]*framework
	runs       map[RunID]run
	lastRun    RunID
	launched   uint64 // tasks so far
	alarms     due.Alarms
	effects    []Effect
	fresh      []freshUpdate

	connection uint64 // to the master: how many there were
	connected  bool
	introduced bool // on this connection
	registered bool // with the master, now
	awaited    int  // executors that may still come back, before the agent registers

	durable bool      // there is a checkpoint
	starts  uint64    // of the agent, this one included
	begin   time.Time // of this core
	changes store.Changes
	touched []*task // whose progress is to be written
}

// freshUpdate is a status among the effects whose task may still go on before
// they are carried out.
type freshUpdate struct {
	message *protocol.StatusUpdate
	task    *task
}

// New returns the core of an agent that runs nothing and forgets everything
// when it ends.
func New(cfg Config) *Core {
	return &Core{
		cfg: cfg, info: cfg.Info,
		frameworks: make(map[proffer.FrameworkID]*framework),
		runs:       make(map[RunID]run),
	}
}

// Deadline returns when Advance has something to do, and false if only a
// further input can change that.
func (c *Core) Deadline() (time.Time, bool) { return c.alarms.Next() }

// Advance does what is due at now.
func (c *Core) Advance(now time.Time) { c.alarms.RingUntil(now) }

// Effects returns what is to be done since the last call. The slice is good
// until the next input.
func (c *Core) Effects() []Effect {
	for _, f := range c.fresh {
		f.message.Latest, f.task.fresh = f.task.state, false
	}
	clear(c.fresh)
	c.fresh = c.fresh[:0]
	effects := c.effects
	c.effects = c.effects[:0]
	return effects
}

// Connected tells that there is a new connection to the master: the agent
// registers with what it holds, once it knows what that is.
func (c *Core) Connected() {
	c.connection++
	c.connected, c.introduced, c.registered = true, false, false
	c.introduce()
}

func (c *Core) introduce() {
	if !c.connected || c.introduced || c.awaited > 0 {
		return
	}
	c.introduced = true
	m := &protocol.Register{Info: c.info, Instance: c.cfg.Instance}
	for _, f := range c.sortedFrameworks() {
		for _, t := range f.sortedTasks() {
			m.Tasks = append(m.Tasks, protocol.RunningTask{
				FrameworkID: f.id, Role: t.role, Task: t.info, State: t.state, Status: withoutData(t.newest),
			})
		}
		for _, e := range f.sortedExecutors() {
			m.Executors = append(m.Executors, protocol.RunningExecutor{FrameworkID: f.id, Role: e.role, Executor: e.info})
		}
	}
	c.effects = append(c.effects, Effect{Message: m, Number: c.connection})
}

// withoutData: only the status itself carries that.
func withoutData(s *proffer.TaskStatus) *proffer.TaskStatus {
	if s == nil || s.Data == nil {
		return s
	}
	short := *s
	short.Data = nil
	return &short
}

// Disconnected tells that the connection has ended. Statuses wait.
func (c *Core) Disconnected() { c.connected, c.introduced, c.registered = false, false, false }

// FromMaster takes a message that arrived on the connection.
func (c *Core) FromMaster(now time.Time, m protocol.ToAgent) {
	switch m := m.(type) {
	case *protocol.Registered:
		c.register(now, m.AgentID)
	case *protocol.RunTasks:
		c.runTasks(now, m)
	case *protocol.KillTask:
		c.killTask(now, m)
	case *protocol.Acknowledge:
		c.acknowledge(now, m)
	case *protocol.FrameworkMessage:
		c.frameworkMessage(m)
	case *protocol.ShutdownExecutor:
		if f, ok := c.frameworks[m.FrameworkID]; ok && f.executors[m.ExecutorID] != nil {
			f.executors[m.ExecutorID].shutdown(c, now)
		}
	case *protocol.ShutdownFramework:
		c.shutdownFramework(now, m.FrameworkID)
	case *protocol.Refused:
		// The owner ends.
	}
}

// register has the master know the agent: what waits for it is sent.
func (c *Core) register(now time.Time, id proffer.AgentID) {
	if c.info.ID != id {
		c.info.ID = id
		c.recordAgent()
	}
	c.registered = true
	for _, f := range c.sortedFrameworks() {
		if f.ending {
			continue
		}
		for _, t := range f.sortedTasks() {
			if t.head != nil {
				t.pause = 0
				c.sendHead(now, t)
			}
		}
	}
}

// send sends a message to the master that is lost if there is none. What ends
// after the agent has told what it holds is told, even before the master has
// answered.
func (c *Core) send(m protocol.ToMaster) {
	if c.introduced {
		c.effects = append(c.effects, Effect{Message: m, Number: c.connection})
	}
}

// The maps are walked in a fixed order where the order can be seen.

func (c *Core) sortedFrameworks() []*framework {
	list := make([]*framework, 0, len(c.frameworks))
	for _, f := range c.frameworks {
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y *framework) int { return cmp.Compare(x.id, y.id) })
	return list
}

func (f *framework) sortedTasks() []*task {
	list := make([]*task, 0, len(f.tasks))
	for _, t := range f.tasks {
		list = append(list, t)
	}
	slices.SortFunc(list, func(x, y *task) int { return cmp.Compare(x.number, y.number) })
	return list
}

func (f *framework) sortedExecutors() []*agentExecutor {
	list := make([]*agentExecutor, 0, len(f.executors))
	for _, e := range f.executors {
		list = append(list, e)
	}
	slices.SortFunc(list, func(x, y *agentExecutor) int { return cmp.Compare(x.info.ID, y.info.ID) })
	return list
}
