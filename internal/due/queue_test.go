package due

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type item struct {
	Place
	at int
}

func (x *item) Before(o *item) bool { return x.at < o.at }

// The queue gives what a sorted list gives, whatever was put in and taken out.
func TestQueueIsASortedList(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var q Queue[*item]
		var list []*item
		for range 300 {
			if rng.IntN(3) > 0 || len(list) == 0 {
				x := &item{at: rng.IntN(1 << 30)}
				list = append(list, x)
				q.Add(x)
			} else {
				i := rng.IntN(len(list))
				q.Remove(list[i])
				if list[i].Set() {
					t.Fatalf("seed %d: an item that was removed stands in the queue", seed)
				}
				q.Remove(list[i]) // does nothing
				list = slices.Delete(list, i, i+1)
			}
			first, ok := q.First()
			if ok != (len(list) > 0) {
				t.Fatalf("seed %d: the queue has a first: %v, of %d items", seed, ok, len(list))
			}
			if ok && first != slices.MinFunc(list, func(a, b *item) int { return a.at - b.at }) {
				t.Fatalf("seed %d: the first is %d", seed, first.at)
			}
		}
	}
}
