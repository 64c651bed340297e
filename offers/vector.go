package offers

import "github.com/proffer-go/proffer/resources"

// vector is an amount of every resource, in thousandths, indexed by the number
// that the interner gave to the name. It is as long as it needs to be; what is
// beyond its end is zero.
type vector []int64

// names numbers the names of resources, so that the arithmetic of shares is on
// small arrays. It only grows: clusters have a handful of names. The devices of
// a family share one number: a share of GPUs is one of all of them.
type names struct {
	list    []string // by number, the families by their own name
	aliases map[string]int
}

func (n *names) number(name string) int {
	for i, known := range n.list { // a handful: faster than a map
		if known == name {
			return i
		}
	}
	if i, ok := n.aliases[name]; ok {
		return i
	}
	if family, _, ok := device(name); ok {
		i := n.number(family)
		if n.aliases == nil {
			n.aliases = make(map[string]int)
		}
		n.aliases[name] = i
		return i
	}
	n.list = append(n.list, name)
	return len(n.list) - 1
}

// scalars returns the scalars of r, appended to buf[:0].
func (n *names) scalars(r resources.Resources, buf vector) vector {
	v := buf[:0]
	for name, amount := range r.Scalars() {
		v = v.plus(n.number(name), int64(amount))
	}
	return v
}

// amounts returns the scalars of r and how many values its ranges and sets
// have, appended to buf[:0].
func (n *names) amounts(r resources.Resources, buf vector) vector {
	v := buf[:0]
	for name, amount := range r.Amounts() {
		v = v.plus(n.number(name), int64(amount))
	}
	return v
}

// quantities is the vector of q.
func (n *names) quantities(q resources.Quantities) vector {
	var v vector
	for name, amount := range q.All() {
		v = v.plus(n.number(name), int64(amount))
	}
	return v
}

func (v vector) plus(i int, x int64) vector {
	for len(v) <= i {
		v = append(v, 0)
	}
	v[i] += x
	return v
}

func (v vector) at(i int) int64 {
	if i < len(v) {
		return v[i]
	}
	return 0
}

func (v *vector) add(o vector) {
	for len(*v) < len(o) {
		*v = append(*v, 0)
	}
	for i, x := range o {
		(*v)[i] += x
	}
}

func (v *vector) sub(o vector) {
	for len(*v) < len(o) {
		*v = append(*v, 0)
	}
	for i, x := range o {
		(*v)[i] -= x
	}
}

// covers reports whether v has at least as much of everything as o.
func (v vector) covers(o vector) bool {
	for i, x := range o {
		if x > v.at(i) {
			return false
		}
	}
	return true
}

// some reports whether anything is above zero.
func (v vector) some() bool {
	for _, x := range v {
		if x > 0 {
			return true
		}
	}
	return false
}
