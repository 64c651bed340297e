// Package master is the in-process master: it keeps agents, frameworks and
// tasks, and offers the resources of the ones to the others.
//
//	m, err := master.New(master.Config{})
//	go m.Run(ctx)
//	d, err := scheduler.New(mine, scheduler.Config{Name: "mine", Master: m})
//
// The decisions are those of the cores (internal/mastercore around the
// allocator of package offers). This package is the shell: queues in front,
// deliveries behind.
//
// # Goroutines
//
// One, that of [Master.Run]; it owns the state. Everything else puts messages
// into its queue and never waits for it, but Subscribe and Explain, which wait
// for its answer. The events of a framework, and the messages of an agent,
// wait in queues of their own, so that one that does not read holds up nobody.
package master
