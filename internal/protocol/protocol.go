// Package protocol has the messages between the master and its agents. There
// is nothing else between them: no shared state, no call that waits.
//
// Messages are values that are shared once sent: neither side changes what it
// sent or received. Delivery within one connection is in order; when the
// connection breaks, what was not delivered is lost, and the two sides compare
// what they know when the agent registers again.
package protocol

import (
	"time"

	"github.com/proffer-go/proffer"
)

// ToMaster is a message from an agent to the master.
type ToMaster interface{ toMaster() }

// ToAgent is a message from the master to an agent.
type ToAgent interface{ toAgent() }

// Messages to the master.
type (
	// Register is the first message on a connection. An agent that was
	// registered before names its id and what it still runs.
	//
	// Instance is a name that the agent has given itself before. It is known by
	// that, too, in case it has never heard of its id. Empty: it has none.
	Register struct {
		Info      proffer.AgentInfo
		Instance  string
		Tasks     []RunningTask
		Executors []RunningExecutor
	}

	// StatusUpdate forwards a status of a task. It comes again until it is
	// acknowledged. Latest is the newest state that the agent knows: it may be
	// terminal while an older status still waits for its acknowledgement, so
	// that resources are free without waiting for a slow scheduler.
	StatusUpdate struct {
		FrameworkID proffer.FrameworkID
		Status      *proffer.TaskStatus
		Latest      proffer.TaskState
	}

	// TaskEnded tells that a task has ended whose earlier status still waits
	// for its acknowledgement: the terminal one comes after that, but the
	// resources are free.
	TaskEnded struct {
		FrameworkID proffer.FrameworkID
		TaskID      proffer.TaskID
		State       proffer.TaskState
	}

	// ExecutorMessage carries data from an executor to its scheduler.
	ExecutorMessage struct {
		FrameworkID proffer.FrameworkID
		ExecutorID  proffer.ExecutorID
		Data        []byte
	}

	// FrameworkEnded tells that nothing of the framework runs on the agent any
	// more. It answers ShutdownFramework, also when there was nothing; only
	// then are the framework's resources free.
	FrameworkEnded struct {
		FrameworkID proffer.FrameworkID
	}

	// Leave tells that the agent ends for good, with everything that ran on it.
	// An agent that only stops for a while just closes its link.
	Leave struct{}

	// ExecutorExited tells that an executor ended; it comes after the terminal
	// statuses of its tasks, or after TaskEnded of those whose status waits.
	ExecutorExited struct {
		FrameworkID proffer.FrameworkID
		ExecutorID  proffer.ExecutorID
		Exit        *proffer.ExitStatus // nil if nobody saw it, or it had no process
		Message     string
	}
)

// RunningTask is a task that an agent holds when it registers.
type RunningTask struct {
	FrameworkID proffer.FrameworkID
	Role        string
	Task        *proffer.TaskInfo
	State       proffer.TaskState
	Status      *proffer.TaskStatus // the newest; nil before the first
}

// RunningExecutor is an executor that an agent holds when it registers.
type RunningExecutor struct {
	FrameworkID proffer.FrameworkID
	Role        string
	Executor    *proffer.ExecutorInfo
}

// Messages to an agent.
type (
	// Registered accepts the agent under its id.
	Registered struct {
		AgentID proffer.AgentID
	}

	// Refused ends the connection: the agent must not come back as it is. With
	// Shutdown it ends everything that it runs; otherwise that is left alone,
	// for an agent that is set up better.
	Refused struct {
		Message  string
		Shutdown bool
	}

	// RunTasks launches tasks, each on its own, or all of them as a group.
	RunTasks struct {
		FrameworkID proffer.FrameworkID
		User        string // of the framework; for commands that name none
		Role        string // whose resources the tasks use
		Tasks       []*proffer.TaskInfo
		Group       bool
	}

	// KillTask ends a task. Grace nil means that of the task.
	KillTask struct {
		FrameworkID proffer.FrameworkID
		TaskID      proffer.TaskID
		Grace       *time.Duration
	}

	// Acknowledge tells that the scheduler has dealt with a status.
	Acknowledge struct {
		FrameworkID proffer.FrameworkID
		TaskID      proffer.TaskID
		UpdateID    uint64
	}

	// FrameworkMessage carries data from a scheduler to one of its executors.
	FrameworkMessage struct {
		FrameworkID proffer.FrameworkID
		ExecutorID  proffer.ExecutorID
		Data        []byte
	}

	// ShutdownExecutor ends an executor with its tasks.
	ShutdownExecutor struct {
		FrameworkID proffer.FrameworkID
		ExecutorID  proffer.ExecutorID
	}

	// ShutdownFramework ends all tasks and executors of a framework and
	// forgets it; their statuses are no longer sent.
	ShutdownFramework struct {
		FrameworkID proffer.FrameworkID
	}
)

func (*Register) toMaster()        {}
func (*StatusUpdate) toMaster()    {}
func (*TaskEnded) toMaster()       {}
func (*ExecutorMessage) toMaster() {}
func (*FrameworkEnded) toMaster()  {}
func (*ExecutorExited) toMaster()  {}
func (*Leave) toMaster()           {}

func (*Registered) toAgent()        {}
func (*Refused) toAgent()           {}
func (*RunTasks) toAgent()          {}
func (*KillTask) toAgent()          {}
func (*Acknowledge) toAgent()       {}
func (*FrameworkMessage) toAgent()  {}
func (*ShutdownExecutor) toAgent()  {}
func (*ShutdownFramework) toAgent() {}

// Link is the agent's end of a connection to the master.
type Link interface {
	// Send queues a message and never waits. On a broken connection it does
	// nothing: Receive tells.
	Send(m ToMaster)

	// Receive returns the next messages, waiting for at least one, and an
	// error when the connection has ended or ctx has.
	Receive(done <-chan struct{}) ([]ToAgent, error)

	// Close ends the connection. The agent may come back on another.
	Close()
}

// Master is what agents connect to.
type Master interface {
	// ConnectAgent opens a connection. Its error is final: the master is
	// closed.
	ConnectAgent() (Link, error)
}
