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

// treeOf is a policy that shows the tree which it is given.
type treeOf struct {
	offers.Policy
	tree *offers.Tree
}

func (p *treeOf) Reset(t *offers.Tree) {
	p.tree = t
	p.Policy.Reset(t)
}

// BenchmarkPolicy is one decision: somebody was given something, and who is
// next? The frameworks are in one role, or each in one of its own. The floor is
// a bare heap of shares.
func BenchmarkPolicy(b *testing.B) {
	for _, frameworks := range []int{1_000, 5_000} {
		for _, roles := range []int{1, frameworks} {
			for _, p := range []struct {
				name string
				make func() offers.Policy
			}{
				{"drf", policy.DRF},
				{"hdrf", policy.HDRF},
				{"priority", policy.Priority},
				{"fifo", policy.FIFO},
				{"random", func() offers.Policy { return policy.Random(1) }},
			} {
				b.Run(fmt.Sprintf("%s/frameworks=%d/roles=%d", p.name, frameworks, roles), func(b *testing.B) {
					benchmarkPolicy(b, p.make(), frameworks, roles)
				})
			}
		}
		b.Run(fmt.Sprintf("floor/frameworks=%d", frameworks), func(b *testing.B) {
			shares := make(floorHeap, frameworks)
			for b.Loop() {
				shares[0] += 0.0001
				heap.Fix(&shares, 0)
			}
		})
	}
}

func benchmarkPolicy(b *testing.B, p offers.Policy, frameworks, roles int) {
	spy := &treeOf{Policy: p}
	a, err := offers.New(offers.Config{Policy: spy, Coalesce: -1})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Unix(0, 0)
	for i := range frameworks {
		sub := offers.Subscription{Roles: []string{fmt.Sprintf("role-%d", i%roles)}}
		if err := a.AddFramework(now, proffer.FrameworkID(fmt.Sprintf("framework-%d", i)), sub); err != nil {
			b.Fatal(err)
		}
	}
	agent := proffer.AgentInfo{ID: "a", Resources: resources.MustParse("cpus:100000;mem:100000000;disk:100000000")}
	if err := a.AddAgent(now, agent); err != nil {
		b.Fatal(err)
	}
	if made := a.Advance(now).Offers; len(made) != 1 {
		b.Fatalf("%d offers, want 1", len(made))
	}
	task := spy.tree.Vector(resources.MustParse("cpus:1;mem:512;disk:10"))
	var next *offers.Node
	first := func(n *offers.Node) bool {
		next = n
		return false
	}
	spy.Order(nil, first)
	b.ReportAllocs()
	for b.Loop() {
		next.Charge(task)
		spy.Changed(next)
		spy.Order(nil, first)
	}
}

type floorHeap []float64

func (h floorHeap) Len() int           { return len(h) }
func (h floorHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h floorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *floorHeap) Push(any)          {}
func (h *floorHeap) Pop() any          { return nil }
