package resources

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
		if len(a) == 0 || compare(&a[0], &w) != 0 || w.lack(&a[0]) {
			missing = append(missing, w)
		}
	}
	return Resources{missing}
}

// Shortage says in words why r does not contain want, naming only what is
// short: "has cpus:2, needs cpus:3". It is empty when r contains want.
func (r Resources) Shortage(want Resources) string {
	missing := r.Missing(want)
	if missing.IsEmpty() {
		return ""
	}
	short := func(e *entry) bool {
		for i := range missing.entries {
			if missing.entries[i].name == e.name {
				return true
			}
		}
		return false
	}
	have := r.filter(short).String()
	if have == "" {
		have = "none"
	}
	return "has " + have + ", needs " + want.filter(short).String()
}

// lack leaves in e what o, which merges with it, does not have of it; it
// reports whether that is anything.
func (e *entry) lack(o *entry) bool {
	switch {
	case o.contains(e):
		return false
	case e.kind() != o.kind():
	case !e.indivisible():
		e.cut(o)
	case e.amount == o.amount:
		e.setCopies(e.more.rare.copies - o.more.rare.copies)
	}
	return true
}
