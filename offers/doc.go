// Package offers decides who is offered what: offers, filters, roles and the
// [Allocator] with its pluggable [Policy].
//
// # The allocator
//
// The [Allocator] is a core: a state machine without goroutines, locks, clock
// or I/O. Whoever owns it (the master, a simulator, a test) tells it what
// happened, with the time where it matters, and calls [Allocator.Advance] when
// [Allocator.Deadline] has come; Advance returns the offers to send and those
// that are taken back. The same calls in the same order with the same seed
// give the same offers.
//
// An allocator belongs to one goroutine at a time.
//
// # What it keeps
//
//   - Every resource of an agent is available, offered or used; the sum is its
//     total. Operations that would break this are refused with an error.
//   - An offer holds resources of one agent for one framework in one role and
//     is answered once: accepted, declined or, before that, rescinded.
//   - Freed resources are offered again at once; a few milliseconds of freeing
//     are gathered into one run.
//   - A framework that declined is not offered the same or less of that agent
//     again until its filter ends.
//
// The rules are those of Mesos's hierarchical allocator
// (src/master/allocator/mesos/hierarchical.cpp), with the differences that the
// methods name.
package offers
