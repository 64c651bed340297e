// Package due keeps what is due at some time in order: a heap whose items know
// their places, so that each can be taken out or moved.
package due

// Item is what stands in a queue. It embeds a [Place].
type Item[T any] interface {
	// Before reports whether the item is due before the other.
	Before(other T) bool
	place() *int
}

// Place is where an item stands: in no queue when it is zero.
type Place struct{ n int } // from 1

func (p *Place) place() *int { return &p.n }

// Set reports whether the item stands in a queue.
func (p *Place) Set() bool { return p.n > 0 }

// Queue has the item that is due first at its head. The zero value is empty. An
// item is in one queue at a time.
type Queue[T Item[T]] struct{ heap []T }

// First returns the item that is due first; ok is false when there is none.
func (q *Queue[T]) First() (first T, ok bool) {
	if len(q.heap) == 0 {
		return first, false
	}
	return q.heap[0], true
}

// Add puts in an item that is not in the queue.
func (q *Queue[T]) Add(x T) {
	q.heap = append(q.heap, x)
	*x.place() = len(q.heap)
	q.up(len(q.heap) - 1)
}

// Remove takes an item out; one that is in no queue stays as it is.
func (q *Queue[T]) Remove(x T) {
	if *x.place() == 0 {
		return
	}
	i, last := *x.place()-1, len(q.heap)-1
	q.swap(i, last)
	clear(q.heap[last:])
	q.heap = q.heap[:last]
	*x.place() = 0
	if i < last {
		q.down(i)
		q.up(i)
	}
}

func (q *Queue[T]) swap(i, j int) {
	q.heap[i], q.heap[j] = q.heap[j], q.heap[i]
	*q.heap[i].place(), *q.heap[j].place() = i+1, j+1
}

func (q *Queue[T]) up(i int) {
	for i > 0 && q.heap[i].Before(q.heap[(i-1)/2]) {
		q.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (q *Queue[T]) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(q.heap); child++ {
			if q.heap[child].Before(q.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		q.swap(i, least)
		i = least
	}
}
