package offers_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

var (
	seeds     = flag.Int("seeds", 24, "how many seeds the simulation runs for each policy")
	lastSteps = flag.Int("last-steps", 25, "how much of the history of a failed simulation is shown")
	firstSeed = flag.Uint64("first-seed", 0, "the first seed of the simulation")
)

// TestSimulation does random things to an allocator, from a printed seed, and
// holds every decision against the rules and books of its own: see check. The
// same seed gives the same history, and at the end nothing is forgotten.
func TestSimulation(t *testing.T) {
	policies := []struct {
		name string
		make func(seed uint64) offers.Policy
	}{
		{"drf", func(uint64) offers.Policy { return policy.DRF() }},
		{"hdrf", func(uint64) offers.Policy { return policy.HDRF() }},
		{"fifo", func(uint64) offers.Policy { return policy.FIFO() }},
		{"priority", func(uint64) offers.Policy { return policy.Priority() }},
		{"random", policy.Random},
	}
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			for seed := *firstSeed; seed < *firstSeed+uint64(*seeds); seed++ {
				first := simulate(t, seed, p.make(seed))
				if seed%8 == 0 {
					if again := simulate(t, seed, p.make(seed)); again != first {
						t.Fatalf("seed %d gave two histories:\n%s\n--- and ---\n%s", seed, first, again)
					}
				}
			}
		})
	}
}

// simRoles are the roles of the simulation, those above before those below.
var simRoles = []string{"*", "eng", "eng/web", "eng/web/x", "ops", "ops/db"}

type simulation struct {
	*script
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	log  strings.Builder

	agents     []*simAgent
	frameworks []*simFramework
	quotas     map[string]offers.Quota
	refusals   []simRefusal
	inverse    []*offers.InverseOffer // that wait for an answer
	due        map[proffer.OfferID]time.Time
	held       map[proffer.OfferID]bool
	preempts   bool
	names      int
	again      int // how often there was more to do at the same time
}

// simAgent is what the simulation knows of an agent, beside its account.
type simAgent struct {
	*account
	down bool                // deactivated
	plan bool                // of maintenance
	over resources.Resources // that may be taken beyond its total, as it shrank
}

// simFramework is what the simulation knows of a framework.
type simFramework struct {
	id         proffer.FrameworkID
	sub        offers.Subscription
	suppressed map[string]bool
	connected  bool
	leaving    bool // unsubscribed: it may still use something
	demands    map[string][]offers.Demand
	serving    map[string]map[proffer.OfferID]bool // offers that count for the one demand
}

// simRefusal is a filter in force.
type simRefusal struct {
	framework *simFramework
	role      string
	agent     *simAgent
	refused   resources.Resources
	until     time.Time
}

func simulate(t *testing.T, seed uint64, p offers.Policy) string {
	t.Helper()
	s := &simulation{
		script: newScript(t), t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), quotas: make(map[string]offers.Quota),
		due: make(map[proffer.OfferID]time.Time), held: make(map[proffer.OfferID]bool),
	}
	cfg := offers.Config{Policy: p, Seed: seed, HoldTimeout: 5 * time.Second, GangPatience: 3 * time.Second, Region: "home"}
	switch seed / 2 % 4 {
	case 1:
		cfg.AgentOrder = policy.Spread()
	case 2:
		cfg.AgentOrder = policy.Binpack()
	case 3:
		cfg.AgentOrder = policy.BestFit()
	}
	if s.preempts = seed%3 == 0; s.preempts {
		cfg.Preemption = &offers.Preemption{After: 2 * time.Second, Grace: time.Second, Keep: 2 * time.Second}
	}
	s.reset(t, cfg)
	if s.preempts {
		s.must(s.a.SetPriority("eng", 2))
		s.must(s.a.SetPriority("ops/db", 1))
	}
	defer func() {
		if problem := recover(); problem != nil || t.Failed() {
			lines := strings.Split(s.log.String(), "\n")
			t.Logf("seed %d (-first-seed %d -seeds 1), the last steps:\n%s", seed, seed, strings.Join(lines[max(0, len(lines)-*lastSteps):], "\n"))
			if problem != nil {
				panic(problem)
			}
		}
	}()
	for range 250 {
		s.step()
		s.pass(time.Duration(s.rng.IntN(700)) * time.Millisecond)
	}
	s.settleDown()
	return s.log.String()
}

func (s *simulation) fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d: %s", s.seed, fmt.Sprintf(format, args...))
}

func (s *simulation) must(err error) {
	s.t.Helper()
	if err != nil {
		s.fatalf("%v", err)
	}
}

func (s *simulation) say(format string, args ...any) {
	fmt.Fprintf(&s.log, "%s %s\n", s.clock(), fmt.Sprintf(format, args...))
}

// pass lets time pass, holding what the allocator decides against the rules.
func (s *simulation) pass(d time.Duration) {
	end := s.now.Add(d)
	for {
		at, ok := s.a.Deadline()
		if !ok || at.After(end) {
			break
		}
		if at.After(s.now) {
			s.now = at
		}
		s.advance()
	}
	s.now = end
	s.advance()
}

func (s *simulation) advance() {
	c := s.a.Advance(s.now)
	for _, o := range c.Rescinded {
		if s.open[o.ID] == nil {
			s.fatalf("rescinded %s, which was not open", o)
		}
	}
	s.print(&s.log, c)
	s.inverse = append(s.inverse, c.InverseOffers...)
	for _, o := range c.RescindedInverse {
		s.inverse = slices.DeleteFunc(s.inverse, func(x *offers.InverseOffer) bool { return x.ID == o.ID })
	}
	s.check(c)
	for _, o := range c.Offers {
		s.due[o.ID] = s.now.Add(30 * time.Second)
	}
	for id := range s.open {
		if !s.due[id].After(s.now) {
			s.fatalf("offer %s is open although it has timed out at %s", id, s.due[id].Sub(s.start))
		}
	}
	if at, ok := s.a.Deadline(); !ok || at.After(s.now) {
		s.again = 0
	} else if s.again++; s.again > 3 {
		s.fatalf("the deadline stays at %s, whatever is done then", at.Sub(s.start))
	}
	for _, e := range c.Evictions {
		s.evict(e)
	}
}

// evict carries an eviction out: the tasks end at once.
func (s *simulation) evict(e offers.Eviction) {
	g := s.agent(e.AgentID)
	used := s.used(g, e.FrameworkID, e.Role)
	if g == nil || !used.Contains(e.Resources) {
		s.fatalf("eviction of %s, of which %s uses %s in role %s of agent %s", e.Resources, e.FrameworkID, used, e.Role, e.AgentID)
	}
	s.release(g, offers.Usage{FrameworkID: e.FrameworkID, Role: e.Role, Resources: e.Resources})
}

func (s *simulation) release(g *simAgent, u offers.Usage) {
	s.say("%s releases %s of %s in role %s", u.FrameworkID, u.Resources, g.info.ID, u.Role)
	s.must(s.a.Release(s.now, g.info.ID, u))
	s.book.release(g.info.ID, u)
}

// used is what a framework uses of an agent in a role, by the books.
func (s *simulation) used(g *simAgent, id proffer.FrameworkID, role string) (sum resources.Resources) {
	for _, u := range g.used {
		if u.FrameworkID == id && u.Role == role {
			sum, _ = sum.Add(u.Resources)
		}
	}
	return sum
}

func (s *simulation) agent(id proffer.AgentID) *simAgent {
	for _, g := range s.agents {
		if g.info.ID == id {
			return g
		}
	}
	return nil
}

func (s *simulation) framework(id proffer.FrameworkID) *simFramework {
	for _, f := range s.frameworks {
		if f.id == id {
			return f
		}
	}
	return nil
}

// sortedOffers returns the open offers in the order in which they were made.
func (s *simulation) sortedOffers() []*offers.Offer {
	list := make([]*offers.Offer, 0, len(s.open))
	for _, o := range s.open {
		list = append(list, o)
	}
	slices.SortFunc(list, func(x, y *offers.Offer) int {
		return cmpNumbers(string(x.ID), string(y.ID))
	})
	return list
}

// cmpNumbers compares ids that end with numbers.
func cmpNumbers(x, y string) int {
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(x, y)
}
