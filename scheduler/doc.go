// Package scheduler is what a framework is made of: the [Scheduler] that you
// implement and the [Driver] that keeps it subscribed to a master.
//
// A scheduler has two methods. ResourceOffers receives resources of agents and
// answers with the tasks to launch on them; StatusUpdate learns what became of
// the tasks. Everything else is optional, or a method of the driver.
//
//	d, err := scheduler.New(mine, scheduler.Config{Name: "hello", Master: m})
//	err = d.Run(ctx)
//
// # Callbacks
//
// Callbacks are serial: the driver calls one at a time, from the goroutine of
// Run, so that a scheduler needs no lock for what only its callbacks touch. A
// callback that blocks holds up its own framework and nobody else.
//
// Offers that wait are merged into one callback; an offer that is rescinded
// before it was delivered is never seen. Offers and statuses take turns, so
// that a backlog of one does not starve the other.
//
// # Errors and panics
//
// A callback's error is logged, and for a status it means that the update is
// delivered again; see the methods. [Terminal] ends Run. Panics are not
// recovered: what a scheduler knows after a panic is unknown, and its tasks
// live on for whoever takes over. The driver disconnects on the way out.
//
// # Goroutines
//
// The package starts none. Run uses the one that it was called on.
package scheduler
