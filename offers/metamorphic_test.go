package offers_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// grown is a cluster whose frameworks want more than there is.
type grown struct {
	t     *testing.T
	a     *offers.Allocator
	now   time.Time
	held  map[proffer.AgentID][]offers.Usage
	roles map[proffer.FrameworkID]string
}

// change is one call. Those of one window do not depend on each other.
type change struct {
	name string
	do   func(*grown)
}

// history makes up windows of changes, from a seed.
func history(seed uint64, demand bool) (windows [][]change) {
	rng := rand.New(rand.NewPCG(seed, 2))
	roles := []string{"a/x", "a/y", "b", "c/z"}
	tasks := []string{"cpus:1;mem:1", "cpus:1;mem:2", "cpus:1;mem:3"}
	agents, frameworks := 0, 0
	var goes []proffer.FrameworkID
	for range 6 {
		var window []change
		for range 4 + rng.IntN(6) {
			id := agentName(agents)
			agents++
			window = append(window, change{"agent", func(g *grown) {
				must(g.t, g.a.AddAgent(g.now, proffer.AgentInfo{ID: id, Resources: resources.MustParse("cpus:16;mem:32")}))
			}})
		}
		for _, id := range goes {
			window = append(window, change{"remove", func(g *grown) {
				must(g.t, g.a.RemoveFramework(g.now, id))
				delete(g.roles, id)
				for agent := range g.held {
					g.held[agent] = slices.DeleteFunc(g.held[agent], func(u offers.Usage) bool { return u.FrameworkID == id })
				}
			}})
		}
		goes = nil
		for range rng.IntN(4) {
			id, role, task := frameworkName(frameworks), roles[rng.IntN(len(roles))], tasks[rng.IntN(len(tasks))]
			frameworks++
			if rng.IntN(4) == 0 {
				goes = append(goes, id)
			}
			window = append(window, change{"framework", func(g *grown) {
				g.roles[id] = role
				must(g.t, g.a.AddFramework(g.now, id, offers.Subscription{Roles: []string{role}}))
				if demand {
					d := offers.Demand{Count: 100_000}
					d.Resources = resources.MustParseQuantities(task)
					must(g.t, g.a.SetDemand(g.now, id, role, d))
				}
			}})
		}
		role, weight := roles[rng.IntN(len(roles))], float64(1+rng.IntN(3))
		window = append(window, change{"weight", func(g *grown) { must(g.t, g.a.SetWeight(role, weight)) }})
		windows = append(windows, window)
	}
	return windows
}

// replay plays windows, with a run after every so many calls, or after each
// window for 0, and then has every agent's tasks end in turn until the shares
// are what the policy makes them.
func replay(t *testing.T, p offers.Policy, windows [][]change, each int) (shares map[string]float64, agents int) {
	a, err := offers.New(offers.Config{Policy: p, OfferTimeout: -1})
	must(t, err)
	g := &grown{t: t, a: a, now: time.Unix(0, 0), held: make(map[proffer.AgentID][]offers.Usage), roles: make(map[proffer.FrameworkID]string)}
	calls := 0
	for _, window := range windows {
		for _, c := range window {
			c.do(g)
			if calls++; each > 0 && calls%each == 0 {
				g.advance()
			}
		}
		if each == 0 {
			g.advance()
		}
	}
	g.advance()
	ids := slices.Sorted(maps.Keys(g.held))
	for range 5 {
		for _, id := range ids {
			for _, u := range g.held[id] {
				must(t, a.Release(g.now, id, u))
			}
			g.held[id] = nil
			g.advance()
		}
	}
	shares = make(map[string]float64)
	for id, role := range g.roles {
		var cpus, mem float64
		for _, list := range g.held {
			for _, u := range list {
				if u.FrameworkID == id {
					cpus += u.Resources.CPUs().Float()
					mem += u.Resources.Mem().Float()
				}
			}
		}
		shares[fmt.Sprintf("%s in %s", id, role)] = max(cpus/16, mem/32) / float64(len(ids))
	}
	return shares, len(ids)
}

// advance lets a run happen, and everything offered be used.
func (g *grown) advance() {
	g.now = g.now.Add(10 * time.Millisecond)
	for _, o := range g.a.Advance(g.now).Offers {
		must(g.t, g.a.Accept(g.now, []proffer.OfferID{o.ID}, o.Resources, offers.Filter{}))
		g.held[o.AgentID] = append(g.held[o.AgentID], offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: o.Resources})
	}
}

// TestBatchSizes plays the same history with a run after every call, after some
// and after each of its windows, and with the calls of each window in another
// order: the shares at the end are the same, up to what one agent makes. Without
// demand it goes whole, with demand it has a remainder that fits no task.
func TestBatchSizes(t *testing.T) {
	for name, newPolicy := range map[string]func() offers.Policy{"drf": policy.DRF, "hdrf": policy.HDRF} {
		for _, demand := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/demand=%v", name, demand), func(t *testing.T) {
				seeds := uint64(30)
				if offers.Audited {
					seeds = 5
				}
				for seed := range seeds {
					windows := history(seed, demand)
					want, agents := replay(t, newPolicy(), windows, 1)
					compare := func(what string, each int) {
						got, _ := replay(t, newPolicy(), windows, each)
						for _, id := range slices.Sorted(maps.Keys(want)) {
							if math.Abs(want[id]-got[id]) > 1.001/float64(agents) {
								t.Errorf("seed %d, %s: share of %s is %.3f, with a run after every call %.3f", seed, what, id, got[id], want[id])
							}
						}
					}
					compare("a run a window", 0)
					compare("a run every 7 calls", 7)
					rng := rand.New(rand.NewPCG(seed, 3))
					for _, window := range windows {
						rng.Shuffle(len(window), func(i, j int) { window[i], window[j] = window[j], window[i] })
					}
					compare("another order", 0)
				}
			})
		}
	}
}
