package policy

import (
	"container/heap"

	"github.com/proffer-go/proffer/offers"
)

// DRF returns weighted hierarchical dominant resource fairness: at every level
// of the role tree the sibling with the smallest dominant share, divided by its
// weight, goes first; then the one with fewer allocations so far; then the
// lesser path. Shares are summed over the subtree as Mesos does.
//
// Source: Ghodsi et al., Dominant Resource Fairness, NSDI'11; Mesos
// src/master/allocator/mesos/sorter/drf.
//
// A change of one client costs O(depth × log siblings); the first client of an
// order costs O(depth), the k-th O(k log k).
func DRF() offers.Policy { return &drf{} }

// drf keeps the active children of every inner node in a heap by share.
type drf struct {
	tree *offers.Tree
}

// rank is what drf knows of a node; the node's Data holds it.
type rank struct {
	node     *offers.Node
	share    float64
	count    uint64
	index    int      // in the parent's children; -1 if it is not there
	children siblings // the active ones
}

// Reset implements [offers.Policy].
func (d *drf) Reset(t *offers.Tree) {
	d.tree = t
	rebuild(t.Root())
}

func rebuild(n *offers.Node) *rank {
	r := &rank{node: n, share: n.DominantShare(), count: n.Allocations(), index: -1}
	n.Data = r
	for _, child := range n.Children() {
		c := rebuild(child)
		if child.Active() {
			c.index = len(r.children)
			r.children = append(r.children, c)
		}
	}
	heap.Init(&r.children)
	return r
}

// Changed implements [offers.Policy].
func (d *drf) Changed(client *offers.Node) {
	for n := client; n != nil && n.Parent() != nil; n = n.Parent() {
		r, ok := n.Data.(*rank)
		if !ok {
			return // newer than the last Reset: the next one is due
		}
		parent, ok := n.Parent().Data.(*rank)
		if !ok {
			return
		}
		r.share, r.count = n.DominantShare(), n.Allocations()
		switch active := n.Active(); {
		case active && r.index < 0:
			heap.Push(&parent.children, r)
		case active:
			heap.Fix(&parent.children, r.index)
		case r.index >= 0:
			heap.Remove(&parent.children, r.index)
		}
	}
}

// Order implements [offers.Policy].
func (d *drf) Order(enter, yield func(*offers.Node) bool) {
	d.tree.Root().Data.(*rank).walk(enter, yield)
}

// walk yields the clients below r, in order, and reports whether to go on.
func (r *rank) walk(enter, yield func(*offers.Node) bool) bool {
	switch r.node.Kind() {
	case offers.KindClient:
		return yield(r.node)
	case offers.KindRole:
		if enter != nil && !enter(r.node) {
			return true
		}
	case offers.KindGroup:
	}
	if len(r.children) == 0 {
		return true
	}
	if !r.children[0].walk(enter, yield) {
		return false
	}
	// The rest of a heap in order, without changing it: the next one is the
	// least of those whose parents were visited.
	next := frontier{heap: r.children}
	next.visit(0)
	for len(next.open) > 0 {
		i := heap.Pop(&next).(int)
		if !r.children[i].walk(enter, yield) {
			return false
		}
		next.visit(i)
	}
	return true
}

// siblings is a heap of ranks.
type siblings []*rank

func (s siblings) Len() int           { return len(s) }
func (s siblings) Less(i, j int) bool { return s[i].before(s[j]) }
func (s siblings) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (r *rank) before(o *rank) bool {
	if r.share != o.share {
		return r.share < o.share
	}
	if r.count != o.count {
		return r.count < o.count
	}
	return r.node.Path() < o.node.Path()
}

// Push and Pop are for container/heap.
func (s *siblings) Push(x any) {
	r := x.(*rank)
	r.index = len(*s)
	*s = append(*s, r)
}

func (s *siblings) Pop() any {
	old := *s
	r := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	r.index = -1
	return r
}

// frontier is a heap of positions in another heap.
type frontier struct {
	heap siblings
	open []int
}

func (f *frontier) visit(i int) {
	for child := 2*i + 1; child <= 2*i+2 && child < len(f.heap); child++ {
		heap.Push(f, child)
	}
}

func (f *frontier) Len() int           { return len(f.open) }
func (f *frontier) Less(i, j int) bool { return f.heap.Less(f.open[i], f.open[j]) }
func (f *frontier) Swap(i, j int)      { f.open[i], f.open[j] = f.open[j], f.open[i] }
func (f *frontier) Push(x any)         { f.open = append(f.open, x.(int)) }
func (f *frontier) Pop() any {
	last := f.open[len(f.open)-1]
	f.open = f.open[:len(f.open)-1]
	return last
}
