package offers_test

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// exampleAllocator has two agents.
func exampleAllocator(cfg offers.Config) (*offers.Allocator, time.Time) {
	cfg.Coalesce = -1
	if cfg.Policy == nil {
		cfg.Policy = policy.DRF()
	}
	a, err := offers.New(cfg)
	if err != nil {
		panic(err)
	}
	now := time.Unix(0, 0)
	for _, id := range []proffer.AgentID{"agent-1", "agent-2"} {
		info := proffer.AgentInfo{ID: id, Hostname: "host", Resources: resources.MustParse("cpus:4;mem:4096")}
		if err := a.AddAgent(now, info); err != nil {
			panic(err)
		}
	}
	return a, now
}

// A framework that states its demand is offered that, and no more.
func ExampleAllocator_SetDemand() {
	a, now := exampleAllocator(offers.Config{AgentOrder: policy.Binpack()})
	_ = a.AddFramework(now, "web", offers.Subscription{Roles: []string{"*"}, Suppressed: []string{"*"}})
	demand := offers.Demand{Count: 5}
	demand.Resources = resources.MustParseQuantities("cpus:1;mem:512")
	if err := a.SetDemand(now, "web", "*", demand); err != nil {
		fmt.Println(err)
	}
	for _, o := range a.Advance(now).Offers {
		fmt.Println(o)
		_ = a.Accept(now, []proffer.OfferID{o.ID}, o.Resources, offers.Filter{})
	}
	why, _ := a.Explain("web", resources.MustParse("cpus:1;mem:512"))
	fmt.Println(why.Agents[1])
	// Output:
	// o1: agent-1 (host) for role *: cpus:4;mem:2048
	// o2: agent-2 (host) for role *: cpus:1;mem:512
	// agent-2 (host), role *: not among the stated demand
}

// The tasks of a gang are offered places together or not at all.
func ExampleDemand_gang() {
	a, now := exampleAllocator(offers.Config{AgentOrder: policy.Binpack()})
	_ = a.AddFramework(now, "mpi", offers.Subscription{Roles: []string{"*"}, Suppressed: []string{"*"}})
	gang := offers.Demand{Count: 10, Gang: true}
	gang.Resources = resources.MustParseQuantities("cpus:1")
	_ = a.SetDemand(now, "mpi", "*", gang)
	fmt.Println(len(a.Advance(now).Offers), "offers for ten tasks on eight CPUs")

	_ = a.AddAgent(now, proffer.AgentInfo{ID: "agent-3", Hostname: "host", Resources: resources.MustParse("cpus:2")})
	var answers []offers.Answer
	for _, o := range a.Advance(now).Offers {
		fmt.Println(o)
		answers = append(answers, offers.Answer{OfferIDs: []proffer.OfferID{o.ID}, Used: o.Resources})
	}
	fmt.Println("accept all:", a.AcceptAll(now, answers...))
	// Output:
	// 0 offers for ten tasks on eight CPUs
	// o1: agent-3 (host) for role *: cpus:2
	// o2: agent-1 (host) for role *: cpus:4
	// o3: agent-2 (host) for role *: cpus:4
	// accept all: <nil>
}

// A guarantee is kept free; a limit holds for the roles below, too.
func ExampleAllocator_SetQuotas() {
	a, now := exampleAllocator(offers.Config{Seed: 1})
	err := a.SetQuotas(now, map[string]offers.Quota{
		"prod": {Guarantee: resources.MustParseQuantities("cpus:3")},
		"ci":   {Limit: map[string]resources.Scalar{"cpus": 2 * resources.Unit}},
	})
	fmt.Println(err)
	_ = a.AddFramework(now, "tests", offers.Subscription{Roles: []string{"ci/tests"}})
	_ = a.AddFramework(now, "batch", offers.Subscription{Roles: []string{"batch"}})
	for _, o := range a.Advance(now).Offers {
		fmt.Println(o)
	}
	why, _ := a.Explain("tests", resources.MustParse("cpus:3"))
	fmt.Println(why.Agents[0].Reasons[0])
	// Output:
	// <nil>
	// o1: agent-1 (host) for role batch: cpus:4;mem:4096
	// o2: agent-2 (host) for role ci/tests: cpus:1;mem:4096
	// limit reached of role ci, short by cpus:2
}

// Resources are reserved, and a volume made, by the answer that uses them.
func ExampleConvert() {
	a, now := exampleAllocator(offers.Config{})
	_ = a.AddFramework(now, "db", offers.Subscription{Roles: []string{"eng"}})
	o := a.Advance(now).Offers[0]
	reserve := offers.Reserve{
		Resources: resources.MustParse("cpus:1"),
		By:        resources.Reservation{Role: "eng", Dynamic: true},
	}
	v, err := offers.Convert(reserve, o.Role)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Consumed, "becomes", v.Converted)
	answer := offers.Answer{OfferIDs: []proffer.OfferID{o.ID}, Conversions: []offers.Conversion{v}, Used: v.Converted}
	fmt.Println(a.AcceptAll(now, answer))
	// Output:
	// cpus:1 becomes cpus(+eng):1
	// <nil>
}
