package offers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// mix is a cluster on which Mesos stalls: a few services with many small tasks,
// very many frameworks of a task or two, some of large tasks. All take a few
// tasks an offer, and decline the rest with the default filter.
type mix struct {
	tb     testing.TB
	a      *offers.Allocator
	now    time.Time
	demand bool // they state their demand

	frameworks map[proffer.FrameworkID]*mixed
	placed     int
	offers     int
	cycles     int // calls of Advance that made offers
	wait       int // tasks that are not placed yet
}

// mixed is a framework of the mix.
type mixed struct {
	role     string
	task     resources.Resources
	left     int
	perOffer int
}

func newMix(tb testing.TB, seed uint64, demand bool) *mix {
	a, err := offers.New(offers.Config{Policy: policy.DRF(), Seed: seed})
	must(tb, err)
	m := &mix{tb: tb, a: a, now: time.Unix(0, 0), demand: demand, frameworks: make(map[proffer.FrameworkID]*mixed)}
	for i := range 80 {
		info := proffer.AgentInfo{ID: agentName(i), Resources: resources.MustParse("cpus:64;mem:488000")}
		must(tb, a.AddAgent(m.now, info))
	}
	for i := range 4 {
		m.add(fmt.Sprint("service-", i), fmt.Sprint("service-", i), 4000, "cpus:0.07;mem:400", 100)
	}
	for i := range 500 {
		m.add(fmt.Sprint("ci-", i), "ci", 5, "cpus:0.1;mem:4000", 1)
	}
	for i := range 50 {
		m.add(fmt.Sprint("batch-", i), "batch", 20, "cpus:1;mem:1000", 5)
	}
	return m
}

func (m *mix) add(id, role string, tasks int, task string, perOffer int) {
	f := &mixed{role, resources.MustParse(task), tasks, perOffer}
	m.frameworks[proffer.FrameworkID(id)] = f
	must(m.tb, m.a.AddFramework(m.now, proffer.FrameworkID(id), offers.Subscription{Roles: []string{role}}))
	if m.demand {
		d := offers.Demand{Count: tasks, PerAgent: perOffer}
		d.Resources = resources.MustParseQuantities(task)
		must(m.tb, m.a.SetDemand(m.now, proffer.FrameworkID(id), role, d))
	}
	m.wait += tasks
}

// run goes on until every task is placed, or nothing happens any more.
func (m *mix) run(within time.Duration) {
	end := m.now.Add(within)
	for m.wait > 0 {
		at, ok := m.a.Deadline()
		if !ok || at.After(end) {
			return
		}
		if at.After(m.now) {
			m.now = at
		}
		list := m.a.Advance(m.now).Offers
		if len(list) > 0 {
			m.cycles++
		}
		for _, o := range list {
			m.answer(o)
		}
	}
}

func (m *mix) answer(o *offers.Offer) {
	m.offers++
	f, n, rest := m.frameworks[o.FrameworkID], 0, o.Resources
	for n < min(f.left, f.perOffer) {
		less, ok := rest.Sub(f.task)
		if !ok {
			break
		}
		rest = less
		n++
	}
	if n == 0 {
		must(m.tb, m.a.Decline(m.now, o.ID, offers.Filter{}))
		return
	}
	used, _ := o.Resources.Sub(rest)
	must(m.tb, m.a.Accept(m.now, []proffer.OfferID{o.ID}, used, offers.Filter{}))
	f.left -= n
	m.wait -= n
	m.placed += n
}

// TestMix: all tasks are placed, soon and in few offers. 160 for the services,
// 2,500 for CI and 200 for batch would be enough if everybody was offered just
// what it takes; without demand everybody is also shown what others, who want
// nothing more, have declined.
func TestMix(t *testing.T) {
	for _, c := range []struct {
		name   string
		demand bool
		offers int
		cycles int
		within time.Duration
	}{
		{"raw", false, 8_000, 150, time.Second},
		{"demand", true, 4_500, 3, 10 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds := uint64(3)
			if offers.Audited {
				seeds = 1
			}
			for seed := range seeds {
				m := newMix(t, seed, c.demand)
				m.run(time.Hour)
				took := m.now.Sub(time.Unix(0, 0))
				t.Logf("seed %d: %d tasks in %d offers and %d cycles, %s", seed, m.placed, m.offers, m.cycles, took)
				if m.placed != 19_500 {
					t.Errorf("seed %d: %d tasks are placed, want 19,500", seed, m.placed)
				}
				if m.offers > c.offers || m.cycles > c.cycles || took > c.within {
					t.Errorf("seed %d: %d offers, %d cycles and %s, want at most %d, %d and %s",
						seed, m.offers, m.cycles, took, c.offers, c.cycles, c.within)
				}
			}
		})
	}
}
