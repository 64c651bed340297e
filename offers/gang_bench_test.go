package offers_test

import (
	"testing"
	"time"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// BenchmarkTooLargeGang is a cycle while a gang waits for which the cluster is
// too small: it blocks nobody, and costs next to nothing.
func BenchmarkTooLargeGang(b *testing.B) {
	const agents = 10_000
	c := newCluster(b)
	must(b, c.a.AddFramework(c.now, "gang", offers.Subscription{Roles: []string{"*"}}))
	d := offers.Demand{Count: 1_000_000, Gang: true}
	d.Resources = resources.MustParseQuantities("cpus:24")
	must(b, c.a.SetDemand(c.now, "gang", "*", d))
	c.addFrameworks(b, 1000, 1)
	c.addPlain(b, agents, benchTotal)
	c.declineAll(b, c.a.Advance(c.now).Offers)
	made := 0
	for b.Loop() {
		c.now = c.now.Add(7 * time.Second) // in and out of its turn
		list := c.a.Advance(c.now).Offers
		c.declineAll(b, list)
		made += len(list)
	}
	report(b, "offer", made)
}
