package resources

import (
	"fmt"
	"math"
)

// Add returns r and o together. It fails with [ErrOverflow] where a sum does
// not fit, with [ErrKind] where a name has two kinds of value, and with
// [ErrTwice] where something that exists once (a port, an item of a set, a
// mount disk, a volume that is not shared) is in both: one machine has it once,
// so one of the two is wrong. Where it succeeds, Sub undoes it exactly.
func (r Resources) Add(o Resources) (Resources, error) {
	if len(r.entries) == 0 {
		return o, nil
	}
	if len(o.entries) == 0 {
		return r, nil
	}
	a, b := r.entries, o.entries
	all := make([]entry, 0, max(len(a), len(b))) // mostly, one has all names of the other
	for len(a) > 0 && len(b) > 0 {
		switch c := compare(&a[0], &b[0]); {
		case c < 0:
			all, a = append(all, a[0]), a[1:]
		case c > 0:
			all, b = append(all, b[0]), b[1:]
		default:
			all = append(all, a[0])
			if err := all[len(all)-1].add(&b[0]); err != nil {
				return Resources{}, err
			}
			a, b = a[1:], b[1:]
		}
	}
	all = append(append(all, a...), b...)
	if err := checkNames(all); err != nil {
		return Resources{}, err
	}
	return Resources{all}, nil
}

// Sum adds up all of rs, under the rules of [Resources.Add].
func Sum(rs ...Resources) (Resources, error) {
	switch len(rs) {
	case 0:
		return Resources{}, nil
	case 1:
		return rs[0], nil
	}
	left, err := Sum(rs[:len(rs)/2]...)
	if err != nil {
		return Resources{}, err
	}
	right, err := Sum(rs[len(rs)/2:]...)
	if err != nil {
		return Resources{}, err
	}
	return left.Add(right)
}

// Sub returns r without o; ok is false where r does not contain o. A mount
// disk and a volume are taken whole or not at all; of a shared volume one copy
// is taken.
func (r Resources) Sub(o Resources) (diff Resources, ok bool) {
	if len(o.entries) == 0 {
		return r, true
	}
	if len(o.entries) > len(r.entries) {
		return Resources{}, false
	}
	if r.Same(o) {
		return Resources{}, true
	}
	a, b := r.entries, o.entries
	rest := make([]entry, 0, len(a))
	for len(a) > 0 && len(b) > 0 {
		c := compare(&a[0], &b[0])
		if c > 0 || (c == 0 && !a[0].contains(&b[0])) {
			return Resources{}, false
		}
		rest = append(rest, a[0])
		if c == 0 {
			if last := len(rest) - 1; !rest[last].sub(&b[0]) {
				rest = rest[:last]
			}
			b = b[1:]
		}
		a = a[1:]
	}
	if len(b) > 0 {
		return Resources{}, false
	}
	rest = append(rest, a...)
	if len(rest) == 0 {
		return Resources{}, true
	}
	return Resources{rest}, true
}

// Same reports whether r is the very value o, without looking into it: false
// does not mean that they differ. Whole agents are offered and given back
// without a change.
func (r Resources) Same(o Resources) bool {
	return len(r.entries) > 0 && len(r.entries) == len(o.entries) && &r.entries[0] == &o.entries[0]
}

// Contains reports whether o is part of r, so that Sub succeeds.
func (r Resources) Contains(o Resources) bool {
	if r.Same(o) {
		return true
	}
	a := r.entries
	for i := range o.entries {
		e := &o.entries[i]
		for len(a) > 0 && compare(&a[0], e) < 0 {
			a = a[1:]
		}
		if len(a) == 0 || compare(&a[0], e) != 0 || !a[0].contains(e) {
			return false
		}
		a = a[1:]
	}
	return true
}

// stackRanges is how many ranges are put together without a first allocation.
const stackRanges = 24

// add adds what merges with e: compare says that they are equal.
func (e *entry) add(o *entry) error {
	switch {
	case e.plain() && o.plain() && e.amount <= MaxScalar-o.amount:
		e.amount += o.amount
		return nil
	case e.kind() != o.kind():
		return kindsDiffer(e, o)
	case e.indivisible():
		return e.addCopies(o)
	case e.amount > MaxScalar-o.amount:
		return overflow(e.name, e.amount, o.amount)
	}
	switch e.kind() {
	case KindRanges:
		var few [stackRanges]Range
		all, ok := e.more.ranges.union(few[:0], o.more.ranges)
		if !ok {
			return fmt.Errorf("%w: %s:%s", ErrTwice, e.name, e.more.ranges.common(o.more.ranges))
		}
		e.setRanges(all, e.amount+o.amount)
	case KindSet:
		if item, found := commonItem(e.more.rare.set, o.more.rare.set); found {
			return fmt.Errorf("%w: %s:{%s}", ErrTwice, e.name, excerpt(item))
		}
		e.setItems(unionSet(e.more.rare.set, o.more.rare.set))
	default:
		e.amount += o.amount
	}
	return nil
}

func (e *entry) addCopies(o *entry) error {
	x, y := e.more.rare, o.more.rare
	if !x.shared || e.amount != o.amount {
		return fmt.Errorf("%w: %s", ErrTwice, excerpt(e.resource().String()))
	}
	if x.copies > math.MaxInt-y.copies {
		return fmt.Errorf("%w: too many copies of %s", ErrOverflow, excerpt(e.resource().String()))
	}
	e.setCopies(x.copies + y.copies)
	return nil
}

// contains reports whether o, which merges with e, is part of it.
func (e *entry) contains(o *entry) bool {
	switch {
	case e.amount < o.amount:
		return false
	case e.plain() && o.plain():
		return true
	case e.kind() != o.kind():
		return false
	case e.indivisible():
		return e.amount == o.amount && e.more.rare.copies >= o.more.rare.copies
	default:
		return e.more.ranges.contains(o.more.ranges) && containsSet(e.more.rare.set, o.more.rare.set)
	}
}

// sub takes away o, which e contains; it reports whether anything is left.
func (e *entry) sub(o *entry) bool {
	switch {
	case e.indivisible():
		copies := e.more.rare.copies - o.more.rare.copies
		if copies > 0 {
			e.setCopies(copies)
		}
		return copies > 0
	case e.amount == o.amount:
		return false
	default:
		e.cut(o)
		return true
	}
}

// cut takes away what e and o have in common; something is left.
func (e *entry) cut(o *entry) {
	switch e.kind() {
	case KindRanges:
		var few [stackRanges]Range
		e.setRanges(e.more.ranges.minus(few[:0], o.more.ranges))
	case KindSet:
		e.setItems(minusSet(e.more.rare.set, o.more.rare.set))
	default:
		e.amount -= o.amount
	}
}
