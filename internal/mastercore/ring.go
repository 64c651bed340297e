package mastercore

// ring remembers the last so many of its keys, each with a value.
type ring[K comparable, V any] struct {
	members map[K]V
	order   []K
	next    int
	size    int
}

func newRing[K comparable, V any](size int) ring[K, V] {
	return ring[K, V]{size: size}
}

func (r *ring[K, V]) has(k K) bool {
	_, ok := r.members[k]
	return ok
}

// add returns the key that had to make room, if one had.
func (r *ring[K, V]) add(k K, v V) (out K, ok bool) {
	if r.size == 0 || r.has(k) {
		return out, false
	}
	if r.members == nil {
		r.members = make(map[K]V)
	}
	if len(r.order) < r.size {
		r.order = append(r.order, k)
	} else {
		out, ok = r.order[r.next], true
		delete(r.members, out)
		r.order[r.next] = k
		r.next = (r.next + 1) % r.size
	}
	r.members[k] = v
	return out, ok
}
