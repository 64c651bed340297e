package schedulertest

import "errors"

// The errors that callers tell apart, with errors.Is.
var (
	// ErrOutside: a driver subscribed that was not started by [Cluster.Go].
	ErrOutside = errors.New("schedulertest: subscription from outside: start the driver with Cluster.Go(ctx, driver.Run)")

	// ErrInCallback: the cluster was asked from within a callback to do what
	// only the test may ask for.
	ErrInCallback = errors.New("schedulertest: called from a callback of a framework: call it from the test")

	// ErrViolated: something has happened that must never happen, or has not
	// although it must. The text tells the story.
	ErrViolated = errors.New("schedulertest: violated")
)
