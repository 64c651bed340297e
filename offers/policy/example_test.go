package policy_test

import (
	"cmp"
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// A policy of one's own: whoever has had the fewest offers goes first.
func ExampleSorted() {
	fewestOffers := policy.Sorted(func(a, b *offers.Node) int {
		return cmp.Compare(a.Allocations(), b.Allocations())
	})
	offerThree(fewestOffers)
	// Output:
	// agent-1 to first
	// agent-2 to second
	// agent-3 to first
}

func ExampleDRF() {
	offerThree(policy.DRF()) // agent-1 is so large that the second catches up with two others
	// Output:
	// agent-1 to first
	// agent-2 to second
	// agent-3 to second
}

func ExampleFIFO() {
	offerThree(policy.FIFO())
	// Output:
	// agent-1 to first
	// agent-2 to first
	// agent-3 to first
}

// strict is a policy written in full: one framework before all others.
type strict struct {
	favourite proffer.FrameworkID
	tree      *offers.Tree
}

func (s *strict) Reset(t *offers.Tree) { s.tree = t }
func (s *strict) Changed(*offers.Node) {}
func (s *strict) Order(_, yield func(*offers.Node) bool) {
	for _, favoured := range []bool{true, false} {
		for client := range s.tree.Clients() {
			if (client.Framework() == s.favourite) == favoured && !yield(client) {
				return
			}
		}
	}
}

func Example_ownPolicy() {
	offerThree(&strict{favourite: "second"})
	// Output:
	// agent-1 to second
	// agent-2 to second
	// agent-3 to second
}

// offerThree has a policy decide about a large agent and two small ones.
func offerThree(p offers.Policy) {
	now := time.Unix(0, 0)
	a, err := offers.New(offers.Config{Policy: p, Coalesce: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range []proffer.FrameworkID{"first", "second"} {
		_ = a.AddFramework(now, id, offers.Subscription{Roles: []string{"*"}})
	}
	for i, cpus := range []string{"cpus:8", "cpus:1", "cpus:1"} {
		id := proffer.AgentID(fmt.Sprintf("agent-%d", i+1))
		_ = a.AddAgent(now, proffer.AgentInfo{ID: id, Resources: resources.MustParse(cpus)})
		made := a.Advance(now).Offers
		for _, o := range made {
			fmt.Println(o.AgentID, "to", o.FrameworkID)
		}
	}
}
