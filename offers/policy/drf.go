package policy

import "github.com/proffer-go/proffer/offers"

// DRF returns weighted hierarchical dominant resource fairness: at every level
// of the role tree the sibling with the smallest dominant share, divided by its
// weight, goes first; then the one with fewer allocations so far; then the
// lesser path. Shares are summed over the subtree as Mesos does, by which a
// leaf can starve; see [HDRF].
//
// Source: Ghodsi et al., Dominant Resource Fairness, NSDI'11; Mesos
// src/master/allocator/mesos/sorter/drf.
//
// A change of one client costs O(depth × log siblings); the first client of an
// order costs O(depth), the k-th O(log k).
func DRF() offers.Policy { return &drf{} }

// Priority returns strict priority: at every level of the role tree the sibling
// with the greatest priority goes first, whatever it has; among equals it is
// [DRF]. The frameworks of a role together have the priority 0 beside its
// sub-roles. It starves the lesser ones by design. Costs are those of DRF.
func Priority() offers.Policy { return &drf{strict: true} }

// drf keeps the active children of every inner node in a heap.
type drf struct {
	root   *rank
	strict bool // priorities count
}

// Reset implements [offers.Policy].
func (d *drf) Reset(t *offers.Tree) {
	d.root = rankOf(t.Root(), nil)
	d.build(d.root)
}

func (d *drf) build(r *rank) {
	for _, child := range r.ranksBelow() {
		d.build(child)
		r.set(d.standing(child))
	}
}

func (d *drf) standing(r *rank) standing {
	s := standing{share: r.node.DominantShare(), count: r.node.Allocations(), place: r.place, rank: r}
	if d.strict {
		s.priority = r.node.Priority()
	}
	return s
}

// Changed implements [offers.Policy].
func (d *drf) Changed(n *offers.Node) {
	r, ok := n.Data.(*rank)
	if !ok {
		return // newer than the last Reset: the next one is due
	}
	for ; r.parent != nil; r = r.parent {
		siblings := r.parent.children
		if len(siblings) == 1 {
			// Who stands alone is compared with nobody until another comes.
			if r.index == 0 && r.node.Active() {
				continue
			}
			siblings[0] = d.standing(siblings[0].rank)
		}
		r.parent.set(d.standing(r))
	}
}

// Order implements [offers.Policy].
func (d *drf) Order(enter, yield func(*offers.Node) bool) { d.root.walk(enter, yield) }
