package scheduler

import (
	"errors"

	"github.com/proffer-go/proffer/offers"
)

// The errors that callers tell apart, with errors.Is.
var (
	// AckLater, returned by StatusUpdate, leaves the acknowledgement to
	// [Driver.Acknowledge]. The status is not delivered again meanwhile unless
	// the agent's retry interval passes.
	AckLater = errors.New("scheduler: acknowledge later") //nolint:revive,staticcheck // an instruction, read as one: return scheduler.AckLater

	// ErrUnknownOffer: the offer was never received, or it has been answered
	// or rescinded.
	ErrUnknownOffer = offers.ErrUnknownOffer

	// ErrInsufficient: the tasks need more than the offers hold.
	ErrInsufficient = offers.ErrInsufficient

	// ErrDuplicateTask: the task id has been used by this framework.
	ErrDuplicateTask = errors.New("scheduler: task id is in use")

	// ErrNotSubscribed: there is no session now; Run is not running or is
	// reconnecting.
	ErrNotSubscribed = errors.New("scheduler: not subscribed")

	// ErrAlreadyRun: Run was called a second time.
	ErrAlreadyRun = errors.New("scheduler: Run was called before: make a new driver")

	// ErrMasterClosed: the master has ended.
	ErrMasterClosed = errors.New("scheduler: master is closed")

	// ErrFrameworkRemoved: the framework was torn down or its failover
	// time-out has passed; its id is good for nothing more.
	ErrFrameworkRemoved = errors.New("scheduler: framework has been removed")

	// ErrFailedOver: another driver has subscribed with the same framework id.
	ErrFailedOver = errors.New("scheduler: framework failed over to another driver")

	// ErrFrameworkIDMissing: a framework of this name has left tasks, and the
	// one that subscribes does not say that it is the same.
	ErrFrameworkIDMissing = errors.New("scheduler: framework id is missing")

	// ErrInvalidFramework: the framework's description breaks a rule.
	ErrInvalidFramework = errors.New("scheduler: invalid framework")
)

// Terminal wraps an error of a callback such that Run returns it. A nil error
// stays nil.
func Terminal(err error) error {
	if err == nil {
		return nil
	}
	return &terminalError{err}
}

type terminalError struct{ err error }

func (e *terminalError) Error() string { return e.err.Error() }
func (e *terminalError) Unwrap() error { return e.err }
