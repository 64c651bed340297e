package resources

import (
	"slices"
	"strings"
)

// Find picks from r what does for want, as a framework does that has both
// reserved and unreserved resources in an offer. What is plain in want may be
// reserved or not in r: reserved is taken first, and of that the innermost.
// Revocable and shared resources, volumes and path and mount disks are picked
// only where want names them exactly. ok is false when r has not enough; else
// r contains what is found, and its [Quantities] are those of want.
func (r Resources) Find(want Resources) (found Resources, ok bool) {
	exact := want.filter(func(e *entry) bool { return e.more.rare.key != "" })
	rest, ok := r.Sub(exact)
	if !ok {
		return Resources{}, false
	}
	picked := append([]entry(nil), exact.entries...)
	for _, w := range want.entries {
		if w.more.rare.key != "" {
			continue
		}
		// Backwards, because keys sort what is unreserved first and what is
		// refined last.
		for _, e := range slices.Backward(rest.named(w.name)) {
			if w.amount == 0 {
				break
			}
			if e.kind() == w.kind() && e.divisibleAndKept() {
				if part := w.take(&e); part.amount > 0 {
					picked = append(picked, part)
				}
			}
		}
		if w.amount > 0 {
			return Resources{}, false
		}
	}
	found, err := build(picked)
	return found, err == nil
}

// named returns the entries of one name.
func (r Resources) named(name string) []entry {
	byName := func(e entry, name string) int { return strings.Compare(e.name, name) }
	first, _ := slices.BinarySearchFunc(r.entries, name, byName)
	end := first
	for end < len(r.entries) && r.entries[end].name == name {
		end++
	}
	return r.entries[first:end]
}

// divisibleAndKept reports whether e is, but for its reservations, plain.
func (e *entry) divisibleAndKept() bool {
	x := e.more.rare
	return x.disk == nil && !x.revocable
}

// take moves what it can of the value of from, which stays as it is, out of
// the wanted e into the entry that it returns.
func (e *entry) take(from *entry) entry {
	part := *from
	switch e.kind() {
	case KindRanges:
		common := from.more.ranges.common(e.more.ranges)
		part.setRanges(common, Scalar(common.Count())*Unit)
	case KindSet:
		others := minusSet(from.more.rare.set, e.more.rare.set)
		part.setItems(minusSet(from.more.rare.set, others))
	default:
		part.amount = min(from.amount, e.amount)
	}
	if part.amount == e.amount {
		e.amount = 0
	} else if part.amount > 0 {
		e.cut(&part)
	}
	return part
}
