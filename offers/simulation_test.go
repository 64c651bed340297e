package offers_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

var seeds = flag.Int("seeds", 40, "how many seeds the simulation runs")

// TestSimulation does random things to an allocator, from a printed seed, and
// holds it against books of its own after every step: no agent gives more than
// it has, every offer is of a framework that can take it, what nobody holds or
// refuses is offered to somebody, and the same seed gives the same history.
func TestSimulation(t *testing.T) {
	for name, newPolicy := range map[string]func() offers.Policy{"drf": policy.DRF, "fifo": policy.FIFO} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(*seeds) {
				first := simulate(t, seed, newPolicy())
				if seed%8 == 0 {
					if again := simulate(t, seed, newPolicy()); again != first {
						t.Fatalf("seed %d gave two histories:\n%s\n--- and ---\n%s", seed, first, again)
					}
				}
			}
		})
	}
}

type simulation struct {
	*script
	t       *testing.T
	rng     *rand.Rand
	history strings.Builder
	agents  []proffer.AgentID
	active  map[proffer.FrameworkID]map[string]bool // roles that want offers, by framework
	names   int
}

func simulate(t *testing.T, seed uint64, p offers.Policy) string {
	t.Helper()
	s := &simulation{
		script: newScript(t), t: t, rng: rand.New(rand.NewPCG(seed, 1)),
		active: make(map[proffer.FrameworkID]map[string]bool),
	}
	s.reset(t, offers.Config{Policy: p, Seed: seed})
	defer func() {
		if t.Failed() {
			lines := strings.Split(s.history.String(), "\n")
			t.Logf("seed %d, the last steps:\n%s", seed, strings.Join(lines[max(0, len(lines)-20):], "\n"))
		}
	}()
	for range 300 {
		s.step()
		s.tick(&s.history, time.Duration(s.rng.IntN(900))*time.Millisecond)
		if err := s.book.check(s.open); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		s.checkOffers(seed)
	}
	s.checkNothingIsForgotten(seed)
	return s.history.String()
}

func (s *simulation) step() {
	switch n := s.rng.IntN(100); {
	case n < 10:
		s.addSomeAgent()
	case n < 18:
		s.addSomeFramework()
	case n < 55:
		s.answerSome()
	case n < 75:
		s.releaseSome()
	case n < 80:
		s.with("suppress", func(id proffer.FrameworkID) error {
			clear(s.active[id])
			return s.a.Suppress(s.now, id)
		})
	case n < 88:
		s.with("revive", func(id proffer.FrameworkID) error {
			s.active[id]["*"], s.active[id]["eng"] = true, true
			return s.a.Revive(s.now, id)
		})
	case n < 92:
		s.with("deactivate", func(id proffer.FrameworkID) error { return s.a.Deactivate(s.now, id) })
		s.with("activate", func(id proffer.FrameworkID) error { return s.a.Activate(s.now, id) })
	case n < 94:
		s.with("remove", func(id proffer.FrameworkID) error {
			s.book.removeFramework(id)
			delete(s.active, id)
			return s.a.RemoveFramework(s.now, id)
		})
	case n < 96 && len(s.agents) > 0:
		i := s.rng.IntN(len(s.agents))
		id := s.agents[i]
		s.agents = append(s.agents[:i], s.agents[i+1:]...)
		fmt.Fprintf(&s.history, "%s remove agent %s\n", s.clock(), id)
		s.book.removeAgent(id)
		s.must(s.a.RemoveAgent(s.now, id))
	case n < 98:
		s.must(s.a.SetWeight("eng", 0.5+s.rng.Float64()*3))
	}
}

func (s *simulation) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *simulation) addSomeAgent() {
	s.names++
	info := proffer.AgentInfo{
		ID: proffer.AgentID(fmt.Sprintf("a%d", s.names)),
		Resources: resources.MustParse(fmt.Sprintf("cpus:%d;mem:%d;cpus(eng):%d;ports:[1000-%d]",
			1+s.rng.IntN(8), 64+s.rng.IntN(4096), s.rng.IntN(3), 1000+s.rng.IntN(50))),
	}
	fmt.Fprintf(&s.history, "%s add agent %s %s\n", s.clock(), info.ID, info.Resources)
	s.must(s.a.AddAgent(s.now, info))
	s.book.addAgent(info, nil)
	s.agents = append(s.agents, info.ID)
}

func (s *simulation) addSomeFramework() {
	s.names++
	id := proffer.FrameworkID(fmt.Sprintf("f%d", s.names))
	fmt.Fprintf(&s.history, "%s add framework %s\n", s.clock(), id)
	s.must(s.a.AddFramework(s.now, id, offers.Subscription{Roles: []string{"*", "eng"}}))
	s.active[id] = map[string]bool{"*": true, "eng": true}
}

// with does something to a framework, if there is one.
func (s *simulation) with(what string, do func(proffer.FrameworkID) error) {
	var ids []proffer.FrameworkID
	for i := range s.names + 1 {
		if id := proffer.FrameworkID(fmt.Sprintf("f%d", i)); s.active[id] != nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	id := ids[s.rng.IntN(len(ids))]
	fmt.Fprintf(&s.history, "%s %s %s\n", s.clock(), what, id)
	s.must(do(id))
}

func (s *simulation) sortedOffers() []*offers.Offer {
	var list []*offers.Offer
	for i := range 100_000 {
		if len(list) == len(s.open) {
			break
		}
		if o, ok := s.open[proffer.OfferID(fmt.Sprintf("o%d", i))]; ok {
			list = append(list, o)
		}
	}
	return list
}

// answerSome answers some offers: uses a part, or declines.
func (s *simulation) answerSome() {
	for _, o := range s.sortedOffers() {
		filter := offers.Filter{Refuse: time.Duration(s.rng.IntN(10)) * time.Second}
		switch s.rng.IntN(4) {
		case 0:
			part := resources.MustParse(fmt.Sprintf("cpus:0.%d;mem:%d", 1+s.rng.IntN(9), 1+s.rng.IntN(64)))
			if !o.Resources.Contains(part) {
				continue
			}
			fmt.Fprintf(&s.history, "%s %s uses %s of %s\n", s.clock(), o.FrameworkID, part, o.ID)
			s.must(s.a.Accept(s.now, []proffer.OfferID{o.ID}, part, filter))
			s.book.use(o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: part})
			delete(s.open, o.ID)
		case 1, 2:
			fmt.Fprintf(&s.history, "%s %s declines %s for %s\n", s.clock(), o.FrameworkID, o.ID, filter.Refuse)
			s.must(s.a.Decline(s.now, o.ID, filter))
			delete(s.open, o.ID)
		}
	}
}

func (s *simulation) releaseSome() {
	for _, id := range s.agents {
		used := s.book.agents[id].used
		if len(used) == 0 {
			continue
		}
		u := used[s.rng.IntN(len(used))]
		fmt.Fprintf(&s.history, "%s %s releases %s of %s\n", s.clock(), u.FrameworkID, u.Resources, id)
		s.must(s.a.Release(s.now, id, u))
		s.book.release(id, u)
	}
}

// checkOffers holds every open offer against the rules of who may be offered.
func (s *simulation) checkOffers(seed uint64) {
	for _, o := range s.open {
		switch {
		case s.active[o.FrameworkID] == nil:
			s.t.Fatalf("seed %d: offer %s to a framework that is gone", seed, o)
		case o.Resources.IsEmpty():
			s.t.Fatalf("seed %d: offer %s is empty", seed, o)
		case !o.Resources.AllocatableTo(o.Role).Equal(o.Resources):
			s.t.Fatalf("seed %d: offer %s holds what is reserved for others", seed, o)
		}
	}
}

// checkNothingIsForgotten revives somebody: then every resource that is worth
// offering is in an offer or in use.
func (s *simulation) checkNothingIsForgotten(seed uint64) {
	s.names++
	id := proffer.FrameworkID(fmt.Sprintf("f%d", s.names))
	s.active[id] = map[string]bool{}
	s.must(s.a.AddFramework(s.now, id, offers.Subscription{Roles: []string{"*", "eng"}}))
	s.tick(&s.history, 10*time.Millisecond)
	least := resources.MustParseQuantities("cpus:0.01")
	for agentID, g := range s.book.agents {
		free := g.info.Resources
		for _, u := range g.used {
			free, _ = free.Sub(u.Resources)
		}
		for _, o := range s.open {
			if o.AgentID == agentID {
				free, _ = free.Sub(o.Resources)
			}
		}
		if free.Quantities().Contains(least) {
			s.t.Fatalf("seed %d: %s of agent %s is offered to nobody", seed, free, agentID)
		}
	}
}
