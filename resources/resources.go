package resources

import (
	"fmt"
	"iter"
	"slices"
)

// Resources is a set of resources: what an agent has, an offer holds or a task
// needs. The zero value is empty. A Resources never changes, so it is copied by
// assignment and shared between goroutines freely.
//
// All operations are exact and total: what cannot be done is an error or a
// false, never a panic, a clamp or something left out.
type Resources struct {
	entries []entry // sorted by compare, which tells all of them apart
}

// New returns the given resources, added up; what has an amount of zero is
// left out. It keeps nothing of what it is given.
func New(rs ...Resource) (Resources, error) {
	entries := make([]entry, 0, len(rs))
	for _, r := range rs {
		c := r.clone()
		e, err := makeEntry(&c)
		if err != nil {
			return Resources{}, fmt.Errorf("%w: resource %q: %w", ErrInvalid, excerpt(r.Name), err)
		}
		if e.amount > 0 {
			entries = append(entries, e)
		}
	}
	return build(entries)
}

// All yields every resource, ordered by name. What it yields is a copy.
func (r Resources) All() iter.Seq[Resource] {
	return func(yield func(Resource) bool) {
		for i := range r.entries {
			if !yield(r.entries[i].resource()) {
				return
			}
		}
	}
}

// Len returns how many resources All yields.
func (r Resources) Len() int { return len(r.entries) }

// IsEmpty reports whether there is nothing.
func (r Resources) IsEmpty() bool { return len(r.entries) == 0 }

// Equal reports whether both hold the same.
func (r Resources) Equal(o Resources) bool {
	return slices.EqualFunc(r.entries, o.entries, func(a, b entry) bool { return a.equal(&b) })
}

// String returns the text form, which [Parse] reads: "cpus:24;mem(eng):4096".
func (r Resources) String() string {
	var b []byte
	for i := range r.entries {
		if i > 0 {
			b = append(b, ';')
		}
		b = r.entries[i].append(b)
	}
	return string(b)
}

// Scalar returns the sum of the scalars of that name, whatever they are
// reserved to, revocable or not; 0 where there are none. A shared resource
// counts once, however many copies there are.
func (r Resources) Scalar(name string) Scalar {
	var total Scalar
	for i := range r.entries {
		if e := &r.entries[i]; e.name == name && e.kind() == KindScalar {
			total += e.amount
		}
	}
	return total
}

// Scalars yields the name and the sum, as [Resources.Scalar] does, of every
// scalar in the order of names. It does not allocate.
func (r Resources) Scalars() iter.Seq2[string, Scalar] {
	return func(yield func(string, Scalar) bool) {
		for i := 0; i < len(r.entries); {
			name, total, next := r.total(i)
			if r.entries[i].kind() == KindScalar && !yield(name, total) {
				return
			}
			i = next
		}
	}
}

// Amounts yields what [Resources.Quantities] holds: by name the sum of scalars
// and the number of values of ranges and sets. It does not allocate.
func (r Resources) Amounts() iter.Seq2[string, Scalar] {
	return func(yield func(string, Scalar) bool) {
		for i := 0; i < len(r.entries); {
			name, total, next := r.total(i)
			if !yield(name, total) {
				return
			}
			i = next
		}
	}
}

// IsPlain reports whether nothing is reserved, revocable, shared or of a
// certain disk.
func (r Resources) IsPlain() bool {
	for i := range r.entries {
		if x := r.entries[i].more.rare; x != &nothingRare && (x.reservations != nil || x.disk != nil || x.revocable || x.shared) {
			return false
		}
	}
	return true
}

// total adds up the amounts of the name at i and returns where the next one
// begins. It cannot overflow, because build and Add have checked it.
func (r Resources) total(i int) (name string, total Scalar, next int) {
	name = r.entries[i].name
	for next = i; next < len(r.entries) && r.entries[next].name == name; next++ {
		total += r.entries[next].amount
	}
	return name, total, next
}

// Ranges returns all values of the ranges of that name, whatever they are
// reserved to; nil where there are none.
func (r Resources) Ranges(name string) Ranges {
	var all Ranges
	for i := range r.entries {
		if e := &r.entries[i]; e.name == name {
			all = append(all, e.more.ranges...)
		}
	}
	all, _, _ = all.canonical() // cannot fail: checkNames has counted them
	return all
}

// Set returns all items of the sets of that name, whatever they are reserved
// to; nil where there are none.
func (r Resources) Set(name string) []string {
	var all []string
	for i := range r.entries {
		if e := &r.entries[i]; e.name == name {
			all = append(all, e.more.rare.set...)
		}
	}
	slices.Sort(all)
	return all
}

// CPUs returns the sum of the CPUs.
func (r Resources) CPUs() Scalar { return r.Scalar(CPUs) }

// GPUs returns the sum of the GPUs.
func (r Resources) GPUs() Scalar { return r.Scalar(GPUs) }

// Mem returns the sum of the memory, in MiB.
func (r Resources) Mem() Scalar { return r.Scalar(Mem) }

// Disk returns the sum of the disk space, volumes included, in MiB.
func (r Resources) Disk() Scalar { return r.Scalar(Disk) }

// Ports returns all ports.
func (r Resources) Ports() Ranges { return r.Ranges(Ports) }

// Volumes returns the persistent volumes.
func (r Resources) Volumes() []Resource {
	var volumes []Resource
	for i := range r.entries {
		if r.entries[i].volume() != nil {
			volumes = append(volumes, r.entries[i].resource())
		}
	}
	return volumes
}
