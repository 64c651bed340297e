// Package policy has the policies of the allocator in package offers: who is
// offered an agent next.
//
//   - [DRF]: weighted hierarchical dominant resource fairness, the master's
//     default.
//   - [FIFO]: the framework that came first.
//   - [Sorted]: any order that a comparison of two clients expresses; the way to
//     a policy of one's own in a few lines.
//
// A policy keeps state about one allocator: make a new one for each.
package policy
