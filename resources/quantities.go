package resources

import (
	"iter"
	"slices"
	"strings"
)

// Quantities are amounts by name, without the question which ports, which
// volume or whose reservation: of scalars the sum, of ranges and sets how many
// values there are. The zero value is empty. Quantities never change.
type Quantities struct {
	list []quantity // sorted by name, none of them zero
}

type quantity struct {
	name   string
	amount Scalar
}

// Quantities returns the amounts of r. A shared resource counts once, however
// many copies there are.
func (r Resources) Quantities() Quantities {
	if len(r.entries) == 0 {
		return Quantities{}
	}
	list := make([]quantity, 0, len(r.entries))
	for i := 0; i < len(r.entries); {
		name, total, next := r.total(i)
		list = append(list, quantity{name, total})
		i = next
	}
	return Quantities{list}
}

// ParseQuantities reads amounts such as "cpus:1;mem:32;ports:10". Amounts of
// one name are added up; those of zero are left out.
func ParseQuantities(s string) (Quantities, error) {
	var list []quantity
	err := parseList(s, func(p *scanner) error {
		name := intern(p.bare())
		if err := validateName(name); err != nil {
			return err
		}
		if err := p.expect(':', "the name"); err != nil {
			return err
		}
		amount, err := parseAmount(p, name)
		if err == nil && amount > 0 {
			list = append(list, quantity{name, amount})
		}
		return err
	})
	if err != nil {
		return Quantities{}, err
	}
	slices.SortFunc(list, func(a, b quantity) int { return strings.Compare(a.name, b.name) })
	all := list[:0]
	for _, q := range list {
		last := len(all) - 1
		switch {
		case last < 0 || all[last].name != q.name:
			all = append(all, q)
		case all[last].amount > MaxScalar-q.amount:
			return Quantities{}, overflow(q.name, all[last].amount, q.amount)
		default:
			all[last].amount += q.amount
		}
	}
	return Quantities{all}, nil
}

// MustParseQuantities is ParseQuantities for constants of the program: it
// panics on an error.
func MustParseQuantities(s string) Quantities {
	q, err := ParseQuantities(s)
	if err != nil {
		panic(err)
	}
	return q
}

// Get returns the amount of that name, 0 where there is none.
func (q Quantities) Get(name string) Scalar {
	for i := range q.list {
		if q.list[i].name == name {
			return q.list[i].amount
		}
	}
	return 0
}

// All yields every amount, none of them 0, in the order of names.
func (q Quantities) All() iter.Seq2[string, Scalar] {
	return func(yield func(string, Scalar) bool) {
		for i := range q.list {
			if !yield(q.list[i].name, q.list[i].amount) {
				return
			}
		}
	}
}

// Len returns how many amounts there are.
func (q Quantities) Len() int { return len(q.list) }

// IsEmpty reports whether there is nothing.
func (q Quantities) IsEmpty() bool { return len(q.list) == 0 }

// Equal reports whether both hold the same.
func (q Quantities) Equal(o Quantities) bool { return slices.Equal(q.list, o.list) }

// Add returns q and o together, or [ErrOverflow].
func (q Quantities) Add(o Quantities) (Quantities, error) {
	if len(q.list) == 0 {
		return o, nil
	}
	if len(o.list) == 0 {
		return q, nil
	}
	a, b := q.list, o.list
	all := make([]quantity, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].name, b[0].name); {
		case c < 0:
			all, a = append(all, a[0]), a[1:]
		case c > 0:
			all, b = append(all, b[0]), b[1:]
		default:
			if a[0].amount > MaxScalar-b[0].amount {
				return Quantities{}, overflow(a[0].name, a[0].amount, b[0].amount)
			}
			all, a, b = append(all, quantity{a[0].name, a[0].amount + b[0].amount}), a[1:], b[1:]
		}
	}
	return Quantities{append(append(all, a...), b...)}, nil
}

// Missing returns by name how much of want q lacks; it is empty when q
// contains want.
func (q Quantities) Missing(want Quantities) Quantities {
	var missing []quantity
	for _, w := range want.list {
		if have := q.Get(w.name); have < w.amount {
			missing = append(missing, quantity{w.name, w.amount - have})
		}
	}
	return Quantities{missing}
}

// Contains reports whether q has at least as much of everything as o.
func (q Quantities) Contains(o Quantities) bool {
	for _, w := range o.list {
		if q.Get(w.name) < w.amount {
			return false
		}
	}
	return true
}

// String returns the text form, which [ParseQuantities] reads.
func (q Quantities) String() string {
	var b []byte
	for i := range q.list {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(append(b, q.list[i].name...), ':')
		b = q.list[i].amount.append(b)
	}
	return string(b)
}

// QuantityOf returns the amount of one name; it is empty where the amount is
// not above 0.
func QuantityOf(name string, amount Scalar) Quantities {
	if amount <= 0 {
		return Quantities{}
	}
	return Quantities{[]quantity{{name, amount}}}
}
