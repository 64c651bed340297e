package policy_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

func byShare(a, b *offers.Node) int {
	return cmp.Or(
		cmp.Compare(a.DominantShare(), b.DominantShare()),
		cmp.Compare(a.Allocations(), b.Allocations()),
		strings.Compare(a.Path(), b.Path()))
}

// Heaps that are kept up to date step by step give the order that sorting
// everything gives.
func TestDRFOrdersAsSortingDoes(t *testing.T) {
	for seed := range uint64(30) {
		a, s := newSpied(t, policy.DRF())
		changeAtRandom(t, seed, a, s, func(step int) {
			if diff := gocmp.Diff(naiveOrder(s.tree.Root(), byShare), s.order()); diff != "" {
				t.Fatalf("seed %d, step %d: (-want +got)\n%s", seed, step, diff)
			}
		})
	}
}

// changeAtRandom gives and takes resources at random, suppresses and revives,
// and calls check after every step.
func changeAtRandom(t *testing.T, seed uint64, a *offers.Allocator, s *spy, check func(step int)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	now := time.Unix(0, 0)
	roles := []string{"a", "a/b", "a/c", "b", "b/c/d", "*"}
	must(t, a.SetWeight("a", 2))
	must(t, a.SetWeight("b/c", 0.5))
	type holding struct {
		agent proffer.AgentID
		usage offers.Usage
	}
	var held []holding
	ids := make([]proffer.FrameworkID, 12)
	for i := range ids {
		ids[i] = proffer.FrameworkID(fmt.Sprintf("f%02d", i))
		must(t, a.AddFramework(now, ids[i], offers.Subscription{Roles: []string{roles[i%len(roles)]}}))
	}
	must(t, a.AddAgent(now, proffer.AgentInfo{ID: "rest", Resources: resources.MustParse("cpus:64;mem:64")}))
	s.Reset(s.tree)
	for step := range 200 {
		i := rng.IntN(len(ids))
		switch n := rng.IntN(10); {
		case n < 4:
			id := proffer.AgentID(fmt.Sprintf("a%d", step))
			r := resources.MustParse(fmt.Sprintf("cpus:%d;mem:%d", 1+rng.IntN(9), 1+rng.IntN(9)))
			u := offers.Usage{FrameworkID: ids[i], Role: roles[i%len(roles)], Resources: r}
			must(t, a.AddAgent(now, proffer.AgentInfo{ID: id, Resources: r}, u))
			held = append(held, holding{id, u})
			s.Reset(s.tree) // the total is another one
		case n < 8 && len(held) > 0:
			k := rng.IntN(len(held))
			must(t, a.Release(now, held[k].agent, held[k].usage))
			held = append(held[:k], held[k+1:]...)
		case n == 8:
			must(t, a.Suppress(now, ids[i]))
		default:
			must(t, a.Revive(now, ids[i]))
		}
		check(step)
	}
}

// Where the caller does not want to enter a role, nobody below it is yielded,
// and after yield was false nobody at all.
func TestEnterPrunesAndFalseEnds(t *testing.T) {
	for name, p := range map[string]offers.Policy{"drf": policy.DRF(), "hdrf": policy.HDRF(), "priority": policy.Priority()} {
		a, s := newSpied(t, p)
		now := time.Unix(0, 0)
		for _, role := range []string{"a", "a/b", "c"} {
			must(t, a.AddFramework(now, proffer.FrameworkID("in "+role), offers.Subscription{Roles: []string{role}}))
		}
		s.Reset(s.tree)
		var got []string
		s.Order(func(role *offers.Node) bool { return role.Path() != "a/b" }, func(n *offers.Node) bool {
			got = append(got, n.Role())
			return true
		})
		if diff := gocmp.Diff([]string{"a", "c"}, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		calls := 0
		s.Order(nil, func(*offers.Node) bool { calls++; return false })
		if calls != 1 {
			t.Errorf("%s: %d clients after the answer was false, want none", name, calls-1)
		}
	}
}
