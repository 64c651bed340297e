package policy

import (
	"math/rand/v2"

	"github.com/proffer-go/proffer/offers"
)

// Random returns the policy that draws the clients by lot, anew for every
// offer. The chance to be first is in proportion to the weight: that of a role
// is divided among those active below it, by their weights. Who is drawn is
// left out when the next one is drawn.
//
// Source: Mesos src/master/allocator/mesos/sorter/random, whose distribution it
// has (Efraimidis and Spirakis, Weighted Random Sampling, 2006).
//
// Drawing one costs O(log clients); a change of who is active O(clients), any
// other nothing.
func Random(seed uint64) offers.Policy {
	return &random{rng: rand.New(rand.NewPCG(seed, 0x72616e646f6d))}
}

type random struct {
	rng     *rand.Rand
	tree    *offers.Tree
	dirty   bool
	clients []*offers.Node // the active ones
	chances []float64      // of clients, when nobody is drawn yet
	drawn   []int          // by this order

	// sums is a binary tree in an array: the node i has the sum of 2i and 2i+1,
	// the leaf leaves+k the chance of clients[k]. Taking one out and putting it
	// back leaves every sum as it was, to the last digit.
	sums   []float64
	leaves int
}

// leastChance keeps a client of next to no weight from being forgotten.
const leastChance = 1e-300

// Reset implements [offers.Policy].
func (r *random) Reset(t *offers.Tree) { r.tree, r.dirty = t, true }

// Changed implements [offers.Policy].
func (r *random) Changed(n *offers.Node) {
	for ; n != nil && !r.dirty; n = n.Parent() {
		was, known := n.Data.(bool)
		r.dirty = !known || was != n.Active()
	}
}

// Order implements [offers.Policy].
func (r *random) Order(_, yield func(*offers.Node) bool) {
	if r.dirty {
		r.build()
	}
	r.drawn = r.drawn[:0]
	for range r.clients {
		k := r.draw()
		if !yield(r.clients[k]) {
			break
		}
		r.drawn = append(r.drawn, k)
		r.set(k, 0)
	}
	for _, k := range r.drawn {
		r.set(k, r.chances[k])
	}
}

// build finds out who is active and with which chance.
func (r *random) build() {
	r.clients, r.chances, r.dirty = r.clients[:0], r.chances[:0], false
	r.divide(r.tree.Root(), 1)
	r.leaves = max(len(r.clients), 1)
	r.sums = make([]float64, 2*r.leaves)
	copy(r.sums[r.leaves:], r.chances)
	for i := r.leaves - 1; i > 0; i-- {
		r.sums[i] = r.sums[2*i] + r.sums[2*i+1]
	}
}

// divide divides the chance of a node among those below it.
func (r *random) divide(n *offers.Node, chance float64) {
	n.Data = n.Active()
	if n.Kind() == offers.KindClient {
		if n.Active() {
			r.clients = append(r.clients, n)
			r.chances = append(r.chances, max(chance, leastChance))
		}
		return
	}
	sum := 0.0
	for _, child := range n.Children() {
		child.Data = child.Active()
		if child.Active() {
			sum += child.Weight()
		}
	}
	for _, child := range n.Children() {
		if child.Active() {
			r.divide(child, chance*child.Weight()/sum)
		}
	}
}

// draw returns the number of a client that is not drawn yet.
func (r *random) draw() int {
	at := r.rng.Float64() * r.sums[1]
	i := 1
	for i < r.leaves {
		left, right := r.sums[2*i], r.sums[2*i+1]
		// Rounding must not lead to where everybody is drawn already.
		if right == 0 || (left > 0 && at < left) {
			i = 2 * i
		} else {
			at -= left
			i = 2*i + 1
		}
	}
	return i - r.leaves
}

func (r *random) set(k int, chance float64) {
	i := r.leaves + k
	r.sums[i] = chance
	for i /= 2; i > 0; i /= 2 {
		r.sums[i] = r.sums[2*i] + r.sums[2*i+1]
	}
}
