// Package policy has the policies of the allocator in package offers.
//
// Who is offered an agent next is an [offers.Policy]:
//
//   - [DRF]: weighted hierarchical dominant resource fairness as Mesos has it,
//     the master's default.
//   - [HDRF]: the same without starving a part of a role.
//   - [Priority]: the role of the greatest priority, DRF among equals.
//   - [FIFO]: the framework that came first.
//   - [Random]: by lot, in proportion to weights.
//   - [Sorted]: any order that a comparison of two clients expresses; the way to
//     a policy of one's own in a few lines.
//
// A policy keeps state about one allocator: make a new one for each.
package policy
