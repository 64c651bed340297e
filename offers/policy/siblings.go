package policy

import (
	"slices"
	"strings"

	"github.com/proffer-go/proffer/offers"
)

// rank is what a policy that walks the tree knows of a node; the node's Data
// holds it.
type rank struct {
	node     *offers.Node
	parent   *rank // nil of the root
	place    int   // among the siblings by path, the last resort among equals
	index    int   // in the parent's children; -1 if it is not there
	children siblings
	open     []int32 // of walk, kept so that it need not allocate
	*rescaled
}

// siblings is a heap of standings: the one that goes first is at 0. It is a flat
// one, because every standing that moves is told so, which is slow: with
// thousands of siblings their ranks are out of reach of the caches.
type siblings []standing

const arity = 8

// standing is what siblings are compared by; it stands in the heap itself so
// that comparing need not follow pointers.
type standing struct {
	priority int // greater goes first
	share    float64
	count    uint64
	place    int
	rank     *rank
}

func (s *standing) before(o *standing) bool {
	switch {
	case s.priority != o.priority:
		return s.priority > o.priority
	case s.share != o.share:
		return s.share < o.share
	case s.count != o.count:
		return s.count < o.count
	default:
		return s.place < o.place
	}
}

// rankOf returns the rank of the node, with no children yet; that of the last
// Reset where there is one.
func rankOf(n *offers.Node, parent *rank) *rank {
	r, ok := n.Data.(*rank)
	if !ok || r.parent != parent {
		r = &rank{node: n, parent: parent}
		n.Data = r
	}
	clear(r.children)
	r.index, r.children = -1, r.children[:0]
	return r
}

// ranksBelow returns the ranks of the node's children and gives them places.
func (r *rank) ranksBelow() []*rank {
	nodes := r.node.Children()
	ranks := make([]*rank, len(nodes))
	sorted := true // since the last Reset: nobody came
	for i, n := range nodes {
		old, ok := n.Data.(*rank)
		sorted = sorted && ok && old.parent == r
		ranks[i] = rankOf(n, r)
	}
	if !sorted {
		slices.SortFunc(ranks, func(a, b *rank) int { return strings.Compare(a.node.Path(), b.node.Path()) })
		for i, child := range ranks {
			child.place = i
		}
	}
	return ranks
}

// set puts the child with that standing where it belongs: into the heap,
// elsewhere in it, or out of it when the node is not active.
func (r *rank) set(s standing) {
	child := s.rank
	switch active := child.node.Active(); {
	case active && child.index < 0:
		r.children = append(r.children, s)
		r.children.up(len(r.children) - 1)
	case active:
		i := child.index
		old := r.children[i]
		r.children[i] = s
		if s.before(&old) {
			r.children.up(i)
		} else {
			r.children.down(i)
		}
	case child.index >= 0:
		i, last := child.index, len(r.children)-1
		child.index = -1
		moved := r.children[last]
		r.children[last] = standing{}
		r.children = r.children[:last]
		if i < last {
			r.children[i] = moved
			r.children.up(i)
			r.children.down(moved.rank.index)
		}
	}
}

// up moves the one at i towards the top.
func (s siblings) up(i int) {
	moving := s[i]
	for i > 0 {
		parent := (i - 1) / arity
		if !moving.before(&s[parent]) {
			break
		}
		s[i] = s[parent]
		s[i].rank.index = i
		i = parent
	}
	s[i] = moving
	moving.rank.index = i
}

// down moves the one at i away from the top.
func (s siblings) down(i int) {
	moving := s[i]
	for {
		first := arity*i + 1
		if first >= len(s) {
			break
		}
		least := first
		for child := first + 1; child < min(first+arity, len(s)); child++ {
			if s[child].before(&s[least]) {
				least = child
			}
		}
		if !s[least].before(&moving) {
			break
		}
		s[i] = s[least]
		s[i].rank.index = i
		i = least
	}
	s[i] = moving
	moving.rank.index = i
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
	// The heap in order, without changing it: the next one is the least of
	// those whose parents were visited. Open is a heap of their positions.
	if len(r.children) == 0 {
		return true
	}
	r.open = append(r.open[:0], 0)
	for len(r.open) > 0 {
		i := r.open[0]
		if !r.children[i].rank.walk(enter, yield) {
			return false
		}
		r.close()
		for child := arity*i + 1; child <= arity*i+arity && int(child) < len(r.children); child++ {
			r.opened(child)
		}
	}
	return true
}

// opened adds a position to the open ones.
func (r *rank) opened(position int32) {
	r.open = append(r.open, position)
	i := len(r.open) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !r.children[position].before(&r.children[r.open[parent]]) {
			break
		}
		r.open[i] = r.open[parent]
		i = parent
	}
	r.open[i] = position
}

// close removes the first of the open positions.
func (r *rank) close() {
	last := len(r.open) - 1
	moving := r.open[last]
	r.open = r.open[:last]
	if last == 0 {
		return
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && r.children[r.open[child+1]].before(&r.children[r.open[child]]) {
			child++
		}
		if !r.children[r.open[child]].before(&r.children[moving]) {
			break
		}
		r.open[i] = r.open[child]
		i = child
	}
	r.open[i] = moving
}
