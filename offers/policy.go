package offers

// Policy decides who is offered an agent next. Ready ones are in the package
// offers/policy; the master's default there is weighted hierarchical DRF.
//
// A policy belongs to one allocator, which calls it from one goroutine. It has
// no clock and no randomness but a seed of its own, so that decisions can be
// repeated.
type Policy interface {
	// Reset gives the policy the tree that it orders. It is called before
	// everything else and again whenever more has changed than allocations:
	// a client came or went, a weight or the cluster's total changed.
	Reset(t *Tree)

	// Changed tells that the allocation of a node (and with it that of all its
	// ancestors), or whether it is active, has changed.
	Changed(n *Node)

	// Order yields the active clients, the one to be offered next first, until
	// yield returns false. The first that can use what is there receives it.
	// Neither Reset nor Changed is called while Order runs.
	//
	// Enter, where it is not nil, tells for a role whether the clients below
	// it matter to the caller, who refuses them in any case: a policy that does
	// not walk the tree may ignore it.
	Order(enter func(role *Node) bool, yield func(client *Node) bool)
}
