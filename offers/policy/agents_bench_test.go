package policy_test

import (
	"math/rand/v2"
	"testing"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// BenchmarkRate rates an agent with 8 GPUs, two of them broken, for a task that
// wants a part of one; FGD knows 75 typical tasks.
func BenchmarkRate(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	var past []offers.Shape
	for range 75 {
		past = append(past, *shape("cpus:"+resources.Scalar(1000+rng.IntN(16_000)).String(), 1+rng.IntN(2), 1000))
		past = append(past, *shape("cpus:1", 1, resources.Scalar(1+rng.IntN(999))))
	}
	fgd, err := policy.FGD(policy.TypicalOf(past, 0.5))
	if err != nil {
		b.Fatal(err)
	}
	agent := agentState(gpus(8), "cpus:4;gpu/0:0.3", "cpus:8;gpu/3:0.6", "cpus:16;gpu/4:1;gpu/5:1")
	want := shape("cpus:4", 1, 400)
	for _, c := range []struct {
		name  string
		order offers.AgentOrder
	}{
		{"spread", policy.Spread()},
		{"binpack", policy.Binpack()},
		{"bestfit", policy.BestFit()},
		{"dotproduct", policy.DotProduct()},
		{"gpupacking", policy.GPUPacking()},
		{"gpuclustering", policy.GPUClustering()},
		{"fgd", fgd},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.order.Rate(agent, want)
			}
		})
	}
}
