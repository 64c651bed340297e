package scheduler

import (
	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
)

// Event is what a master tells a framework: one of the pointer types below.
// Events are shared and must not be changed.
type Event interface{ event() }

// The events.
type (
	// SubscribedEvent is the first of a session.
	SubscribedEvent struct {
		FrameworkID proffer.FrameworkID
	}

	// OffersEvent brings offers.
	OffersEvent struct {
		Offers []*offers.Offer
	}

	// RescindEvent takes an offer back.
	RescindEvent struct {
		OfferID proffer.OfferID
	}

	// InverseOfferEvent asks the framework to give resources back.
	InverseOfferEvent struct {
		Offer *offers.InverseOffer
	}

	// RescindInverseEvent takes an inverse offer back.
	RescindInverseEvent struct {
		ID proffer.InverseOfferID
	}

	// OperationsEvent tells whether the operations on resources (reserving,
	// volumes) of an answer were carried out: all of them, or with Err none,
	// and then nothing was launched either.
	OperationsEvent struct {
		AgentID    proffer.AgentID
		OfferIDs   []proffer.OfferID
		Operations []offers.Operation // without launches
		Err        error
	}

	// UpdateEvent brings a status of a task.
	UpdateEvent struct {
		Status proffer.TaskStatus
	}

	// MessageEvent brings data from an executor.
	MessageEvent struct {
		AgentID    proffer.AgentID
		ExecutorID proffer.ExecutorID
		Data       []byte
	}

	// FailureEvent tells that an agent was removed (ExecutorID is empty) or
	// that an executor ended.
	FailureEvent struct {
		AgentID    proffer.AgentID
		ExecutorID proffer.ExecutorID
		Exit       *proffer.ExitStatus // of an executor; nil if nobody saw it
		Message    string              // for people
	}

	// ErrorEvent is the last of a session: the master has no more to do with
	// the framework. The driver's Run returns Err.
	ErrorEvent struct {
		Err error
	}
)

func (*SubscribedEvent) event()     {}
func (*OffersEvent) event()         {}
func (*RescindEvent) event()        {}
func (*InverseOfferEvent) event()   {}
func (*RescindInverseEvent) event() {}
func (*OperationsEvent) event()     {}
func (*UpdateEvent) event()         {}
func (*MessageEvent) event()        {}
func (*FailureEvent) event()        {}
func (*ErrorEvent) event()          {}
