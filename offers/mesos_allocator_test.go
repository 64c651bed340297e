package offers_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// allocatorVectors are sequences of what Mesos's tests do to its allocator, with
// the offer that each step is to give.
type allocatorVectors struct {
	Tests []struct {
		Test              string
		ExcludedResources []string
		Steps             []allocatorStep
	}
}

type allocatorStep struct {
	Op          string
	Agent       proffer.AgentID
	Framework   proffer.FrameworkID
	Role        string
	Total       string
	ExpectOffer *expectedOffer
}

type expectedOffer struct {
	Framework proffer.FrameworkID
	Role      string
	Agent     proffer.AgentID
	All       bool
}

func TestMesosAllocator(t *testing.T) {
	runAllocatorVectors(t, filepath.Join("testdata", "allocator.json"))
}

// The same for Mesos's own sequences, where they are at hand.
func TestMesosAllocatorOfMesos(t *testing.T) {
	dir := os.Getenv("PROFFER_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(dir, "mesos_vectors", "allocator_vectors.json")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("without the real data: the sequences of Mesos are not here, PROFFER_DATA names their folder: %v", err)
	}
	if n := runAllocatorVectors(t, path); n != 5 {
		t.Errorf("%d sequences were run, want 5", n)
	}
}

func runAllocatorVectors(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	var vectors allocatorVectors
	must(t, json.Unmarshal(text, &vectors))
	for _, test := range vectors.Tests {
		t.Run(test.Test, func(t *testing.T) {
			if len(test.Steps) == 0 {
				if test.Test != "SameShareFairness" {
					t.Fatalf("%s has no steps", test.Test)
				}
				sameShareFairness(t)
				return
			}
			a, err := offers.New(offers.Config{Policy: policy.DRF(), FairnessExcluded: test.ExcludedResources, Coalesce: -1})
			must(t, err)
			now := time.Unix(0, 0)
			totals := make(map[proffer.AgentID]resources.Resources)
			for i, step := range test.Steps {
				now = now.Add(time.Millisecond)
				step.do(t, a, now, totals)
				var got []expectedOffer
				for _, o := range a.Advance(now).Offers {
					got = append(got, expectedOffer{
						Framework: o.FrameworkID, Role: o.Role, Agent: o.AgentID, All: o.Resources.Equal(totals[o.AgentID]),
					})
				}
				var want []expectedOffer
				if step.ExpectOffer != nil {
					want = append(want, *step.ExpectOffer)
					want[0].All = true // agents are offered whole
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("step %d, %s %s%s (-want +got):\n%s", i+1, step.Op, step.Agent, step.Framework, diff)
				}
			}
		})
	}
	return len(vectors.Tests)
}

func (s allocatorStep) do(t *testing.T, a *offers.Allocator, now time.Time, totals map[proffer.AgentID]resources.Resources) {
	t.Helper()
	switch s.Op {
	case "addAgent":
		totals[s.Agent] = resources.MustParse(s.Total)
		must(t, a.AddAgent(now, proffer.AgentInfo{ID: s.Agent, Resources: totals[s.Agent]}))
	case "removeAgent":
		must(t, a.RemoveAgent(now, s.Agent))
	case "addFramework":
		sub := offers.Subscription{Roles: []string{s.Role}, Capabilities: proffer.Capabilities{GPUs: true}}
		must(t, a.AddFramework(now, s.Framework, sub))
	case "removeFramework":
		must(t, a.RemoveFramework(now, s.Framework))
	default:
		t.Fatalf("unknown operation %q", s.Op)
	}
}

// sameShareFairness: frameworks of equal shares take turns.
func sameShareFairness(t *testing.T) {
	t.Helper()
	s := newStory(t, offers.Config{Policy: policy.DRF()})
	got := make(map[proffer.FrameworkID]int)
	s.offered = func(o *offers.Offer) {
		got[o.FrameworkID]++
		must(t, s.a.Decline(s.now, o.ID, offers.Filter{Refuse: offers.NoRefuse}))
	}
	s.subscribe("f1", "*")
	s.subscribe("f2", "*")
	s.addAgents(1, "cpus:2;mem:1024")
	for got["f1"]+got["f2"] < 10 {
		s.pass(time.Second)
	}
	if want := map[proffer.FrameworkID]int{"f1": 5, "f2": 5}; gocmp.Diff(want, got) != "" {
		t.Errorf("offers by framework (-want +got):\n%s", gocmp.Diff(want, got))
	}
}
