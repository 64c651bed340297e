package executor

import "errors"

// The errors that callers tell apart, with errors.Is.
var (
	// ErrShutdown: the executor's session has ended.
	ErrShutdown = errors.New("executor: shut down")

	// ErrKilled is the cause of the end of a task's context when it is killed;
	// see [Func].
	ErrKilled = errors.New("executor: task killed")

	// ErrNoAgent: the environment names no agent; the program was not started
	// by one.
	ErrNoAgent = errors.New("executor: no agent")

	// ErrRefused: the agent does not admit the executor, or has ended the
	// connection because of what the executor sent.
	ErrRefused = errors.New("executor: refused by the agent")
)
