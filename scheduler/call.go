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

	// UpdateCall changes the terms of the subscription. Capabilities stay.
	UpdateCall struct {
		Terms offers.Subscription
	}

	// AcceptAllCall uses offers of several agents, all or nothing; what the
	// operations leave is declined with the filter.
	AcceptAllCall struct {
		Answers []Answer
		Filter  offers.Filter
	}

	// HoldCall keeps offers for a gang.
	HoldCall struct {
		OfferIDs []proffer.OfferID
	}

	// DemandCall states what the framework waits for in a role.
	DemandCall struct {
		Role    string
		Demands []offers.Demand
	}

	// ClearDemandCall has the framework offered whatever there is.
	ClearDemandCall struct {
		Role string
	}

	// AnswerInverseCall tells whether the framework will give back what an
	// inverse offer asks for.
	AnswerInverseCall struct {
		ID     proffer.InverseOfferID
		Accept bool
		Filter offers.Filter
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

// Answer accepts offers of one agent and role together; the operations are
// carried out in order.
type Answer struct {
	OfferIDs   []proffer.OfferID
	Operations []offers.Operation
}

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
func (*UpdateCall) call()           {}
func (*AcceptAllCall) call()        {}
func (*HoldCall) call()             {}
func (*DemandCall) call()           {}
func (*ClearDemandCall) call()      {}
func (*AnswerInverseCall) call()    {}
func (*KillCall) call()             {}
func (*AcknowledgeCall) call()      {}
func (*ReconcileCall) call()        {}
func (*MessageCall) call()          {}
func (*ShutdownExecutorCall) call() {}
func (*TeardownCall) call()         {}
