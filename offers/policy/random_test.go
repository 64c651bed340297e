package policy_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
)

// Mesos's table of how often each of five clients of weights 1 to 5 comes at
// each position (sorter_tests.cpp): the first places are .07 .13 .20 .27 .33.
// The others are worked out by adding up all permutations.
func TestRandomPositions(t *testing.T) {
	const seed, draws = 42, 60_000
	a, s := newSpied(t, policy.Random(seed))
	now := time.Unix(0, 0)
	for i := range 5 {
		role := fmt.Sprintf("w%d", i+1)
		must(t, a.SetWeight(role, float64(i+1)))
		must(t, a.AddFramework(now, proffer.FrameworkID(role), offers.Subscription{Roles: []string{role}}))
	}
	s.Reset(s.tree)
	var counts [5][5]int // by position, then weight
	for range draws {
		for position, id := range s.order() {
			counts[position][id[1]-'1']++
		}
	}
	var want [5][5]float64
	permute([]float64{1, 2, 3, 4, 5}, nil, 1, &want)
	for w, first := range []float64{0.07, 0.13, 0.20, 0.27, 0.33} {
		if math.Abs(want[0][w]-first) > 0.005 {
			t.Fatalf("the oracle gives %.3f for the weight %d, Mesos %.2f", want[0][w], w+1, first)
		}
	}
	for position := range want {
		chi := 0.0
		for w, p := range want[position] {
			expected := p * draws
			chi += (float64(counts[position][w]) - expected) * (float64(counts[position][w]) - expected) / expected
		}
		// 4 degrees of freedom: above 23.5 once in 10,000 times.
		if chi > 23.5 {
			t.Errorf("seed %d, position %d: counts %v, chi-square %.1f is above 23.5", seed, position, counts[position], chi)
		}
	}
}

// permute adds the chance of every order to the table.
func permute(weights []float64, taken []int, chance float64, table *[5][5]float64) {
	left := 0.0
	for i, w := range weights {
		if !slices.Contains(taken, i) {
			left += w
		}
	}
	for i, w := range weights {
		if !slices.Contains(taken, i) {
			table[len(taken)][i] += chance * w / left
			permute(weights, append(slices.Clip(taken), i), chance*w/left, table)
		}
	}
}

// The chance of a role is divided among those below it, and again when one of
// them wants nothing any more.
func TestRandomDividesWeights(t *testing.T) {
	const seed, draws = 7, 30_000
	a, s := newSpied(t, policy.Random(seed))
	now := time.Unix(0, 0)
	must(t, a.SetWeight("b", 2))
	must(t, a.SetWeight("a/x", 3))
	for _, role := range []string{"a", "a/x", "a/y", "b"} {
		must(t, a.AddFramework(now, proffer.FrameworkID(role), offers.Subscription{Roles: []string{role}}))
	}
	s.Reset(s.tree)
	check := func(want map[string]float64) {
		t.Helper()
		firsts := map[string]int{}
		for range draws {
			s.Order(nil, func(n *offers.Node) bool {
				firsts[n.Role()]++
				return false
			})
		}
		for role, p := range want {
			got := float64(firsts[role]) / draws
			if bound := 4 * math.Sqrt(p*(1-p)/draws); math.Abs(got-p) > bound {
				t.Errorf("seed %d: role %s is first in %.3f of draws, want %.3f ± %.3f", seed, role, got, p, bound)
			}
		}
	}
	check(map[string]float64{"a": 1.0 / 15, "a/x": 3.0 / 15, "a/y": 1.0 / 15, "b": 2.0 / 3})
	must(t, a.Suppress(now, "a/x"))
	check(map[string]float64{"a": 1.0 / 6, "a/x": 0, "a/y": 1.0 / 6, "b": 2.0 / 3})
	must(t, a.Suppress(now, "b"))
	check(map[string]float64{"a": 0.5, "a/y": 0.5, "b": 0})
}

func TestRandomIsOfItsSeed(t *testing.T) {
	run := func(seed uint64) string {
		a, s := newSpied(t, policy.Random(seed))
		for i := range 20 {
			must(t, a.AddFramework(time.Unix(0, 0), proffer.FrameworkID(fmt.Sprint(i)), offers.Subscription{Roles: []string{"*"}}))
		}
		s.Reset(s.tree)
		return fmt.Sprint(s.order(), s.order())
	}
	first := run(1)
	if again := run(1); again != first {
		t.Errorf("the same seed gives two orders: %s and %s", first, again)
	}
	if run(2) == first {
		t.Error("two seeds give the same order")
	}
}
