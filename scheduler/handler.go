package scheduler

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// Handler handles one event. It is the layer below [Scheduler], for what
// concerns every event alike: metrics, tracing, recording.
//
// Wrap handlers (Config.Middleware), never a Scheduler: the optional methods
// of a wrapped Scheduler would vanish.
type Handler interface {
	// HandleEvent handles e. For an [UpdateEvent] nil acknowledges; see
	// [Scheduler] for the other results.
	HandleEvent(ctx context.Context, d *Driver, e Event) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, d *Driver, e Event) error

// HandleEvent calls f.
func (f HandlerFunc) HandleEvent(ctx context.Context, d *Driver, e Event) error { return f(ctx, d, e) }

// dispatcher calls the methods that a scheduler has.
type dispatcher struct {
	scheduler  Scheduler
	subscriber Subscriber
	rescinder  OfferRescinder
	observer   FailureObserver
	receiver   MessageReceiver
	inverse    InverseOfferHandler
	operations OperationObserver
}

func newDispatcher(s Scheduler) *dispatcher {
	h := &dispatcher{scheduler: s}
	h.subscriber, _ = s.(Subscriber)
	h.rescinder, _ = s.(OfferRescinder)
	h.observer, _ = s.(FailureObserver)
	h.receiver, _ = s.(MessageReceiver)
	h.inverse, _ = s.(InverseOfferHandler)
	h.operations, _ = s.(OperationObserver)
	return h
}

// HandleEvent implements [Handler].
func (h *dispatcher) HandleEvent(ctx context.Context, d *Driver, e Event) error {
	switch e := e.(type) {
	case *OffersEvent:
		return h.scheduler.ResourceOffers(ctx, d, e.Offers)
	case *UpdateEvent:
		return h.scheduler.StatusUpdate(ctx, d, e.Status)
	case *SubscribedEvent:
		if h.subscriber != nil {
			return h.subscriber.Subscribed(ctx, d, e)
		}
	case *RescindEvent:
		if h.rescinder != nil {
			return h.rescinder.OfferRescinded(ctx, d, e.OfferID)
		}
	case *FailureEvent:
		if h.observer != nil {
			return h.observer.Failure(ctx, d, e)
		}
	case *MessageEvent:
		if h.receiver != nil {
			return h.receiver.Message(ctx, d, e)
		}
	case *InverseOfferEvent:
		if h.inverse != nil {
			return h.inverse.InverseOffer(ctx, d, e.Offer)
		}
	case *RescindInverseEvent:
		if h.inverse != nil {
			return h.inverse.InverseOfferRescinded(ctx, d, e.ID)
		}
	case *OperationsEvent:
		if h.operations != nil {
			return h.operations.Operations(ctx, d, e)
		}
	case *ErrorEvent:
		// Run returns it.
	}
	return nil
}

// PanicError is what [RecoverPanics] makes of a panic.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns the panic's value.
func (e *PanicError) Error() string { return fmt.Sprintf("scheduler: callback panicked: %v", e.Value) }

// RecoverPanics is a middleware that turns a panic of a callback into a
// terminal error, a *[PanicError], so that Run returns it: for programs that
// run several frameworks and would rather lose one than all.
func RecoverPanics(next Handler) Handler {
	return HandlerFunc(func(ctx context.Context, d *Driver, e Event) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = Terminal(&PanicError{Value: v, Stack: debug.Stack()})
			}
		}()
		return next.HandleEvent(ctx, d, e)
	})
}

func isTerminal(err error) bool {
	var t *terminalError
	return errors.As(err, &t)
}
