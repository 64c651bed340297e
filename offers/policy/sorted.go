package policy

import (
	"cmp"
	"slices"

	"github.com/proffer-go/proffer/offers"
)

// Sorted returns the policy that offers to the least client first in the order
// of compare, which may look at everything that a node tells: shares, weights,
// arrival. Equal clients are ordered by arrival. Every decision sorts all
// active clients, which is for tens of frameworks rather than for thousands.
func Sorted(compare func(a, b *offers.Node) int) offers.Policy {
	return &sorted{compare: compare}
}

type sorted struct {
	tree    *offers.Tree
	compare func(a, b *offers.Node) int
	order   []*offers.Node
	dirty   bool
}

// Reset implements [offers.Policy].
func (s *sorted) Reset(t *offers.Tree) { s.tree, s.dirty = t, true }

// Changed implements [offers.Policy].
func (s *sorted) Changed(*offers.Node) { s.dirty = true }

// Order implements [offers.Policy].
func (s *sorted) Order(_, yield func(*offers.Node) bool) {
	if s.dirty {
		s.order = slices.AppendSeq(s.order[:0], s.tree.Clients())
		slices.SortFunc(s.order, func(a, b *offers.Node) int {
			return cmp.Or(s.compare(a, b), cmp.Compare(a.Arrival(), b.Arrival()))
		})
		s.dirty = false
	}
	for _, n := range s.order {
		if !yield(n) {
			return
		}
	}
}
