package resources

import "fmt"

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
	var err error
	for i := range entries {
		e := &entries[i]
		if e.kind() != entries[0].kind() {
			return kindsDiffer(&entries[0], e)
		}
		if total, err = sum(e.name, total, e.amount); err != nil {
			return err
		}
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
		all[i] = entry{name: e.name, amount: e.amount, ranges: e.ranges}
		if set := e.set(); set != nil {
			all[i].rare = &rare{set: set}
		}
	}
	_, err := merge(all)
	return err
}

// checkDisks finds a mount disk or a volume that two entries have.
func checkDisks(entries []entry) error {
	var mounts, volumes map[string]bool
	for i := range entries {
		e := &entries[i]
		if e.rare == nil || e.rare.disk == nil {
			continue
		}
		if d := e.rare.disk; d.Kind == DiskMount {
			if mounts[d.Path] {
				return fmt.Errorf("%w: mount disk %q", ErrTwice, excerpt(d.Path))
			}
			mounts = with(mounts, d.Path)
		}
		if v := e.rare.disk.Volume; v != nil {
			id := string(appendWord(appendWord(nil, e.rare.role()), v.ID))
			if volumes[id] {
				return fmt.Errorf("%w: volume %q of role %q", ErrTwice, excerpt(v.ID), excerpt(e.rare.role()))
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
