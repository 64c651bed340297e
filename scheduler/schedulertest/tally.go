package schedulertest

import (
	"maps"

	"github.com/proffer-go/proffer/resources"
)

// tally is how much of everything there is, without what several can use at the
// same time.
type tally map[string]resources.Scalar

func (t tally) add(r resources.Resources) { t.change(r, 1) }

func (t tally) remove(r resources.Resources) { t.change(r, -1) }

func (t tally) change(r resources.Resources, sign resources.Scalar) {
	if r.IsPlain() {
		for name, amount := range r.Amounts() {
			t[name] += sign * amount
		}
		return
	}
	for x := range r.All() {
		switch {
		case x.Shared:
		case x.Kind == resources.KindScalar:
			t[x.Name] += sign * x.Scalar
		case x.Kind == resources.KindRanges:
			t[x.Name] += sign * resources.Scalar(x.Ranges.Count()) * resources.Unit
		case x.Kind == resources.KindSet:
			t[x.Name] += sign * resources.Scalar(len(x.Set)) * resources.Unit
		}
	}
}

// within reports whether has is at least both together.
func (t tally) within(o tally, has resources.Resources) bool {
	for name, amount := range t {
		if amount+o[name] > amountOf(has, name) {
			return false
		}
	}
	for name, amount := range o {
		if amount > amountOf(has, name) {
			return false
		}
	}
	return true
}

func amountOf(r resources.Resources, name string) resources.Scalar {
	for n, amount := range r.Amounts() {
		if n == name {
			return amount
		}
	}
	return 0
}

// plus returns both together, for people.
func (t tally) plus(o tally) resources.Quantities {
	sum := maps.Clone(t)
	for name, amount := range o {
		if sum == nil {
			sum = make(tally)
		}
		sum[name] += amount
	}
	var q resources.Quantities
	for name, amount := range sum {
		if more, err := q.Add(resources.QuantityOf(name, amount)); err == nil {
			q = more
		}
	}
	return q
}
