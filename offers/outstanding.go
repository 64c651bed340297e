package offers

import "github.com/proffer-go/proffer/resources"

// outstanding is an offer that waits for its answer.
type outstanding struct {
	offer      Offer
	number     uint64
	agent      *agent
	client     *client
	whole      vector       // what it holds when that is a whole agent, all of it plain; else nil
	few        [4]int64     // where whole begins
	serves     []served     // of a client that states its demand
	one        [1]served    // where serves begins
	deadline   int64        // see Allocator.at
	prev, next *outstanding // in the offerQueue
	sibling    *outstanding // the next, older, one of the same agent
	younger    *outstanding // the one before
	mineNext   *outstanding // those of the same client
	minePrev   *outstanding
	held       bool // for a gang: not counted in shares meanwhile
}

// served tells how many tasks of a demand an offer is for.
type served struct {
	want  *want
	tasks int
}

// offerQueue is a list of outstanding offers in the order of their deadlines.
type offerQueue struct {
	first, last *outstanding
}

// insert puts o in its place, which is the end unless time-outs differ.
func (q *offerQueue) insert(o *outstanding) {
	before := q.last
	for before != nil && before.deadline > o.deadline {
		before = before.prev
	}
	o.prev = before
	if before == nil {
		o.next, q.first = q.first, o
	} else {
		o.next, before.next = before.next, o
	}
	if o.next == nil {
		q.last = o
	} else {
		o.next.prev = o
	}
}

func (q *offerQueue) remove(o *outstanding) {
	if o.prev != nil {
		o.prev.next = o.next
	} else {
		q.first = o.next
	}
	if o.next != nil {
		o.next.prev = o.prev
	} else {
		q.last = o.prev
	}
	o.prev, o.next = nil, nil
}

// grow adds a further part to an offer that is being put together.
func (o *outstanding) grow(part resources.Resources) {
	sum, err := o.offer.Resources.Add(part)
	if err != nil {
		panic("offers: parts of one agent do not add up: " + err.Error())
	}
	o.offer.Resources, o.whole = sum, nil
}

func (g *agent) addOffer(o *outstanding) {
	if o.sibling = g.offers; g.offers != nil {
		g.offers.younger = o
	}
	g.offers = o
}

func (g *agent) removeOffer(o *outstanding) {
	if o.sibling != nil {
		o.sibling.younger = o.younger
	}
	if o.younger != nil {
		o.younger.sibling = o.sibling
	} else {
		g.offers = o.sibling
	}
	o.sibling, o.younger = nil, nil
}

func (c *client) addOffer(o *outstanding) {
	if o.mineNext = c.offers; c.offers != nil {
		c.offers.minePrev = o
	}
	c.offers = o
	c.held++
}

func (c *client) removeOffer(o *outstanding) {
	if o.mineNext != nil {
		o.mineNext.minePrev = o.minePrev
	}
	if o.minePrev != nil {
		o.minePrev.mineNext = o.mineNext
	} else {
		c.offers = o.mineNext
	}
	o.mineNext, o.minePrev = nil, nil
	c.held--
}

// joins reports whether a task of the want may become part of the offer. The
// offers of a gang are of its own, as they are undone together.
func (o *outstanding) joins(w *want) bool {
	if len(o.serves) == 0 || o.serves[0].want == nil {
		return false
	}
	first := o.serves[0].want
	return first == w || (!first.stated.Gang && !w.stated.Gang)
}
