package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// user runs as many tasks of one shape as it can.
type user struct {
	id    proffer.FrameworkID
	task  resources.Resources
	tasks int
}

// fill lets users take one task at a time, each time the one that the policy
// offers to first, until nobody's task fits. It returns the order of picks.
func fill(t *testing.T, p offers.Policy, capacity string, weights map[string]float64, users ...*user) string {
	t.Helper()
	a, err := offers.New(offers.Config{Policy: p, Coalesce: -1, MinAllocatable: []resources.Quantities{}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	byID := make(map[proffer.FrameworkID]*user)
	for role, w := range weights {
		if err := a.SetWeight(role, w); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range users {
		byID[u.id] = u
		if err := a.AddFramework(now, u.id, offers.Subscription{Roles: []string{string(u.id)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.AddAgent(now, proffer.AgentInfo{ID: "a1", Resources: resources.MustParse(capacity)}); err != nil {
		t.Fatal(err)
	}
	var picks strings.Builder
	for idle := 0; idle < 3; idle++ {
		made := a.Advance(now).Offers
		for first := true; len(made) > 0; made = a.Advance(now).Offers {
			o := made[0]
			u := byID[o.FrameworkID]
			if first && o.Resources.Contains(u.task) {
				if err := a.Accept(now, []proffer.OfferID{o.ID}, u.task, offers.Filter{Refuse: offers.NoRefuse}); err != nil {
					t.Fatal(err)
				}
				u.tasks++
				picks.WriteString(string(u.id))
				first, idle = false, 0
				continue
			}
			// Nobody else's turn before the next round, unless it cannot use it.
			first = first && !o.Resources.Contains(u.task)
			if err := a.Decline(now, o.ID, offers.Filter{Refuse: offers.NoRefuse}); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(2 * time.Second)
	}
	return picks.String()
}

// The example of the paper, section 4.1 and table 1: 9 CPUs and 18 GB; A's
// tasks need <1 CPU, 4 GB>, B's <3 CPUs, 1 GB>. DRF ends with 3 and 2 tasks,
// dominant shares of 2/3 each. The paper breaks the tie at 0:0 in favour of B;
// ours goes to the lesser name, which is given to B here.
func TestPaperExample(t *testing.T) {
	a := &user{id: "y", task: resources.MustParse("cpus:1;mem:4")}
	b := &user{id: "x", task: resources.MustParse("cpus:3;mem:1")}
	picks := fill(t, policy.DRF(), "cpus:9;mem:18", nil, a, b)
	picks = strings.NewReplacer("y", "A", "x", "B").Replace(picks)
	if want := "BAABA"; picks != want {
		t.Errorf("picks %s, want %s", picks, want)
	}
	if a.tasks != 3 || b.tasks != 2 {
		t.Errorf("A runs %d tasks, B %d, want 3 and 2", a.tasks, b.tasks)
	}
}

// The comparison with asset fairness, section 5.1: 70 CPUs and 70 GB, tasks of
// <2, 2> and <1, 2>. Asset fairness gives 15 and 20 tasks, which leaves user 1
// below half of either resource. DRF gives both at least half of something.
func TestSharingIncentive(t *testing.T) {
	u1 := &user{id: "u1", task: resources.MustParse("cpus:2;mem:2")}
	u2 := &user{id: "u2", task: resources.MustParse("cpus:1;mem:2")}
	fill(t, policy.DRF(), "cpus:70;mem:70", nil, u1, u2)
	// 35 tasks fit by memory; equal dominant shares are 17 or 18 each.
	if u1.tasks+u2.tasks != 35 || u1.tasks < 17 || u2.tasks < 17 {
		t.Errorf("u1 runs %d tasks, u2 %d, want 35 together, 17 or 18 each", u1.tasks, u2.tasks)
	}
}

func TestWeightsDivideShares(t *testing.T) {
	a := &user{id: "a", task: resources.MustParse("cpus:1")}
	b := &user{id: "b", task: resources.MustParse("cpus:1")}
	c := &user{id: "c", task: resources.MustParse("cpus:1")}
	fill(t, policy.DRF(), "cpus:12", map[string]float64{"b": 2, "c": 3}, a, b, c)
	if a.tasks != 2 || b.tasks != 4 || c.tasks != 6 {
		t.Errorf("tasks %d, %d, %d, want 2, 4, 6", a.tasks, b.tasks, c.tasks)
	}
}

func TestFIFOFillsTheFirst(t *testing.T) {
	late := &user{id: "a", task: resources.MustParse("cpus:1")}
	early := &user{id: "b", task: resources.MustParse("cpus:2")}
	fill(t, policy.FIFO(), "cpus:7", nil, early, late)
	if early.tasks != 3 || late.tasks != 1 {
		t.Errorf("the first runs %d tasks, the second %d, want 3 and 1", early.tasks, late.tasks)
	}
}
