package resources

import (
	"errors"
	"fmt"
	"slices"
)

// Filter returns the resources that keep holds for.
func (r Resources) Filter(keep func(Resource) bool) Resources {
	return r.filter(func(e *entry) bool { return keep(e.resource()) })
}

// filter copies nothing when all is kept.
func (r Resources) filter(keep func(*entry) bool) Resources {
	var kept []entry
	n := 0 // how many are kept so far, all of them the first ones while kept is nil
	for i := range r.entries {
		if !keep(&r.entries[i]) {
			if kept == nil {
				kept = append(make([]entry, 0, len(r.entries)), r.entries[:i]...)
			}
			continue
		}
		n++
		if kept != nil {
			kept = append(kept, r.entries[i])
		}
	}
	switch n {
	case 0:
		return Resources{}
	case len(r.entries):
		return r
	default:
		return Resources{kept}
	}
}

// Named returns the resources with one of these names.
func (r Resources) Named(names ...string) Resources {
	return r.filter(func(e *entry) bool { return slices.Contains(names, e.name) })
}

// Unreserved returns what is reserved to nobody.
func (r Resources) Unreserved() Resources {
	return r.filter(func(e *entry) bool { return e.role() == "" })
}

// Reserved returns what is reserved to any role.
func (r Resources) Reserved() Resources {
	return r.filter(func(e *entry) bool { return e.role() != "" })
}

// ReservedTo returns what is reserved to exactly this role.
func (r Resources) ReservedTo(role string) Resources {
	return r.filter(func(e *entry) bool { return role != "" && e.role() == role })
}

// AllocatableTo returns what may be offered to this role: what is unreserved,
// and what is reserved to it or to a role above it.
func (r Resources) AllocatableTo(role string) Resources {
	return r.filter(func(e *entry) bool {
		to := e.role()
		return to == "" || within(role, to)
	})
}

// Revocable returns what may be taken back at any time.
func (r Resources) Revocable() Resources {
	return r.filter(func(e *entry) bool { return e.more.rare.revocable })
}

// NonRevocable returns what stays with its user.
func (r Resources) NonRevocable() Resources {
	return r.filter(func(e *entry) bool { return !e.more.rare.revocable })
}

// Shared returns what several tasks may use at once.
func (r Resources) Shared() Resources {
	return r.filter(func(e *entry) bool { return e.more.rare.shared })
}

// NonShared returns what only one task may use at once.
func (r Resources) NonShared() Resources {
	return r.filter(func(e *entry) bool { return !e.more.rare.shared })
}

// Capped returns r with every scalar cut down to at most what limit gives for
// its name; ok false means no limit. What is indivisible and greater is left
// out. Where a name has several resources, divisible ones are taken last.
func (r Resources) Capped(limit func(name string) (most Scalar, ok bool)) Resources {
	var entries []entry
	for i := 0; i < len(r.entries); {
		name, total, next := r.total(i)
		group := r.entries[i:next]
		i = next
		most, limited := limit(name)
		if !limited || group[0].kind() != KindScalar || total <= most {
			entries = append(entries, group...)
			continue
		}
		entries = append(entries, capped(group, most)...)
	}
	return Resources{entries}
}

// capped takes the resources of one name, whole ones before divisible ones,
// until most is reached.
func capped(group []entry, most Scalar) []entry {
	taken := make([]Scalar, len(group))
	most = max(most, 0)
	for _, whole := range []bool{true, false} {
		for i := range group {
			e := &group[i]
			if e.indivisible() != whole || (whole && e.amount > most) {
				continue
			}
			taken[i] = min(e.amount, most)
			most -= taken[i]
		}
	}
	var entries []entry
	for i, amount := range taken {
		if amount > 0 {
			e := group[i]
			e.amount = amount
			entries = append(entries, e)
		}
	}
	return entries
}

// Reserve puts one more reservation on every resource. It fails where the role
// does not lie below the one that the resource is reserved to already, and for
// volumes and revocable resources.
func (r Resources) Reserve(by Reservation) (Resources, error) {
	return r.change("reserve", func(x *Resource) error {
		if x.Disk != nil && x.Disk.Volume != nil {
			return errors.New("it is a volume: reserve the disk before the volume is made")
		}
		x.Reservations = append(x.Reservations, cloneReservations([]Reservation{by})...)
		return nil
	})
}

// Unreserve takes the innermost reservation off every resource. It fails where
// there is none, for static ones and for volumes.
func (r Resources) Unreserve() (Resources, error) {
	return r.change("unreserve", func(x *Resource) error {
		last := len(x.Reservations) - 1
		switch {
		case last < 0:
			return errors.New("it is not reserved")
		case !x.Reservations[last].Dynamic:
			return errors.New("its reservation is static: it ends with the agent's configuration")
		case x.Disk != nil && x.Disk.Volume != nil:
			return errors.New("it is a volume: destroy the volume first")
		}
		x.Reservations = x.Reservations[:last]
		return nil
	})
}

func (r Resources) change(verb string, f func(*Resource) error) (Resources, error) {
	entries := make([]entry, 0, len(r.entries))
	for i := range r.entries {
		x := r.entries[i].resource()
		err := f(&x)
		var e entry
		if err == nil {
			e, err = makeEntry(&x)
		}
		if err != nil {
			return Resources{}, fmt.Errorf("%w: %s %q: %w", ErrInvalid, verb, excerpt(r.entries[i].resource().String()), err)
		}
		entries = append(entries, e)
	}
	return build(entries)
}
