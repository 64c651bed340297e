package offers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// BenchmarkDemand places pending tasks: every role states its demand, the
// allocator places task by task in the order of DRF (placed/s, with stating the
// demand), and every offer is accepted (accepted/s, all of it).
func BenchmarkDemand(b *testing.B) {
	const agents = 10_000
	shapes := []string{"cpus:0.5;mem:64", "cpus:1;mem:128", "cpus:0.25;mem:256", "cpus:0.1;mem:32"}
	for _, tasks := range []int{10_000, 100_000} {
		for _, roles := range []int{10, 100, 1_000, 5_000} {
			b.Run(fmt.Sprintf("tasks=%d/roles=%d", tasks, roles), func(b *testing.B) {
				placed, placing := 0, time.Duration(0)
				for b.Loop() {
					b.StopTimer()
					c := newCluster(b)
					for i := range roles {
						must(b, c.a.AddFramework(c.now, frameworkName(i), offers.Subscription{Roles: []string{roleName(i, roles)}}))
						must(b, c.a.SetDemand(c.now, frameworkName(i), roleName(i, roles)))
					}
					c.addPlain(b, agents, benchTotal)
					c.a.Advance(c.now)
					b.StartTimer()
					n, took := c.placeAll(b, tasks, roles, roles, shapes)
					placed, placing = placed+n, placing+took
				}
				report(b, "task", placed)
				b.ReportMetric(float64(placed)/placing.Seconds(), "placed/s")
				b.ReportMetric(float64(placed)/b.Elapsed().Seconds(), "accepted/s")
			})
		}
	}
}

func (c *cluster) placeAll(tb testing.TB, tasks, frameworks, roles int, shapes []string) (placed int, placing time.Duration) {
	start := time.Now()
	for i := range frameworks {
		d := offers.Demand{Count: tasks / frameworks}
		d.Resources = resources.MustParseQuantities(shapes[i%len(shapes)])
		must(tb, c.a.SetDemand(c.now, frameworkName(i), roleName(i, roles), d))
	}
	sizes := make(map[proffer.FrameworkID]resources.Scalar, frameworks)
	for i := range frameworks {
		sizes[frameworkName(i)] = resources.MustParseQuantities(shapes[i%len(shapes)]).Get("mem")
	}
	placing = time.Since(start)
	for {
		start := time.Now()
		list := c.a.Advance(c.now).Offers
		placing += time.Since(start)
		if len(list) == 0 {
			break
		}
		for _, o := range list {
			placed += int(o.Resources.Scalar("mem") / sizes[o.FrameworkID])
			if err := c.a.Accept(c.now, []proffer.OfferID{o.ID}, o.Resources, offers.Filter{}); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if placed != tasks/frameworks*frameworks {
		tb.Fatalf("%d of %d tasks were placed", placed, tasks)
	}
	return placed, placing
}
