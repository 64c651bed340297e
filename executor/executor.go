package executor

import (
	"context"
	"time"

	"github.com/proffer-go/proffer"
)

// Executor runs tasks on an agent.
//
// The methods are called one at a time and should return soon: what takes
// longer belongs in a goroutine that reports with [Driver.Update]. The context
// ends with the session.
type Executor interface {
	// Launch starts a task and reports what becomes of it. An error fails the
	// task with the error's text.
	Launch(ctx context.Context, d *Driver, task proffer.TaskInfo) error

	// Kill ends a task, within grace if it can. A terminal status follows,
	// by the executor. It may be called again with another grace, of which
	// the shortest counts, and for a task that has ended meanwhile. An error
	// is logged.
	Kill(ctx context.Context, d *Driver, id proffer.TaskID, grace time.Duration) error
}

// The optional methods of an executor, found once by [Serve]. Their errors are
// logged.
type (
	// Registrar learns that the agent has admitted the executor, and where it
	// is. It is called once, before everything else.
	Registrar interface {
		Registered(ctx context.Context, d *Driver, info Info) error
	}

	// MessageReceiver receives data from the scheduler. Messages are not
	// retried.
	MessageReceiver interface {
		Message(ctx context.Context, d *Driver, data []byte) error
	}

	// Shutdowner ends all tasks, within grace if it can. What it leaves is
	// ended with the executor. It is called once, after everything else.
	Shutdowner interface {
		Shutdown(ctx context.Context, d *Driver, grace time.Duration)
	}
)
