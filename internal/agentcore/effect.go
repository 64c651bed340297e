package agentcore

import (
	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/protocol"
)

// RunID names one run of an executor, or of a command's container. None is
// used twice.
type RunID uint64

// Effect is one thing for the owner to do, in order: to send Message to the
// master, to write Note to the log, or to do Action with Run.
type Effect struct {
	Message protocol.ToMaster
	Note    *Note
	Action  Action
	Run     RunID
	Start   *Start         // of the actions that start
	Event   executor.Event // of Tell
}

// Action is what to do with a run. What it comes to is told by Report.
type Action uint8

// The actions.
const (
	NoAction      Action = iota
	StartCommand         // launch the container of a task
	StartExecutor        // start an executor
	Tell                 // deliver an event to an executor
	Terminate            // send SIGTERM
	Kill                 // end it by force; a launch under way is called off
	StartProbes          // begin with the task's health check and check
	StopProbes           // end them
)

// Start says what to start.
type Start struct {
	FrameworkID proffer.FrameworkID
	AgentID     proffer.AgentID
	User        string
	Task        *proffer.TaskInfo     // of a command
	Executor    *proffer.ExecutorInfo // of an executor
}

// Note is something that no message tells, for people.
type Note struct {
	Text        string
	FrameworkID proffer.FrameworkID
	TaskID      proffer.TaskID
	ExecutorID  proffer.ExecutorID
}

func (c *Core) act(id RunID, a Action) {
	c.effects = append(c.effects, Effect{Action: a, Run: id})
}

func (c *Core) note(n Note) {
	c.effects = append(c.effects, Effect{Note: &n})
}
