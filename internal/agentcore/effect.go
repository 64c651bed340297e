package agentcore

import (
	"strconv"
	"strings"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/protocol"
)

// RunID names one run of an executor, or of a command's container. None is
// used twice by a core.
type RunID uint64

// Effect is one thing for the owner to do, in order: to send Message to the
// master, to write Note to the log, or to do Action with Run.
type Effect struct {
	Message protocol.ToMaster
	Note    *Note
	Action  Action
	Run     RunID
	Start   *Start         // of the actions that start, of Adopt and of Remove
	Event   executor.Event // of Tell

	// Number is, of a Message, that of the connection on which it goes, counted
	// by Connected from 1: on a later one it must not be sent. Of Confirm, it
	// is that of the report.
	Number uint64
}

// Action is what to do with a run. What it comes to is told by Report.
type Action uint8

// The actions.
const (
	NoAction      Action = iota
	StartCommand         // launch the container of a task
	StartExecutor        // start an executor
	Adopt                // take over a container that an earlier run of the program launched
	Tell                 // deliver an event to an executor
	Confirm              // tell an executor that everything up to Number is in good hands
	Terminate            // send SIGTERM
	Kill                 // end it by force; a launch under way is called off
	StartProbes          // begin with the task's health check and check
	StopProbes           // end them
	Remove               // remove the container of a run that has exited; Run is not set
)

// Start says what to start, to adopt or to remove.
type Start struct {
	FrameworkID proffer.FrameworkID
	AgentID     proffer.AgentID
	User        string
	Task        *proffer.TaskInfo     // of a command
	Executor    *proffer.ExecutorInfo // of an executor
	Container   proffer.ContainerID   // empty for an executor that is built in
	Sandbox     string                // of Adopt; empty otherwise
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

// beginRun starts or adopts what a run is.
func (c *Core) beginRun(r run, a Action, s *Start) RunID {
	s.AgentID = c.info.ID
	c.lastRun++
	c.runs[c.lastRun] = r
	c.effects = append(c.effects, Effect{Action: a, Run: c.lastRun, Start: s})
	return c.lastRun
}

// remove has a container removed. It comes after the end of what ran in it was
// told, so that the container is there for as long as that is not durable.
func (c *Core) remove(id proffer.ContainerID) {
	if id != "" {
		c.effects = append(c.effects, Effect{Action: Remove, Start: &Start{Container: id}})
	}
}

// newContainer names the container of the next run. The name is used once: it
// has the agent's instance, which start of the agent it is, and the number of
// the run.
func (c *Core) newContainer(of string) proffer.ContainerID {
	return proffer.ContainerID(clean(of) + "-" + c.cfg.Instance + "-" +
		strconv.FormatUint(c.starts, 10) + "." + strconv.FormatUint(uint64(c.lastRun)+1, 10))
}

// clean makes text fit for the names of files and control groups, wherever
// they are.
func clean(text string) string {
	const enough = 60
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, text[:min(len(text), enough)])
}
