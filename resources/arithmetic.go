package resources

import (
	"fmt"
	"math"
	"slices"
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
	all := make([]entry, 0, unionLength(a, b))
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

func unionLength(a, b []entry) int {
	n := len(a) + len(b)
	for len(a) > 0 && len(b) > 0 {
		c := compare(&a[0], &b[0])
		if c == 0 {
			n--
		}
		if c <= 0 {
			a = a[1:]
		}
		if c >= 0 {
			b = b[1:]
		}
	}
	return n
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
	var rest []entry
	a, b := r.entries, o.entries
	for len(a) > 0 {
		if len(b) == 0 {
			rest = append(rest, a...)
			break
		}
		c := compare(&a[0], &b[0])
		if c > 0 || (c == 0 && !a[0].contains(&b[0])) {
			return Resources{}, false
		}
		if rest == nil {
			rest = make([]entry, 0, len(a))
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
	return Resources{rest}, true
}

// Contains reports whether o is part of r, so that Sub succeeds.
func (r Resources) Contains(o Resources) bool {
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

// Missing returns the part of want that r does not have; it is empty when r
// contains want. Of what is indivisible all is missing or nothing.
func (r Resources) Missing(want Resources) Resources {
	var missing []entry
	a := r.entries
	for i := range want.entries {
		w := want.entries[i]
		for len(a) > 0 && compare(&a[0], &w) < 0 {
			a = a[1:]
		}
		if len(a) == 0 || compare(&a[0], &w) != 0 {
			missing = append(missing, w)
		} else if w.lack(&a[0]) {
			missing = append(missing, w)
		}
	}
	return Resources{missing}
}

// add adds what merges with e: compare says that they are equal.
func (e *entry) add(o *entry) (err error) {
	if e.kind() != o.kind() {
		return kindsDiffer(e, o)
	}
	if e.indivisible() {
		return e.addCopies(o)
	}
	amount, err := sum(e.name, e.amount, o.amount)
	if err != nil {
		return err
	}
	switch {
	case e.ranges != nil:
		if common, found := e.ranges.overlap(o.ranges); found {
			return fmt.Errorf("%w: %s:%s", ErrTwice, e.name, Ranges{common})
		}
		e.ranges = e.ranges.union(o.ranges)
	case e.set() != nil:
		if item, found := commonItem(e.set(), o.set()); found {
			return fmt.Errorf("%w: %s:{%s}", ErrTwice, e.name, excerpt(item))
		}
		e.replaceSet(unionSet(e.set(), o.set()))
	}
	e.amount = amount
	return nil
}

func (e *entry) addCopies(o *entry) error {
	if !e.rare.shared || e.amount != o.amount {
		return fmt.Errorf("%w: %s", ErrTwice, excerpt(e.resource().String()))
	}
	if e.rare.copies > math.MaxInt-o.rare.copies {
		return fmt.Errorf("%w: %s: too many copies", ErrOverflow, excerpt(e.resource().String()))
	}
	e.replaceCopies(e.rare.copies + o.rare.copies)
	return nil
}

// sub takes away o, which e contains; it reports whether anything is left.
func (e *entry) sub(o *entry) bool {
	switch {
	case e.indivisible():
		if e.rare.copies == o.rare.copies {
			return false
		}
		e.replaceCopies(e.rare.copies - o.rare.copies)
	case e.amount == o.amount:
		return false
	case e.ranges != nil:
		e.ranges, e.amount = e.ranges.minus(o.ranges)
	case e.set() != nil:
		e.replaceSet(minusSet(e.set(), o.set()))
		e.amount -= o.amount
	default:
		e.amount -= o.amount
	}
	return true
}

// contains reports whether o, which merges with e, is part of it.
func (e *entry) contains(o *entry) bool {
	switch {
	case e.amount < o.amount:
		return false
	case e.rare == nil && e.ranges == nil:
		return o.ranges == nil && o.set() == nil
	case e.kind() != o.kind():
		return false
	case e.indivisible():
		return e.amount == o.amount && e.rare.copies >= o.rare.copies
	default:
		return e.ranges.contains(o.ranges) && containsSet(e.set(), o.set())
	}
}

// lack leaves in e what o, which merges with it, does not have of it; it
// reports whether that is anything.
func (e *entry) lack(o *entry) bool {
	switch {
	case o.contains(e):
		return false
	case e.kind() != o.kind():
	case e.indivisible():
		if e.amount == o.amount {
			e.replaceCopies(e.rare.copies - o.rare.copies)
		}
	case e.ranges != nil:
		e.ranges, e.amount = e.ranges.minus(o.ranges)
	case e.set() != nil:
		e.replaceSet(minusSet(e.set(), o.set()))
		e.amount = Scalar(len(e.set())) * Unit
	default:
		e.amount -= o.amount
	}
	return true
}

func (e *entry) replaceSet(set []string) {
	c := *e.rare
	c.set = set
	e.rare = &c
}

func (e *entry) replaceCopies(n int) {
	c := *e.rare
	c.copies = n
	e.rare = &c
}

// build makes a Resources of entries in any order.
func build(entries []entry) (Resources, error) {
	if len(entries) == 0 {
		return Resources{}, nil
	}
	slices.SortFunc(entries, func(a, b entry) int { return compare(&a, &b) })
	all := entries[:0]
	for i := 0; i < len(entries); {
		next := i + 1
		for next < len(entries) && compare(&entries[i], &entries[next]) == 0 {
			next++
		}
		e, err := merge(entries[i:next])
		if err != nil {
			return Resources{}, err
		}
		all = append(all, e)
		i = next
	}
	return Resources{all}, checkNames(all)
}

// merge adds up entries in pairs, so that n of them cost n log n.
func merge(entries []entry) (entry, error) {
	if len(entries) == 1 {
		return entries[0], nil
	}
	left, err := merge(entries[:len(entries)/2])
	if err != nil {
		return entry{}, err
	}
	right, err := merge(entries[len(entries)/2:])
	if err != nil {
		return entry{}, err
	}
	err = left.add(&right)
	return left, err
}
