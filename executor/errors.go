package executor

import "errors"

// The errors that callers tell apart, with errors.Is.
var (
	// ErrShutdown: the session has ended in order, after a shutdown.
	ErrShutdown = errors.New("executor: shut down")

	// ErrKilled is the cause of the end of a task's context when it is killed;
	// see [Func].
	ErrKilled = errors.New("executor: task killed")
)
