package resources

import (
	"fmt"
	"slices"
	"strings"
)

// entry is one resource of a Resources. It is small because values are copied
// by the million; what a plain scalar does not have is behind more. All that
// an entry points to is never changed, so that values share it.
type entry struct {
	name   string
	amount Scalar // of ranges and sets: how many values
	more   *more  // never nil
}

type more struct {
	ranges Ranges // nil for other kinds
	rare   *rare  // never nil
}

type rare struct {
	key          string   // everything but name and value as text; equal keys merge
	split        int      // where the value stands in key
	set          []string // nil for other kinds
	reservations []Reservation
	disk         *DiskInfo
	revocable    bool
	shared       bool
	copies       int // of a shared resource, else 0
}

// Most entries are plain and share these.
var (
	nothingRare rare
	plainScalar = more{rare: &nothingRare}
)

func (e *entry) kind() Kind {
	switch {
	case e.more.ranges != nil:
		return KindRanges
	case e.more.rare.set != nil:
		return KindSet
	default:
		return KindScalar
	}
}

// plain reports whether e is a name and an amount and nothing else.
func (e *entry) plain() bool { return e.more == &plainScalar }

func (e *entry) indivisible() bool {
	d := e.more.rare.disk
	return d != nil && d.indivisible()
}

func (e *entry) volume() *Volume {
	if d := e.more.rare.disk; d != nil {
		return d.Volume
	}
	return nil
}

// role is the one that the resource is reserved to, empty for none.
func (e *entry) role() string {
	stack := e.more.rare.reservations
	if len(stack) == 0 {
		return ""
	}
	return stack[len(stack)-1].Role
}

// setRanges gives e its own copy of r. Most ports are one or two ranges, which
// take one allocation.
func (e *entry) setRanges(r Ranges, amount Scalar) {
	e.amount = amount
	if len(r) > 2 {
		e.more = &more{slices.Clone(r), e.more.rare}
		return
	}
	m := &struct {
		more
		few [2]Range
	}{}
	m.rare, m.ranges = e.more.rare, m.few[:copy(m.few[:], r)]
	e.more = &m.more
}

func (e *entry) setItems(items []string) {
	x := *e.more.rare
	x.set = items
	e.amount = Scalar(len(items)) * Unit
	e.more = &more{rare: &x}
}

func (e *entry) setCopies(n int) {
	x := *e.more.rare
	x.copies = n
	e.more = &more{rare: &x}
}

// compare orders entries by name and then by what keeps them apart.
func compare(a, b *entry) int {
	if a.more == b.more && a.name == b.name {
		return 0
	}
	return compareAll(a, b)
}

func compareAll(a, b *entry) int {
	if a.name != b.name {
		return strings.Compare(a.name, b.name)
	}
	return strings.Compare(a.more.rare.key, b.more.rare.key)
}

func (e *entry) equal(o *entry) bool {
	switch {
	case e.amount != o.amount || compare(e, o) != 0:
		return false
	case e.more == o.more:
		return true
	}
	x, y := e.more.rare, o.more.rare
	return e.kind() == o.kind() && slices.Equal(e.more.ranges, o.more.ranges) &&
		slices.Equal(x.set, y.set) && x.copies == y.copies
}

// makeEntry validates r and keeps what it points to. An entry of amount 0 is
// of nothing.
func makeEntry(r *Resource) (entry, error) {
	if err := validateName(r.Name); err != nil {
		return entry{}, err
	}
	e := entry{name: r.Name, more: &plainScalar}
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
		e.more = &more{e.more.ranges, x}
	}
	return e, nil
}

func (e *entry) setValue(r *Resource) error {
	var err error
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
		r.Ranges, e.amount, err = r.Ranges.canonical()
		if e.amount > 0 {
			e.setRanges(r.Ranges, e.amount)
		}
	case KindSet:
		r.Set, err = canonicalSet(r.Set)
		e.amount = Scalar(len(r.Set)) * Unit
	default:
		err = fmt.Errorf("unknown kind %d: want scalar, ranges or set", r.Kind)
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

// resource returns the plain form, which shares nothing with e.
func (e *entry) resource() Resource {
	r := Resource{Name: e.name, Kind: e.kind()}
	if r.Kind == KindScalar {
		r.Scalar = e.amount
	}
	r.Ranges = slices.Clone(e.more.ranges)
	if x := e.more.rare; x != &nothingRare {
		r.Set = slices.Clone(x.set)
		r.Reservations = cloneReservations(x.reservations)
		r.Disk = x.disk.clone()
		r.Revocable, r.Shared, r.Copies = x.revocable, x.shared, x.copies
	}
	return r
}

func (e *entry) append(b []byte) []byte {
	x := e.more.rare
	b = append(append(b, e.name...), x.key[:x.split]...)
	b = append(b, ':')
	switch e.kind() {
	case KindRanges:
		b = e.more.ranges.append(b)
	case KindSet:
		b = appendSet(b, x.set)
	default:
		b = e.amount.append(b)
	}
	return appendFlags(append(b, x.key[x.split:]...), false, false, x.copies)
}
