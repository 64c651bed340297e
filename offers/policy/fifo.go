package policy

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/proffer-go/proffer/offers"
)

// FIFO returns the policy that offers everything to the framework that
// subscribed first, and to the next one only what it declines. It starves the
// later ones by design.
//
// A change costs O(1), an order one word of memory for each 64 clients.
func FIFO() offers.Policy { return &fifo{} }

// fifo numbers the clients by arrival; a bit tells whether one is active.
type fifo struct {
	clients []*offers.Node
	active  []uint64
}

// Reset implements [offers.Policy].
func (f *fifo) Reset(t *offers.Tree) {
	f.clients = clientsBelow(t.Root(), f.clients[:0])
	slices.SortFunc(f.clients, func(a, b *offers.Node) int { return cmp.Compare(a.Arrival(), b.Arrival()) })
	f.active = make([]uint64, (len(f.clients)+63)/64)
	for i, n := range f.clients {
		n.Data = i
		f.mark(n, canBeOffered(n))
	}
}

// Changed implements [offers.Policy].
func (f *fifo) Changed(n *offers.Node) {
	if n.Kind() == offers.KindClient {
		f.mark(n, canBeOffered(n))
		return
	}
	for _, child := range n.Children() {
		f.Changed(child)
	}
}

// Order implements [offers.Policy].
func (f *fifo) Order(_, yield func(*offers.Node) bool) {
	for i, word := range f.active {
		for ; word != 0; word &= word - 1 {
			if !yield(f.clients[i*64+bits.TrailingZeros64(word)]) {
				return
			}
		}
	}
}

func (f *fifo) mark(n *offers.Node, active bool) {
	i, ok := n.Data.(int)
	if !ok {
		return // newer than the last Reset: the next one is due
	}
	if active {
		f.active[i/64] |= 1 << (i % 64)
	} else {
		f.active[i/64] &^= 1 << (i % 64)
	}
}
