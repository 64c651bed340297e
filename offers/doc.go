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
// # Who is offered what
//
// The [Policy] decides which framework is next, the [AgentOrder] which agent; a
// run works on what has changed since the last one and stops where nothing can
// be offered, so its cost does not depend on how many agents and frameworks
// there are. Within that:
//
//   - A framework that states its [Demand] is offered only what serves it, task
//     by task in the policy's order, and nothing when it wants nothing. Others
//     are offered whole agents, as in Mesos.
//   - A [Quota] guarantees resources to a role, by keeping them from others, and
//     limits what it may have, at every level of the role tree.
//   - Reserved resources are for their role and those below. [Operation]s of an
//     accepted offer reserve, and make volumes, all or nothing.
//   - [Constraints] and [proffer.Capabilities] keep agents, GPUs, other regions,
//     revocable resources and shared volumes from those who cannot use them.
//   - The tasks of a gang are offered places all at once; offers that are held
//     for one ([Allocator.Hold]) do not count against it.
//   - An [InverseOffer] asks for resources back, for planned maintenance
//     ([Allocator.SetUnavailability]) or by [Preemption].
//   - [Allocator.Explain] tells every reason for which something is not offered.
//
// The rules are those of Mesos's hierarchical allocator
// (src/master/allocator/mesos/hierarchical.cpp), with these differences: freed
// resources are offered at once; limits bind at every level; offers time out;
// the order of agents is seeded; an invalid answer is an error.
package offers
