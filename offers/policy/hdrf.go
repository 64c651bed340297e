package policy

import "github.com/proffer-go/proffer/offers"

// HDRF returns hierarchical DRF that cannot starve a leaf. It differs from
// [DRF] in the share of a role: those below it that can be offered something
// are each scaled down to what the least of them has, and only then added up;
// those that are not active, because they want nothing or nothing can serve
// them, do not count. So a role is not held back by what one part of it has
// when another part has little.
//
// Source: Bhattacharya et al., Hierarchical Scheduling for Diverse Datacenter
// Workloads, SoCC'13, the dynamic algorithm; weights divide shares.
//
// A change of one client costs O(depth × (log siblings + resources)), amortised.
func HDRF() offers.Policy { return &hdrf{} }

type hdrf struct {
	root *rank
}

// rescaled is what hdrf knows of a node beside its rank. Scaling all children
// to the share m of the least is m times the sum of what each would have at
// share 1, which need not be summed up anew when m changes.
type rescaled struct {
	unit    []float64 // what the node has, scaled to the weighted share 1; of active ones
	sum     []float64 // of an inner node: over the units of its children
	changes int       // of sum, since it was last summed up from nothing
}

// Reset implements [offers.Policy].
func (h *hdrf) Reset(t *offers.Tree) {
	h.root = rankOf(t.Root(), nil)
	h.build(h.root)
}

func (h *hdrf) build(r *rank) {
	r.rescaled = &rescaled{}
	for _, child := range r.ranksBelow() {
		h.build(child)
		r.update(child)
	}
}

// Changed implements [offers.Policy].
func (h *hdrf) Changed(n *offers.Node) {
	r, ok := n.Data.(*rank)
	if !ok {
		return // newer than the last Reset: the next one is due
	}
	for ; r.parent != nil; r = r.parent {
		r.parent.update(r)
	}
}

// Order implements [offers.Policy].
func (h *hdrf) Order(enter, yield func(*offers.Node) bool) { h.root.walk(enter, yield) }

// update brings what r knows of its child up to date.
func (r *rank) update(child *rank) {
	r.add(child.unit, -1)
	share := child.have()
	if child.node.Active() {
		r.add(child.unit, +1)
	} else {
		child.unit = child.unit[:0]
	}
	r.set(standing{share: share, count: child.node.Allocations(), place: child.place, rank: child})
	// Adding and subtracting loses digits. Summing up anew after as many
	// changes as there are children keeps the cost of a change constant.
	if r.changes++; r.changes > len(r.children) {
		r.changes = 0
		r.sum = r.sum[:0]
		for i := range r.children {
			r.add(r.children[i].rank.unit, +1)
		}
	}
}

// have works out what the node has by the rules of H-DRF; it returns the
// weighted share and leaves the same scaled to the share 1 in unit.
func (r *rank) have() float64 {
	r.unit = r.unit[:0]
	if r.node.Kind() == offers.KindClient {
		r.unit = r.node.Shares(r.unit)
	} else if len(r.children) > 0 {
		least := r.children[0].share
		for _, x := range r.sum {
			r.unit = append(r.unit, x*least)
		}
	}
	share := 0.0
	for _, x := range r.unit {
		share = max(share, x)
	}
	share /= r.node.Weight()
	if share <= 0 {
		r.unit = r.unit[:0]
		return 0
	}
	for i := range r.unit {
		r.unit[i] /= share
	}
	return share
}

// add adds the unit of a child to the sum, or takes it off.
func (s *rescaled) add(unit []float64, sign float64) {
	for len(s.sum) < len(unit) {
		s.sum = append(s.sum, 0)
	}
	for i, x := range unit {
		s.sum[i] += sign * x
	}
}
