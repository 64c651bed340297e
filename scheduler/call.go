package scheduler

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
)

// Call is what a framework asks of a master: one of the pointer types below.
// Calls are shared once sent and must not be changed.
type Call interface{ call() }

// The calls.
type (
	// AcceptCall uses offers of one agent and role; what the operations leave
	// is declined with the filter.
	AcceptCall struct {
		OfferIDs   []proffer.OfferID
		Operations []offers.Operation
		Filter     offers.Filter
	}

	// DeclineCall gives offers back.
	DeclineCall struct {
		OfferIDs []proffer.OfferID
		Filter   offers.Filter
	}

	// SuppressCall stops offers in the roles, in all if none is named.
	SuppressCall struct {
		Roles []string
	}

	// ReviveCall starts offers again and clears filters in the roles, in all
	// if none is named.
	ReviveCall struct {
		Roles []string
	}

	// UpdateRolesCall changes the roles of the framework.
	UpdateRolesCall struct {
		Roles []string
	}

	// KillCall ends a task. Grace nil means that of the task.
	KillCall struct {
		TaskID proffer.TaskID
		Grace  *time.Duration
	}

	// AcknowledgeCall tells that a status has been dealt with.
	AcknowledgeCall struct {
		AgentID  proffer.AgentID
		TaskID   proffer.TaskID
		UpdateID uint64
	}

	// ReconcileCall asks for the latest status of the tasks, of all known
	// ones if none is named.
	ReconcileCall struct {
		Tasks []TaskRef
	}

	// MessageCall sends data to an executor.
	MessageCall struct {
		AgentID    proffer.AgentID
		ExecutorID proffer.ExecutorID
		Data       []byte
	}

	// ShutdownExecutorCall ends an executor with its tasks.
	ShutdownExecutorCall struct {
		AgentID    proffer.AgentID
		ExecutorID proffer.ExecutorID
	}

	// TeardownCall ends the framework: its tasks are killed and it is
	// forgotten.
	TeardownCall struct{}
)

// TaskRef names a task to reconcile, and the agent where it was last seen if
// that is known.
type TaskRef struct {
	TaskID  proffer.TaskID
	AgentID proffer.AgentID
}

func (*AcceptCall) call()           {}
func (*DeclineCall) call()          {}
func (*SuppressCall) call()         {}
func (*ReviveCall) call()           {}
func (*UpdateRolesCall) call()      {}
func (*KillCall) call()             {}
func (*AcknowledgeCall) call()      {}
func (*ReconcileCall) call()        {}
func (*MessageCall) call()          {}
func (*ShutdownExecutorCall) call() {}
func (*TeardownCall) call()         {}
