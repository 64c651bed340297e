package offers_test

import (
	"container/heap"
	"fmt"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// benchAgent is the agent of Mesos's allocator benchmarks: of its resources
// many are in use, the ports in 16 ranges.
const (
	benchAgents     = 10_000
	benchFrameworks = 1_000
	benchTotal      = "cpus:24;mem:4096;disk:4096;ports:[31000-32000]"
	benchUsed       = "cpus:16;mem:2014;disk:1024;ports:[31000-31002,31010-31012,31020-31022,31030-31032," +
		"31040-31042,31050-31052,31060-31062,31070-31072,31080-31082,31090-31092,31100-31102,31110-31112," +
		"31120-31122,31130-31132,31140-31142,31150-31152]"
)

// BenchmarkCycle is a full allocation cycle: every agent is offered to some
// framework, then every offer is declined. The floor of the same run is a bare
// heap of shares that gives each agent to the smallest.
func BenchmarkCycle(b *testing.B) {
	b.Run("proffer", func(b *testing.B) {
		now := time.Unix(0, 0)
		a, err := offers.New(offers.Config{Policy: policy.DRF(), Coalesce: -1, OfferTimeout: -1})
		if err != nil {
			b.Fatal(err)
		}
		used := resources.MustParse(benchUsed)
		for i := range benchAgents {
			info := proffer.AgentInfo{
				ID: proffer.AgentID(fmt.Sprintf("agent-%d", i)), Hostname: fmt.Sprintf("host-%d", i),
				Resources: resources.MustParse(benchTotal),
			}
			owner := proffer.FrameworkID(fmt.Sprintf("framework-%d", i%benchFrameworks))
			if err := a.AddAgent(now, info, offers.Usage{FrameworkID: owner, Role: "*", Resources: used}); err != nil {
				b.Fatal(err)
			}
		}
		for i := range benchFrameworks {
			id := proffer.FrameworkID(fmt.Sprintf("framework-%d", i))
			if err := a.AddFramework(now, id, offers.Subscription{Roles: []string{"*"}}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		made := 0
		for b.Loop() {
			now = now.Add(time.Hour) // past the filters of the last cycle
			cycle := a.Advance(now).Offers
			if len(cycle) != benchAgents {
				b.Fatalf("%d offers, want one an agent, %d", len(cycle), benchAgents)
			}
			for _, o := range cycle {
				if err := a.Decline(now, o.ID, offers.Filter{}); err != nil {
					b.Fatal(err)
				}
			}
			made += len(cycle)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(made), "ns/offer")
	})
	b.Run("floor", func(b *testing.B) {
		shares := make(floorHeap, benchFrameworks)
		made := 0
		for b.Loop() {
			for range benchAgents {
				shares[0] += 1.0 / benchAgents
				heap.Fix(&shares, 0)
				made++
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(made), "ns/offer")
	})
}

type floorHeap []float64

func (h floorHeap) Len() int           { return len(h) }
func (h floorHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h floorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *floorHeap) Push(any)          {}
func (h *floorHeap) Pop() any          { return nil }
