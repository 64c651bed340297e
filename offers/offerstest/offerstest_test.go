package offerstest

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
)

func TestPolicies(t *testing.T) {
	for name, newPolicy := range map[string]func() offers.Policy{
		"drf": policy.DRF, "hdrf": policy.HDRF,
		"random": func() offers.Policy { return policy.Random(1) },
		"sorted": func() offers.Policy {
			return policy.Sorted(func(a, b *offers.Node) int { return int(a.Allocations()) - int(b.Allocations()) })
		},
	} {
		t.Run(name, func(t *testing.T) { TestPolicy(t, newPolicy) })
	}
	for name, newPolicy := range map[string]func() offers.Policy{"fifo": policy.FIFO, "priority": policy.Priority} {
		t.Run(name, func(t *testing.T) { TestPolicy(t, newPolicy, MayStarve) })
	}
}

func TestAgentOrders(t *testing.T) {
	for name, newOrder := range map[string]func() offers.AgentOrder{
		"spread": policy.Spread, "binpack": policy.Binpack, "best fit": policy.BestFit,
		"dot product": policy.DotProduct, "gpu packing": policy.GPUPacking, "gpu clustering": policy.GPUClustering,
		"fgd": func() offers.AgentOrder { return fgd(t) },
	} {
		t.Run(name, func(t *testing.T) { TestAgentOrder(t, newOrder) })
	}
}

func fgd(t *testing.T) offers.AgentOrder {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	var past []offers.Shape
	for len(past) < 50 {
		if c := randomAgent(rng); c.want != nil {
			past = append(past, *c.want)
		}
	}
	order, err := policy.FGD(policy.TypicalOf(past, 0.95))
	if err != nil {
		t.Fatal(err)
	}
	return order
}

// broken is DRF with a fault.
type broken struct {
	offers.Policy
	order func(next func(enter, yield func(*offers.Node) bool), enter, yield func(*offers.Node) bool)
}

func (b broken) Order(enter, yield func(*offers.Node) bool) { b.order(b.Policy.Order, enter, yield) }

// all returns what the policy would yield.
func all(next func(enter, yield func(*offers.Node) bool)) (list []*offers.Node) {
	next(nil, func(n *offers.Node) bool {
		list = append(list, n)
		return true
	})
	return list
}

// A suite that nothing fails is worth nothing: here is what must fail it.
func TestBrokenPoliciesFail(t *testing.T) {
	type nodes = func(*offers.Node) bool
	for _, c := range []struct {
		name  string
		check func(func() offers.Policy, uint64) error
		want  string
		order func(next func(enter, yield nodes), enter, yield nodes)
	}{
		{"yields twice", checkOrders, "twice", func(next func(enter, yield nodes), enter, yield nodes) {
			next(enter, func(n *offers.Node) bool {
				goOn := yield(n)
				return goOn && yield(n)
			})
		}},
		{"forgets one", checkOrders, "lacks", forgetful},
		{"forgets one, seen by what is not offered", checkHistory, "is offered to nobody", forgetful},
		{"goes on", checkOrders, "after it was told to stop", func(next func(enter, yield nodes), _, yield nodes) {
			for _, n := range all(next) {
				yield(n)
			}
		}},
		{"yields roles", checkOrders, "no client", func(next func(enter, yield nodes), _, yield nodes) {
			for _, n := range all(next) {
				yield(n.Parent())
			}
		}},
		{"yields inactive ones", checkOrders, "not active", func(next func(enter, yield nodes), _, yield nodes) {
			for _, n := range all(next) {
				for _, sibling := range n.Parent().Children() {
					if !sibling.Active() && !yield(sibling) {
						return
					}
				}
				if !yield(n) {
					return
				}
			}
		}},
		{"order of a map", checkRepeatable, "two runs differ", func(next func(enter, yield nodes), _, yield nodes) {
			set := make(map[*offers.Node]bool)
			for _, n := range all(next) {
				set[n] = true
			}
			for n := range set {
				if !yield(n) {
					return
				}
			}
		}},
		{"starves", checkStarvation, "was offered nothing", func(next func(enter, yield nodes), _, yield nodes) {
			list := all(next)
			for _, last := range []bool{false, true} {
				for _, n := range list {
					if (n.Framework() == "framework-3") == last && !yield(n) {
						return
					}
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			newPolicy := func() offers.Policy { return broken{policy.DRF(), c.order} }
			for seed := range uint64(seeds) {
				if err := c.check(newPolicy, seed); err != nil {
					if !strings.Contains(err.Error(), c.want) {
						t.Errorf("seed %d: error %v, want %q", seed, err, c.want)
					}
					return
				}
			}
			t.Errorf("the suite finds no fault in %d histories", seeds)
		})
	}
}

func forgetful(next func(enter, yield func(*offers.Node) bool), enter, yield func(*offers.Node) bool) {
	next(enter, func(n *offers.Node) bool { return n.Role() == "a/b/c" || yield(n) })
}

type rateFunc func(*offers.AgentState, *offers.Shape) float64

func (f rateFunc) Rate(agent *offers.AgentState, want *offers.Shape) float64 { return f(agent, want) }

type deviceFunc struct {
	offers.AgentOrder
	choose func(*offers.AgentState, *offers.Shape) []int
}

func (f deviceFunc) Devices(agent *offers.AgentState, want *offers.Shape) []int {
	return f.choose(agent, want)
}

func TestBrokenAgentOrdersFail(t *testing.T) {
	devices := func(choose func(*offers.AgentState, *offers.Shape) []int) func() offers.AgentOrder {
		return func() offers.AgentOrder { return deviceFunc{policy.BestFit(), choose} }
	}
	for want, newOrder := range map[string]func() offers.AgentOrder{
		"is rated NaN": func() offers.AgentOrder {
			return rateFunc(func(agent *offers.AgentState, _ *offers.Shape) float64 {
				return math.Sqrt(agent.Free("cpus").Float() - 1)
			})
		},
		"and then": func() offers.AgentOrder {
			calls := 0.0
			return rateFunc(func(*offers.AgentState, *offers.Shape) float64 {
				calls++
				return calls
			})
		},
		"devices [] are chosen": devices(func(*offers.AgentState, *offers.Shape) []int { return nil }),
		"which is not there": devices(func(_ *offers.AgentState, want *offers.Shape) []int {
			return []int{9, 10, 11, 12}[:want.Devices.Count]
		}),
		"chosen twice": devices(func(agent *offers.AgentState, want *offers.Shape) []int {
			for i, free := range agent.Devices("gpu") {
				if free >= want.Devices.Each {
					return []int{i, i, i, i}[:want.Devices.Count]
				}
			}
			return nil
		}),
		"is free": devices(func(_ *offers.AgentState, want *offers.Shape) []int {
			return []int{0, 1, 2, 3}[:want.Devices.Count]
		}),
	} {
		found := false
		for seed := range uint64(seeds) {
			if err := checkAgentOrder(newOrder, seed); err != nil {
				found = strings.Contains(err.Error(), want)
				if !found {
					t.Errorf("error %v, want %q", err, want)
				}
				break
			}
		}
		if !found {
			t.Errorf("the suite does not find that %q", want)
		}
	}
}
