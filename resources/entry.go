package resources

import (
	"fmt"
	"slices"
	"strings"
)

// entry is one resource of a Resources. What most resources do not have is
// behind a pointer. Entries and all they point to are never changed, so that
// values share them.
type entry struct {
	name   string
	amount Scalar // of ranges and sets: how many values
	ranges Ranges // nil for other kinds
	rare   *rare  // nil for a plain scalar or ranges
}

type rare struct {
	key          string // everything but name and value as text; equal keys merge
	split        int    // where the value stands in key
	set          []string
	reservations []Reservation
	disk         *DiskInfo
	revocable    bool
	shared       bool
	copies       int // of a shared resource, else 0
}

func (e *entry) kind() Kind {
	switch {
	case e.ranges != nil:
		return KindRanges
	case e.rare != nil && e.rare.set != nil:
		return KindSet
	default:
		return KindScalar
	}
}

func (e *entry) indivisible() bool {
	return e.rare != nil && e.rare.disk != nil && e.rare.disk.indivisible()
}

func (e *entry) set() []string {
	if e.rare == nil {
		return nil
	}
	return e.rare.set
}

func (e *entry) copies() int {
	if e.rare == nil {
		return 0
	}
	return e.rare.copies
}

// compare orders entries by name and then by what keeps them apart.
func compare(a, b *entry) int {
	if a.name != b.name {
		return strings.Compare(a.name, b.name)
	}
	return compareKeys(a.rare, b.rare)
}

func compareKeys(a, b *rare) int {
	if a == b {
		return 0
	}
	var left, right string
	if a != nil {
		left = a.key
	}
	if b != nil {
		right = b.key
	}
	return strings.Compare(left, right)
}

func (e *entry) equal(o *entry) bool {
	return e.amount == o.amount && compare(e, o) == 0 && e.copies() == o.copies() &&
		slices.Equal(e.ranges, o.ranges) && slices.Equal(e.set(), o.set()) && e.kind() == o.kind()
}

// makeEntry validates r and keeps what it points to. An entry of amount 0 is
// of nothing.
func makeEntry(r *Resource) (entry, error) {
	if err := validateName(r.Name); err != nil {
		return entry{}, err
	}
	e := entry{name: r.Name}
	if err := e.setValue(r); err != nil {
		return entry{}, err
	}
	if len(r.Reservations) == 0 && r.Disk == nil && !r.Revocable && !r.Shared && r.Copies == 0 && len(r.Set) == 0 {
		return e, nil
	}
	if err := r.validateTraits(); err != nil {
		return entry{}, err
	}
	if r.Disk != nil && *r.Disk == (DiskInfo{}) {
		r.Disk = nil
	}
	x := &rare{set: r.Set, reservations: r.Reservations, disk: r.Disk, revocable: r.Revocable, shared: r.Shared}
	if r.Shared {
		x.copies = max(r.Copies, 1)
	}
	key := r.Disk.append(appendReservations(nil, r.Reservations))
	x.split = len(key)
	x.key = string(appendFlags(key, r.Revocable, r.Shared, 0))
	if x.key != "" || x.set != nil {
		e.rare = x
	}
	return e, nil
}

func (e *entry) setValue(r *Resource) (err error) {
	switch r.Kind {
	case KindScalar:
		e.amount = r.Scalar
		if r.Scalar < 0 {
			return fmt.Errorf("number %s is negative", r.Scalar)
		}
		if r.Name == GPUs && r.Scalar%Unit != 0 {
			return fmt.Errorf("number %s is not whole, as gpus must be", r.Scalar)
		}
	case KindRanges:
		e.ranges, e.amount, err = r.Ranges.canonical()
	case KindSet:
		r.Set, err = canonicalSet(r.Set)
		e.amount = Scalar(len(r.Set)) * Unit
	default:
		return fmt.Errorf("unknown kind %d: want scalar, ranges or set", r.Kind)
	}
	if err != nil {
		return err
	}
	if (r.Kind != KindScalar && r.Scalar != 0) || (r.Kind != KindRanges && len(r.Ranges) > 0) || (r.Kind != KindSet && len(r.Set) > 0) {
		return fmt.Errorf("its kind is %s but it has a value of another kind", r.Kind)
	}
	if want, ok := kindOf(r.Name); ok && want != r.Kind {
		return fmt.Errorf("its kind is %s: %s are %s", r.Kind, r.Name, want)
	}
	return nil
}

// kindOf returns the kind of the names that mean something to Proffer.
func kindOf(name string) (kind Kind, ok bool) {
	switch name {
	case CPUs, GPUs, Mem, Disk:
		return KindScalar, true
	case Ports:
		return KindRanges, true
	default:
		return 0, false
	}
}

func (e *entry) volume() *Volume {
	if e.rare == nil || e.rare.disk == nil {
		return nil
	}
	return e.rare.disk.Volume
}

// resource returns the plain form, which shares nothing with e.
func (e *entry) resource() Resource {
	r := Resource{Name: e.name, Kind: e.kind()}
	if r.Kind == KindScalar {
		r.Scalar = e.amount
	}
	r.Ranges = slices.Clone(e.ranges)
	if x := e.rare; x != nil {
		r.Set = slices.Clone(x.set)
		r.Reservations = cloneReservations(x.reservations)
		r.Disk = x.disk.clone()
		r.Revocable, r.Shared, r.Copies = x.revocable, x.shared, x.copies
	}
	return r
}

func (e *entry) append(b []byte) []byte {
	b = append(b, e.name...)
	var before, after string
	if e.rare != nil {
		before, after = e.rare.key[:e.rare.split], e.rare.key[e.rare.split:]
	}
	b = append(append(b, before...), ':')
	switch e.kind() {
	case KindRanges:
		b = e.ranges.append(b)
	case KindSet:
		b = appendSet(b, e.set())
	default:
		b = e.amount.append(b)
	}
	return appendFlags(append(b, after...), false, false, e.copies())
}
