package agent

import "errors"

// The errors of Run that callers tell apart, with errors.Is.
var (
	// ErrAlreadyRun: Run was called a second time.
	ErrAlreadyRun = errors.New("agent: Run was called before: make a new agent")

	// ErrRefused: the master will not have the agent.
	ErrRefused = errors.New("agent: refused by the master")

	// ErrLeftBehind: containers did not end though they were killed.
	ErrLeftBehind = errors.New("agent: containers do not end")
)
