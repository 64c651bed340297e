package offers

import "time"

// outstanding is an offer that waits for its answer.
type outstanding struct {
	offer      *Offer
	agent      *agent
	client     *client
	deadline   time.Time
	prev, next *outstanding // in the offerQueue
}

// offerQueue is a list of outstanding offers in the order in which they were
// made, which is that of their deadlines, as all have the same time-out.
type offerQueue struct {
	first, last *outstanding
}

func (q *offerQueue) append(o *outstanding) {
	if o.prev = q.last; q.last != nil {
		q.last.next = o
	} else {
		q.first = o
	}
	q.last = o
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
