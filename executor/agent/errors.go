package agent

import (
	"errors"

	"github.com/proffer-go/proffer/internal/store"
)

// The errors of Run that callers tell apart, with errors.Is.
var (
	// ErrAlreadyRun: Run was called a second time.
	ErrAlreadyRun = errors.New("agent: Run was called before: make a new agent")

	// ErrRefused: the master will not have the agent.
	ErrRefused = errors.New("agent: refused by the master")

	// ErrInUse: another agent uses the work directory.
	ErrInUse = store.ErrInUse

	// ErrCorrupt: the checkpoint in the work directory is torn or damaged.
	ErrCorrupt = store.ErrCorrupt

	// ErrNewer: the checkpoint was written by a newer version.
	ErrNewer = store.ErrNewer

	// ErrLeftBehind: containers did not end though they were killed.
	ErrLeftBehind = errors.New("agent: containers do not end")
)
