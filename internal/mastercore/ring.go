package mastercore

// ring is a set that remembers the last so many of its members.
type ring[T comparable] struct {
	members map[T]struct{}
	order   []T
	next    int
	size    int
}

func newRing[T comparable](size int) ring[T] {
	return ring[T]{size: size}
}

func (r *ring[T]) has(v T) bool {
	_, ok := r.members[v]
	return ok
}

func (r *ring[T]) add(v T) {
	if r.size == 0 || r.has(v) {
		return
	}
	if r.members == nil {
		r.members = make(map[T]struct{})
	}
	if len(r.order) < r.size {
		r.order = append(r.order, v)
	} else {
		delete(r.members, r.order[r.next])
		r.order[r.next] = v
		r.next = (r.next + 1) % r.size
	}
	r.members[v] = struct{}{}
}
