package offers_test

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// The allocator can be used on its own: it has no goroutine and no clock, the
// caller tells it the time.
func ExampleAllocator() {
	a, err := offers.New(offers.Config{Policy: policy.DRF()})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Unix(0, 0)
	_ = a.AddAgent(now, proffer.AgentInfo{ID: "agent-1", Hostname: "host-1", Resources: resources.MustParse("cpus:4;mem:4096")})
	_ = a.AddFramework(now, "web", offers.Subscription{Roles: []string{"*"}})

	now, _ = a.Deadline() // a little later: changes are gathered
	made := a.Advance(now).Offers
	fmt.Println(made[0])

	// Use a part; the rest is declined for a minute.
	err = a.Accept(now, []proffer.OfferID{made[0].ID}, resources.MustParse("cpus:1;mem:512"), offers.Filter{Refuse: time.Minute})
	fmt.Println("accept:", err)

	// The task ends: what it used is offered again, at once.
	err = a.Release(now, "agent-1", offers.Usage{FrameworkID: "web", Role: "*", Resources: resources.MustParse("cpus:1;mem:512")})
	fmt.Println("release:", err)
	now, _ = a.Deadline()
	made = a.Advance(now).Offers
	fmt.Println(made[0])
	// Output:
	// o1: agent-1 (host-1) for role *: cpus:4;mem:4096
	// accept: <nil>
	// release: <nil>
	// o2: agent-1 (host-1) for role *: cpus:4;mem:4096
}

// Why is nothing offered?
func ExampleAllocator_Explain() {
	a, _ := offers.New(offers.Config{Policy: policy.DRF(), Coalesce: -1})
	now := time.Unix(0, 0)
	_ = a.AddAgent(now, proffer.AgentInfo{ID: "agent-1", Hostname: "host-1", Resources: resources.MustParse("cpus:4;mem:4096")})
	_ = a.AddAgent(now, proffer.AgentInfo{ID: "agent-2", Hostname: "host-2", Resources: resources.MustParse("cpus:1;mem:8192")})
	_ = a.AddFramework(now, "web", offers.Subscription{Roles: []string{"*"}})
	made := a.Advance(now).Offers
	for _, o := range made {
		_ = a.Decline(now, o.ID, offers.Filter{Refuse: time.Hour})
	}
	why, _ := a.Explain("web", resources.MustParse("cpus:2;mem:6000"))
	fmt.Println(why)
	why, _ = a.Explain("web", resources.MustParse("cpus:2"))
	fmt.Println(why)
	// Output:
	// framework web wants cpus:2;mem:6000
	//   agent-1 (host-1), role *: agent is too small, short by mem:1904
	//   agent-2 (host-2), role *: agent is too small, short by cpus:1
	// framework web wants cpus:2
	//   agent-1 (host-1), role *: declined, filter lasts until 01:00:00.000
	//   agent-2 (host-2), role *: agent is too small, short by cpus:1
}
