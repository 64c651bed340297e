package offers

import "github.com/proffer-go/proffer/resources"

// vector is an amount of every scalar resource, in thousandths, indexed by the
// number that the interner gave to the name. It is as long as it needs to be;
// what is beyond its end is zero.
type vector []int64

// names numbers the names of scalar resources, so that the arithmetic of
// shares is on small arrays. It only grows: clusters have a handful of names.
type names struct {
	index map[string]int
	list  []string
}

func (n *names) number(name string) int {
	if i, ok := n.index[name]; ok {
		return i
	}
	if n.index == nil {
		n.index = make(map[string]int)
	}
	i := len(n.list)
	n.index[name] = i
	n.list = append(n.list, name)
	return i
}

// vector returns the scalars of r, appended to buf[:0].
func (n *names) vector(r resources.Resources, buf vector) vector {
	v := buf[:0]
	for name, amount := range r.Scalars() {
		i := n.number(name)
		for len(v) <= i {
			v = append(v, 0)
		}
		v[i] += int64(amount)
	}
	return v
}

func (v *vector) add(o vector) {
	for len(*v) < len(o) {
		*v = append(*v, 0)
	}
	for i, x := range o {
		(*v)[i] += x
	}
}

func (v vector) sub(o vector) {
	for i, x := range o {
		v[i] -= x
	}
}
