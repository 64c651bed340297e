package resources

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random tests; 0 for a new one")

// seeded returns a source of randomness whose seed a failing test prints.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat with -seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// randomResource picks from a small world, so that resources often meet.
func randomResource(rnd *rand.Rand) Resource {
	pick := func(names ...string) string { return names[rnd.IntN(len(names))] }
	r := Resource{Name: pick("cpus", "mem", "disk", "disk", "gpus", "ports", "fpgas", "bandwidth")}
	switch r.Name {
	case "ports":
		r.Kind = KindRanges
		for range rnd.IntN(3) {
			begin := rnd.Uint64N(60)
			r.Ranges = append(r.Ranges, Range{begin, begin + rnd.Uint64N(4)})
		}
	case "fpgas":
		r.Kind = KindSet
		all := []string{"a", "b c", "ü", "d", "e;"}
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		r.Set = all[:rnd.IntN(3)]
	case "gpus":
		r.Scalar = Scalar(rnd.IntN(4)) * Unit
	default:
		r.Scalar = Scalar(rnd.IntN(3000))
	}
	if rnd.IntN(2) == 0 {
		r.Reservations = append(r.Reservations, Reservation{Role: pick("eng", "ops", "eng/a"), Dynamic: rnd.IntN(2) == 0})
		if top := &r.Reservations[0]; top.Dynamic && rnd.IntN(2) == 0 {
			top.Principal = pick("alice", "bo@b")
			top.Labels = map[string]string{pick("k", "l"): pick("", "v")}
		}
		if rnd.IntN(3) == 0 {
			r.Reservations = append(r.Reservations, Reservation{Role: r.Reservations[0].Role + "/x", Dynamic: true})
		}
	}
	last := len(r.Reservations) - 1
	r.Revocable = rnd.IntN(4) == 0 && (last < 0 || !r.Reservations[last].Dynamic)
	if r.Name == "disk" && rnd.IntN(3) > 0 {
		r.Disk = &DiskInfo{Kind: DiskKind(rnd.IntN(3))}
		if r.Disk.Kind != DiskRoot {
			r.Disk.Path = pick("/a", "/b", "/c")
		}
		if rnd.IntN(2) == 0 {
			r.Disk.Volume = &Volume{ID: pick("v", "w"), ContainerPath: "data", ReadOnly: rnd.IntN(2) == 0}
			r.Revocable = false
			r.Shared = rnd.IntN(2) == 0
			r.Scalar = Unit
		}
	}
	if r.Shared {
		r.Copies = 1 + rnd.IntN(3)
	}
	return r
}

// random returns up to n random resources that go together.
func random(t *testing.T, rnd *rand.Rand, n int) Resources {
	t.Helper()
	var all Resources
	for range rnd.IntN(n + 1) {
		x := randomResource(rnd)
		one, err := New(x)
		if err != nil {
			t.Fatalf("New(%+v): %v", x, err)
		}
		if more, err := all.Add(one); err == nil {
			all = more
		}
	}
	return all
}

// part returns a random part of r.
func part(t *testing.T, rnd *rand.Rand, r Resources) Resources {
	t.Helper()
	var some []Resource
	for x := range r.All() {
		if rnd.IntN(3) == 0 {
			continue
		}
		switch {
		case x.Shared:
			x.Copies = 1 + rnd.IntN(x.Copies)
		case x.Disk != nil && x.Disk.indivisible():
		case x.Kind == KindScalar && x.Name != GPUs:
			x.Scalar = Scalar(rnd.Int64N(int64(x.Scalar) + 1))
		case x.Kind == KindRanges:
			x.Ranges, _ = x.Ranges.Take(rnd.Uint64N(x.Ranges.Count() + 1))
		case x.Kind == KindSet:
			x.Set = x.Set[:rnd.IntN(len(x.Set)+1)]
		}
		some = append(some, x)
	}
	p, err := New(some...)
	if err != nil {
		t.Fatalf("part of %v: %v", r, err)
	}
	return p
}

func TestLawsOfAddition(t *testing.T) {
	rnd := seeded(t)
	const tries = 20_000
	added := 0
	for range tries {
		a, b, c := random(t, rnd, 5), random(t, rnd, 3), random(t, rnd, 2)
		before := fmt.Sprint(a, "|", b, "|", c)
		ab, err := a.Add(b)
		ba, err2 := b.Add(a)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%v + %v: %v one way, %v the other", a, b, err, err2)
		}
		if err != nil {
			continue
		}
		added++
		if !ab.Equal(ba) {
			t.Fatalf("%v + %v = %v, but the other way %v", a, b, ab, ba)
		}
		if diff, ok := ab.Sub(b); !ok || !diff.Equal(a) {
			t.Fatalf("%v + %v - the second = %v, %v", a, b, diff, ok)
		}
		if !ab.Contains(a) || !ab.Contains(b) {
			t.Fatalf("%v + %v = %v does not contain both", a, b, ab)
		}
		checkAssociative(t, a, b, c)
		if a.Shared().IsEmpty() || b.Shared().IsEmpty() { // copies count once
			sum, err := a.Quantities().Add(b.Quantities())
			if err != nil || !sum.Equal(ab.Quantities()) {
				t.Fatalf("quantities of %v = %v, want %v, %v", ab, ab.Quantities(), sum, err)
			}
		}
		if after := fmt.Sprint(a, "|", b, "|", c); after != before {
			t.Fatalf("operands changed from %s to %s", before, after)
		}
	}
	if added < tries/4 {
		t.Errorf("only %d of %d sums exist: the test shows little", added, tries)
	}
}

func checkAssociative(t *testing.T, a, b, c Resources) {
	t.Helper()
	left, err := a.Add(b)
	if err == nil {
		left, err = left.Add(c)
	}
	right, err2 := b.Add(c)
	if err2 == nil {
		right, err2 = a.Add(right)
	}
	if (err == nil) != (err2 == nil) || !left.Equal(right) {
		t.Fatalf("(%v + %v) + %v = %v, %v; the other way %v, %v", a, b, c, left, err, right, err2)
	}
	if all, err3 := Sum(a, b, c); (err3 == nil) != (err == nil) || !all.Equal(left) {
		t.Fatalf("Sum(%v, %v, %v) = %v, %v; want %v, %v", a, b, c, all, err3, left, err)
	}
}

func TestLawsOfContainment(t *testing.T) {
	rnd := seeded(t)
	contained := 0
	for range 20_000 {
		a := random(t, rnd, 6)
		b := part(t, rnd, a)
		c := part(t, rnd, b)
		if !a.Contains(a) || !a.Contains(b) || !b.Contains(c) || !a.Contains(c) {
			t.Fatalf("not in each other: %v, %v, %v", a, b, c)
		}
		if b.Contains(a) && !a.Equal(b) {
			t.Fatalf("in each other and not equal: %v, %v", a, b)
		}
		rest, ok := a.Sub(b)
		if !ok {
			t.Fatalf("%v - %v fails", a, b)
		}
		if back, err := rest.Add(b); err != nil || !back.Equal(a) {
			t.Fatalf("%v - %v + the second = %v, %v", a, b, back, err)
		}

		d := random(t, rnd, 2)
		_, ok = a.Sub(d)
		missing := a.Missing(d)
		if ok != a.Contains(d) || ok != missing.IsEmpty() || ok != (a.Shortage(d) == "") {
			t.Fatalf("%v and %v: Sub %v, Contains %v, Missing %v", a, d, ok, a.Contains(d), missing)
		}
		if ok && !d.IsEmpty() {
			contained++
		}
		if !d.Contains(missing) {
			t.Fatalf("%v misses %v of %v, which is more", a, missing, d)
		}
		if has, ok := d.Sub(missing); !ok || !a.Contains(has) {
			t.Fatalf("%v misses %v of %v, but not has %v", a, missing, d, has)
		}
		if ok && !a.Quantities().Contains(d.Quantities()) {
			t.Fatalf("%v contains %v but not its quantities", a, d)
		}
	}
	if contained < 100 {
		t.Errorf("only %d random resources were contained: the test shows little", contained)
	}
}

func TestRoundTrips(t *testing.T) {
	rnd := seeded(t)
	for range 20_000 {
		a := random(t, rnd, 8)
		text := a.String()
		if got, err := Parse(text); err != nil || !got.Equal(a) || got.String() != text {
			t.Fatalf("Parse(%q) = %v, %v", text, got, err)
		}
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var got Resources
		if err := json.Unmarshal(data, &got); err != nil || !got.Equal(a) {
			t.Fatalf("%s decodes as %v, %v; want %v", data, got, err, a)
		}
		var list []Resource
		var texts string
		for x := range a.All() {
			list = append(list, x)
			if texts != "" {
				texts += ";"
			}
			texts += x.String()
		}
		if got, err := New(list...); err != nil || !got.Equal(a) || len(list) != a.Len() || texts != text {
			t.Fatalf("New(All of %v) = %v, %v; texts %s", a, got, err, texts)
		}
		q := a.Quantities()
		if got, err := ParseQuantities(q.String()); err != nil || !got.Equal(q) {
			t.Fatalf("ParseQuantities(%v) = %v, %v", q, got, err)
		}
		if diff := cmp.Diff(scalarsOf(a), maps.Collect(a.Scalars())); diff != "" {
			t.Fatalf("Scalars of %v (-want +got):\n%s", a, diff)
		}
	}
}

func scalarsOf(r Resources) map[string]Scalar {
	all := make(map[string]Scalar)
	for x := range r.All() {
		if x.Kind == KindScalar {
			all[x.Name] += x.Scalar
		}
	}
	return all
}

// The parts that a predicate splits resources into add up to the whole.
func TestSelectionsAddUp(t *testing.T) {
	rnd := seeded(t)
	for range 5_000 {
		a := random(t, rnd, 8)
		for _, parts := range [][2]Resources{
			{a.Revocable(), a.NonRevocable()},
			{a.Shared(), a.NonShared()},
			{a.Reserved(), a.Unreserved()},
			{a.Named("cpus", "disk"), a.Filter(func(r Resource) bool { return r.Name != "cpus" && r.Name != "disk" })},
		} {
			if whole, err := parts[0].Add(parts[1]); err != nil || !whole.Equal(a) {
				t.Fatalf("%v and %v = %v, %v; want %v", parts[0], parts[1], whole, err, a)
			}
		}
		to := a.AllocatableTo("eng/a")
		want := a.Filter(func(r Resource) bool {
			if len(r.Reservations) == 0 {
				return true
			}
			role := r.Reservations[len(r.Reservations)-1].Role
			return role == "eng" || role == "eng/a"
		})
		if !to.Equal(want) {
			t.Fatalf("AllocatableTo(eng/a) of %v = %v, want %v", a, to, want)
		}
	}
}

func TestReserveAndBack(t *testing.T) {
	rnd := seeded(t)
	by := Reservation{Role: "eng/a/x/y", Principal: "p", Dynamic: true, Labels: map[string]string{"k": "v"}}
	reserved := 0
	for range 10_000 {
		a := random(t, rnd, 3)
		r, err := a.Reserve(by)
		if err != nil {
			continue
		}
		if !r.ReservedTo(by.Role).Equal(r) || !r.Quantities().Equal(a.Quantities()) {
			t.Fatalf("%v reserved = %v", a, r)
		}
		if back, err := r.Unreserve(); err != nil || !back.Equal(a) {
			t.Fatalf("%v unreserved = %v, %v; want %v", r, back, err, a)
		}
		if !a.IsEmpty() {
			reserved++
		}
	}
	if reserved < 500 {
		t.Errorf("only %d were reserved: the test shows little", reserved)
	}
}

// What Find finds is there, is as much as wanted, and it fails only where the
// amounts that it may use are too small.
func TestFindProperties(t *testing.T) {
	rnd := seeded(t)
	found := 0
	for range 20_000 {
		a := random(t, rnd, 8)
		want, err := part(t, rnd, a).unreserved()
		if err != nil {
			continue
		}
		got, ok := a.Find(want)
		plain := a.Filter(func(r Resource) bool { return r.Disk == nil && !r.Revocable })
		exact := want.Filter(func(r Resource) bool { return r.Disk != nil || r.Revocable })
		if !ok {
			if a.Contains(exact) && mustUnreserve(t, plain).Contains(want.Filter(func(r Resource) bool { return r.Disk == nil && !r.Revocable })) {
				t.Fatalf("%v: found no %v", a, want)
			}
			continue
		}
		if !want.IsEmpty() {
			found++
		}
		if !a.Contains(got) || !got.Quantities().Equal(want.Quantities()) || !got.Contains(exact) {
			t.Fatalf("%v: found %v, want %v", a, got, want)
		}
	}
	if found < 2_000 {
		t.Errorf("only %d were found: the test shows little", found)
	}
}

// unreserved drops every reservation, which has no public form: whose it is
// would be lost.
func (r Resources) unreserved() (Resources, error) {
	var list []Resource
	for x := range r.All() {
		x.Reservations = nil
		list = append(list, x)
	}
	return New(list...)
}

func mustUnreserve(t *testing.T, r Resources) Resources {
	t.Helper()
	plain, err := r.unreserved()
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
