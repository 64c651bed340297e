package offers_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// gangTest has four agents full of small tasks, of which always more wait, and
// a gang that needs all four. A task lasts for the given time; they end one
// after the other.
type gangTest struct {
	*story
	demand  bool
	held    []*offers.Offer
	started time.Duration   // when the gang was complete; 0 before
	small   []time.Duration // when small tasks were started since the gang came
}

func (g *gangTest) run(t *testing.T, task, within time.Duration) {
	one := resources.MustParse("cpus:1")
	lasts := task / 4
	g.offered = func(o *offers.Offer) {
		switch {
		case o.FrameworkID != "gang":
			g.small = append(g.small, g.since())
			g.launch(o, one, lasts, nil)
			lasts = min(lasts+task/4, task) // the first ones end apart
		case g.started > 0:
			g.decline(o)
		default:
			g.held = append(g.held, o)
			if !g.demand {
				must(t, g.a.Hold(g.now, o.ID))
			}
			if len(g.held) == 4 {
				g.start(t, one)
			}
		}
	}
	g.rescinded = func(o *offers.Offer) {
		for i, h := range g.held {
			if h == o {
				g.held = append(g.held[:i], g.held[i+1:]...)
				return
			}
		}
	}
	g.subscribe("small", "*")
	if g.demand {
		g.story.demand("small", "*", 10_000, "cpus:1", false)
	}
	g.addAgents(4, "cpus:1")
	g.pass(10 * time.Millisecond)
	g.small = nil
	g.subscribe("gang", "*")
	if g.demand {
		g.story.demand("gang", "*", 4, "cpus:1", true)
	}
	g.pass(within)
}

func (g *gangTest) start(t *testing.T, part resources.Resources) {
	var answers []offers.Answer
	for _, o := range g.held {
		answers = append(answers, offers.Answer{OfferIDs: []proffer.OfferID{o.ID}, Used: part})
	}
	must(t, g.a.AcceptAll(g.now, answers...))
	g.started, g.held = g.since(), nil
}

// A gang that has some of its places is not passed over for those who have
// less (V5805): it completes, or gives back what it holds, within the time-out.
func TestHalfStartedGang(t *testing.T) {
	for _, demand := range []bool{false, true} {
		t.Run(fmt.Sprintf("completes/demand=%v", demand), func(t *testing.T) {
			g := &gangTest{story: newStory(t, offers.Config{Policy: policy.DRF()}), demand: demand}
			// Held offers do not count, so each place that becomes free is the
			// gang's; a gang demand waits for a minute before it stands in line.
			within := 45 * time.Second
			if demand {
				within += time.Minute
			}
			g.run(t, 40*time.Second, within)
			if g.started == 0 {
				t.Errorf("after %s the gang has %d of 4 places", g.since(), len(g.held))
			}
		})
		t.Run(fmt.Sprintf("gives back/demand=%v", demand), func(t *testing.T) {
			g := &gangTest{story: newStory(t, offers.Config{Policy: policy.DRF()}), demand: demand}
			// The tasks last for longer than the hold time-out: the gang is never
			// complete, and others go on all the time.
			g.run(t, 8*time.Minute, 24*time.Minute)
			idle := longest(g.small)
			if g.started > 0 || len(g.small) < 10 || idle > 5*time.Minute {
				t.Errorf("started after %s; %d small tasks were started, at most %s apart", g.started, len(g.small), idle)
			}
			for _, o := range g.held {
				if _, open := g.a.Offer(o.ID); !open {
					t.Errorf("%s is held although it timed out", o)
				}
			}
		})
	}
}

// longest is the longest time between two neighbours.
func longest(times []time.Duration) (d time.Duration) {
	for i := range len(times) - 1 {
		d = max(d, times[i+1]-times[i])
	}
	return d
}

// Preemption takes no more than what it was asked for: over hours, with victims
// that end one by one and take their time, as much is taken as is launched for
// it, and nobody who gave takes it back (K13797).
func TestNoThrash(t *testing.T) {
	for seed := range uint64(5) {
		s := newStory(t, offers.Config{
			Policy: policy.Priority(), Seed: seed,
			Preemption: &offers.Preemption{After: 2 * time.Second, Grace: 3 * time.Second, Keep: 30 * time.Second},
		})
		must(t, s.a.SetPriority("prod", 10))
		rng := rand.New(rand.NewPCG(seed, 15))
		running := make(map[proffer.AgentID]int) // batch tasks
		evicted, waiting, launched := 0, 0, 0
		var since, longest time.Duration
		two := resources.MustParse("cpus:2")
		batchTask := func(o *offers.Offer) {
			one := resources.MustParse("cpus:1")
			running[o.AgentID]++
			s.after(time.Duration(30+rng.IntN(90))*time.Second, func() {
				if running[o.AgentID] > 0 { // else it was killed in place of another
					running[o.AgentID]--
					s.release(o, one)
				}
			})
		}
		s.offered = func(o *offers.Offer) {
			must(t, s.a.Accept(s.now, []proffer.OfferID{o.ID}, o.Resources, offers.Filter{}))
			if o.FrameworkID == "batch" {
				for range o.Resources.CPUs() / resources.Unit {
					batchTask(o)
				}
				s.demand("batch", "batch", 1000, "cpus:1", false)
				return
			}
			for range o.Resources.CPUs() / (2 * resources.Unit) {
				launched, waiting = launched+1, waiting-1
				longest = max(longest, s.since()-since)
				since = s.since()
				s.after(20*time.Second, func() { s.release(o, two) })
			}
		}
		s.evicted = func(e offers.Eviction) {
			for range e.Resources.CPUs() / resources.Unit { // each ends when it likes
				evicted++
				s.after(time.Duration(rng.IntN(15))*time.Second, func() {
					if running[e.AgentID] > 0 {
						running[e.AgentID]--
						must(t, s.a.Release(s.now, e.AgentID, offers.Usage{FrameworkID: "batch", Role: "batch", Resources: resources.MustParse("cpus:1")}))
					}
				})
			}
		}
		s.addAgents(8, "cpus:4")
		s.subscribe("batch", "batch")
		s.subscribe("prod", "prod")
		s.demand("batch", "batch", 1000, "cpus:1", false)
		s.demand("prod", "prod", 0, "cpus:2", false)
		var arrive func()
		arrive = func() {
			if waiting == 0 {
				since = s.since()
			}
			waiting++
			s.demand("prod", "prod", waiting, "cpus:2", false)
			s.after(time.Duration(10+rng.IntN(30))*time.Second, arrive)
		}
		s.pass(time.Second)
		arrive()
		s.pass(2 * time.Hour)
		t.Logf("seed %d: %d prod tasks launched, the longest wait %s; %d batch tasks evicted", seed, launched, longest, evicted)
		if evicted > 2*(launched+waiting) {
			t.Errorf("seed %d: %d batch tasks of one cpu were evicted for %d tasks of two", seed, evicted, launched+waiting)
		}
		if launched < 200 || longest > 25*time.Second {
			t.Errorf("seed %d: %d prod tasks were launched, the longest waited for %s", seed, launched, longest)
		}
	}
}
