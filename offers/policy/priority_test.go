package policy_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// The greater priority goes first, at every level, whatever it has; a role's own
// frameworks have the priority 0 beside its sub-roles.
func TestPriorityGoesFirst(t *testing.T) {
	a, s := newSpied(t, policy.Priority())
	now := time.Unix(0, 0)
	for role, priority := range map[string]int{"high": 7, "low": -1, "b": 1, "b/above": 2, "b/below": -2} {
		must(t, a.SetPriority(role, priority))
	}
	for _, role := range []string{"low", "a", "b", "b/below", "b/above", "b/equal", "high"} {
		must(t, a.AddFramework(now, proffer.FrameworkID(role), offers.Subscription{Roles: []string{role}}))
	}
	r := resources.MustParse("cpus:4")
	for _, role := range []string{"high", "b", "b/above"} {
		u := offers.Usage{FrameworkID: proffer.FrameworkID(role), Role: role, Resources: r}
		must(t, a.AddAgent(now, proffer.AgentInfo{ID: proffer.AgentID(role), Resources: r}, u))
	}
	s.Reset(s.tree)
	want := []string{"high", "b/above", "b/equal", "b", "b/below", "a", "low"}
	if diff := gocmp.Diff(want, s.order()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	must(t, a.Suppress(now, "high"))
	if diff := gocmp.Diff(want[1:], s.order()); diff != "" {
		t.Errorf("after the first one wants nothing (-want +got)\n%s", diff)
	}
}

// Without priorities strict priority is DRF.
func TestPriorityAmongEqualsIsDRF(t *testing.T) {
	a, s := newSpied(t, policy.Priority())
	changeAtRandom(t, 3, a, s, func(step int) {
		if diff := gocmp.Diff(naiveOrder(s.tree.Root(), byShare), s.order()); diff != "" {
			t.Fatalf("step %d: (-want +got)\n%s", step, diff)
		}
	})
}

// FIFO goes by arrival across roles, and passes over those that want nothing
// without forgetting their place.
func TestFIFOKeepsPlaces(t *testing.T) {
	a, s := newSpied(t, policy.FIFO())
	now := time.Unix(0, 0)
	for _, f := range []struct{ id, role string }{{"1", "b"}, {"2", "a"}, {"3", "b"}, {"4", "a/c"}} {
		must(t, a.AddFramework(now, proffer.FrameworkID(f.id), offers.Subscription{Roles: []string{f.role}}))
	}
	s.Reset(s.tree)
	expect := func(want ...string) {
		t.Helper()
		if diff := gocmp.Diff(want, s.order()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	expect("1", "2", "3", "4")
	must(t, a.Suppress(now, "2"))
	must(t, a.Suppress(now, "1"))
	expect("3", "4")
	must(t, a.Revive(now, "2"))
	expect("2", "3", "4")
	must(t, a.AddAgent(now, proffer.AgentInfo{ID: "a", Resources: resources.MustParse("cpus:1")},
		offers.Usage{FrameworkID: "2", Role: "a", Resources: resources.MustParse("cpus:1")}))
	expect("2", "3", "4") // what somebody has makes no difference
}
