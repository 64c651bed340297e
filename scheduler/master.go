package scheduler

import (
	"context"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// Master is what a driver subscribes to: the in-process master of package
// scheduler/master, or a scripted one in a test.
type Master interface {
	// Subscribe opens a session for the framework. Of the terms Roles and
	// Capabilities are those of the framework. [ErrMasterClosed],
	// [ErrFrameworkRemoved] and an invalid framework are final; after any
	// other error the driver tries again.
	Subscribe(ctx context.Context, framework proffer.FrameworkInfo, terms offers.Subscription) (Session, error)
}

// Session is one subscription of a framework. Send, Explain and Close may be
// called from any goroutine, Receive from one at a time.
type Session interface {
	// Send queues a call and never waits. It fails only when the session has
	// ended.
	Send(call Call) error

	// Receive returns the next events in order. With wait set it waits for at
	// least one; otherwise it may return none. Its error means that the
	// session has ended. The slice is the session's own: it is good until the
	// next Receive.
	Receive(ctx context.Context, wait bool) ([]Event, error)

	// Explain tells why the framework is not offered wanted, or anything if it
	// is empty.
	Explain(ctx context.Context, wanted resources.Resources) (offers.Explanation, error)

	// Close ends the session: the framework is disconnected.
	Close()
}
