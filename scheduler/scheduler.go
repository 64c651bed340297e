package scheduler

import (
	"context"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
)

// Scheduler decides what to run on the resources that it is offered.
//
// The methods are called one at a time. They may call every method of the
// driver, none of which waits for a callback. The context ends with the
// subscription.
type Scheduler interface {
	// ResourceOffers answers offers with the driver's Accept, Decline or Hold.
	// What is neither accepted, declined nor held when it returns is declined
	// with Config.DefaultFilter. An error is logged; [Terminal] ends Run.
	ResourceOffers(ctx context.Context, d *Driver, offers []*offers.Offer) error

	// StatusUpdate learns where a task stands. Nil acknowledges the status. An
	// error has it delivered again later, by an interval that grows; meanwhile
	// later statuses of the task wait. [AckLater] leaves it to
	// [Driver.Acknowledge]. [Terminal] ends Run without acknowledging.
	StatusUpdate(ctx context.Context, d *Driver, status proffer.TaskStatus) error
}

// The optional methods of a scheduler, found once by New. Their errors are
// logged; [Terminal] ends Run.
type (
	// Subscriber learns that the framework is subscribed: at first and after
	// every reconnection.
	Subscriber interface {
		Subscribed(ctx context.Context, d *Driver, e *SubscribedEvent) error
	}

	// Reconciler remembers its tasks from one run of its program to the next.
	Reconciler interface {
		// Unfinished returns the tasks that may run, as far as the scheduler
		// knows; one that was never launched may be among them. It is called
		// at the beginning of every session, after Subscribed. Offers wait
		// until StatusUpdate has been told of each of them:
		// [proffer.TaskUnknown] for one that the master has never heard of. An
		// error ends Run.
		Unfinished(ctx context.Context) ([]TaskRef, error)
	}

	// OfferRescinder learns that an offer which it was given, and has not
	// answered, is no longer valid.
	OfferRescinder interface {
		OfferRescinded(ctx context.Context, d *Driver, id proffer.OfferID) error
	}

	// FailureObserver learns that an agent was removed, or that an executor
	// ended. The tasks concerned get statuses of their own.
	FailureObserver interface {
		Failure(ctx context.Context, d *Driver, e *FailureEvent) error
	}

	// InverseOfferHandler is asked to give resources back: for planned
	// maintenance, or by preemption, which takes them when their time has come.
	// It answers with the driver's AcceptInverse or DeclineInverse, and kills
	// or moves its tasks.
	InverseOfferHandler interface {
		InverseOffer(ctx context.Context, d *Driver, o *offers.InverseOffer) error
		InverseOfferRescinded(ctx context.Context, d *Driver, id proffer.InverseOfferID) error
	}

	// OperationObserver learns whether the operations on resources of its
	// answers were carried out.
	OperationObserver interface {
		Operations(ctx context.Context, d *Driver, e *OperationsEvent) error
	}

	// MessageReceiver receives data from executors. Messages are not
	// retried: one may be lost with its agent or connection.
	MessageReceiver interface {
		Message(ctx context.Context, d *Driver, e *MessageEvent) error
	}
)
