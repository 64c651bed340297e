package resources

import (
	"fmt"
	"slices"
)

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

// checkNames checks what entries of one name must keep to together: one kind,
// a sum that fits, and nothing counted twice. The entries are sorted.
func checkNames(entries []entry) error {
	for i := 1; i < len(entries); i++ {
		if entries[i].name != entries[i-1].name {
			continue
		}
		first := i - 1
		for i < len(entries) && entries[i].name == entries[first].name {
			i++
		}
		if err := checkName(entries[first:i]); err != nil {
			return err
		}
	}
	return nil
}

func checkName(entries []entry) error {
	var total Scalar
	for i := range entries {
		e := &entries[i]
		if e.kind() != entries[0].kind() {
			return kindsDiffer(&entries[0], e)
		}
		if total > MaxScalar-e.amount {
			return overflow(e.name, total, e.amount)
		}
		total += e.amount
	}
	switch entries[0].kind() {
	case KindRanges, KindSet:
		return checkValues(entries)
	default:
		return checkDisks(entries)
	}
}

// checkValues finds a value or an item that two entries have: reserved to two
// roles, for example.
func checkValues(entries []entry) error {
	all := make([]entry, len(entries))
	for i, e := range entries {
		all[i] = entry{e.name, e.amount, &more{e.more.ranges, &rare{set: e.more.rare.set}}}
	}
	_, err := merge(all)
	return err
}

// checkDisks finds a mount disk or a volume that two entries have.
func checkDisks(entries []entry) error {
	var mounts, volumes map[string]bool
	for i := range entries {
		e := &entries[i]
		if d := e.more.rare.disk; d != nil && d.Kind == DiskMount {
			if mounts[d.Path] {
				return fmt.Errorf("%w: mount disk %q", ErrTwice, excerpt(d.Path))
			}
			mounts = with(mounts, d.Path)
		}
		if v := e.volume(); v != nil {
			id := string(appendWord(appendWord(nil, e.role()), v.ID))
			if volumes[id] {
				return fmt.Errorf("%w: volume %q of role %q", ErrTwice, excerpt(v.ID), excerpt(e.role()))
			}
			volumes = with(volumes, id)
		}
	}
	return nil
}

func with(set map[string]bool, key string) map[string]bool {
	if set == nil {
		set = make(map[string]bool)
	}
	set[key] = true
	return set
}

func kindsDiffer(a, b *entry) error {
	return fmt.Errorf("%w: %s is %s and %s", ErrKind, a.name, a.kind(), b.kind())
}
