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
// Which agent goes first is an [offers.AgentOrder]; without one it is by lot:
//
//   - [Spread], [Binpack]: even load, or agents that stay empty.
//   - [BestFit], [DotProduct], [GPUPacking], [GPUClustering], [FGD]: those that
//     were compared for GPU clusters (Weng et al., Beware of Fragmentation,
//     USENIX ATC'23), whose published figures they give. [Fragmentation]
//     measures what FGD keeps low.
//
// Policies and orders keep state about one allocator: make new ones for each.
package policy
