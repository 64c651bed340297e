package executor

import (
	"time"

	"github.com/proffer-go/proffer"
)

// Event is what an agent tells an executor: one of the types below. Events are
// shared once sent and must not be changed.
type Event interface{ event() }

// The events.
type (
	// RegisteredEvent is the first: the agent has admitted the executor.
	RegisteredEvent struct {
		Info *Info
	}

	// LaunchEvent has the executor start a task.
	LaunchEvent struct {
		Task *proffer.TaskInfo
	}

	// KillEvent has it end one.
	KillEvent struct {
		TaskID proffer.TaskID
		Grace  time.Duration
	}

	// MessageEvent carries data from the scheduler.
	MessageEvent struct {
		Data []byte
	}

	// ShutdownEvent is the last: the executor ends its tasks and itself.
	ShutdownEvent struct {
		Grace time.Duration
	}
)

func (RegisteredEvent) event() {}
func (LaunchEvent) event()     {}
func (*KillEvent) event()      {}
func (*MessageEvent) event()   {}
func (ShutdownEvent) event()   {}

// Call is what an executor tells its agent: one of the types below. Calls are
// shared once sent and must not be changed.
type Call interface{ call() }

// The calls.
type (
	// UpdateCall tells where a task stands.
	UpdateCall struct {
		Status *proffer.TaskStatus
	}

	// MessageCall carries data to the scheduler.
	MessageCall struct {
		Data []byte
	}
)

func (UpdateCall) call()   {}
func (*MessageCall) call() {}

// Info is what an executor learns of its place.
type Info struct {
	Agent       proffer.AgentInfo
	FrameworkID proffer.FrameworkID
	Executor    *proffer.ExecutorInfo
}

// Session is an executor's connection to its agent. Package executor has the
// one of a process of its own, the agent that of an executor built into it,
// and a test of an executor may script one.
type Session interface {
	// Send queues a call and never waits. An error means that the session has
	// ended.
	Send(call Call) error

	// Receive returns the next events, waiting for at least one; it returns
	// none when done is closed, and an error when the session has ended. The
	// slice is good until the next call.
	Receive(done <-chan struct{}) ([]Event, error)
}
