package resources

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRangesTake(t *testing.T) {
	ports := MustParse("ports:[10-12,20-21]").Ports()
	for _, test := range []struct {
		n    uint64
		want string
		ok   bool
	}{
		{0, "[]", true},
		{2, "[10-11]", true},
		{3, "[10-12]", true},
		{4, "[10-12,20-20]", true},
		{5, "[10-12,20-21]", true},
		{6, "[10-12,20-21]", false},
		{math.MaxUint64, "[10-12,20-21]", false},
	} {
		got, ok := ports.Take(test.n)
		if got.String() != test.want || ok != test.ok {
			t.Errorf("Take(%d) = %v, %v; want %v, %v", test.n, got, ok, test.want, test.ok)
		}
	}
	if got, ok := (Ranges{{0, math.MaxUint64}}).Take(math.MaxUint64); !ok || got[0].End != math.MaxUint64-1 {
		t.Errorf("Take of everything but one = %v, %v", got, ok)
	}
}

func TestRangesValues(t *testing.T) {
	want := []uint64{1, 2, 5, math.MaxUint64}
	r := Ranges{{1, 2}, {5, 5}, {math.MaxUint64, math.MaxUint64}}
	if diff := cmp.Diff(want, slices.Collect(r.Values())); diff != "" {
		t.Errorf("Values (-want +got):\n%s", diff)
	}
	for range r.Values() {
		break // must not panic
	}
	backwards := Ranges{{5, 3}}
	if taken, ok := backwards.Take(1); ok || taken != nil || backwards.Count() != 0 || len(slices.Collect(backwards.Values())) != 0 {
		t.Error("a range that ends before it begins has values")
	}
	if r.Count() != 4 || !r.Contains(5) || r.Contains(3) {
		t.Errorf("Count() = %d, Contains(5) = %v, Contains(3) = %v", r.Count(), r.Contains(5), r.Contains(3))
	}
}

// The operations on ranges must agree with those on a bitmap.
func TestRangesAgainstBitmap(t *testing.T) {
	bitmap := func(r Ranges) (bits uint64) {
		for v := range r.Values() {
			bits |= 1 << v
		}
		return bits
	}
	ranges := func(bits uint64) (r Ranges) {
		for v := range uint64(64) {
			if bits>>v&1 == 1 {
				r = append(r, Range{v, v})
			}
		}
		r, _, err := r.canonical()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	rnd := seeded(t)
	for range 20_000 {
		// Two ANDed or ORed words give sparse and dense ones.
		x, y := rnd.Uint64()&rnd.Uint64(), rnd.Uint64()&rnd.Uint64()&rnd.Uint64()
		if rnd.IntN(2) == 0 {
			x, y = rnd.Uint64()|rnd.Uint64(), rnd.Uint64()|x
		}
		a, b := ranges(x), ranges(y)
		if got := bitmap(a); got != x {
			t.Fatalf("canonical of %b has %b", x, got)
		}
		if got := bitmap(a.common(b)); got != x&y {
			t.Fatalf("common of %v and %v = %b", a, b, got)
		}
		if rest, amount := a.minus(nil, b); bitmap(rest) != x&^y || amount != Scalar(rest.Count())*Unit {
			t.Fatalf("%v minus %v = %v, %v", a, b, rest, amount)
		}
		if all, ok := a.union(nil, b); ok != (x&y == 0) || (ok && bitmap(all) != x|y) || (ok && !slices.Equal(all, ranges(x|y))) {
			t.Fatalf("union of %v and %v = %v, %v", a, b, all, ok)
		}
		if got := a.contains(b); got != (x&y == y) {
			t.Fatalf("%v contains %v = %v", a, b, got)
		}
	}
}

func TestRangesAtTheEnds(t *testing.T) {
	const top = math.MaxUint64
	r := MustParse("x:[0-1,18446744073709551614-18446744073709551615]")
	diff, ok := r.Sub(MustParse("x:[0,18446744073709551615]"))
	if want := "x:[1-1,18446744073709551614-18446744073709551614]"; !ok || diff.String() != want {
		t.Errorf("Sub = %v, %v; want %s", diff, ok, want)
	}
	back, err := diff.Add(MustParse("x:[0,18446744073709551615]"))
	if err != nil || !back.Equal(r) {
		t.Errorf("Add = %v, %v; want %v", back, err, r)
	}
	_, err = New(Resource{Name: "x", Kind: KindRanges, Ranges: Ranges{{0, top}}})
	checkError(t, "all values", err, ErrInvalid,
		`resources: invalid: resource "x": range 0-18446744073709551615 has too many values: at most 9223372036854775 in all`)
	_, err = Parse("x:[0-9223372036854774];x:[9223372036854775-9223372036854775]")
	checkError(t, "one too many", err, ErrOverflow, "resources: overflow: x: 9223372036854775 plus 1 is more than 9223372036854775.807")
}
