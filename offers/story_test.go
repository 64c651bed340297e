package offers_test

import (
	"slices"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// story drives an allocator and those around it on a clock of its own.
type story struct {
	t     *testing.T
	a     *offers.Allocator
	start time.Time
	now   time.Time

	// What the frameworks do; nil is nothing.
	offered   func(*offers.Offer)
	rescinded func(*offers.Offer)
	evicted   func(offers.Eviction)

	plans []plan // by time
}

// plan is something that happens later.
type plan struct {
	at time.Time
	do func()
}

func newStory(t *testing.T, cfg offers.Config) *story {
	t.Helper()
	a, err := offers.New(cfg)
	must(t, err)
	start := time.Unix(0, 0)
	return &story{t: t, a: a, start: start, now: start}
}

// after has something happen when that much time has passed.
func (s *story) after(d time.Duration, do func()) {
	p := plan{s.now.Add(d), do}
	at := slices.IndexFunc(s.plans, func(q plan) bool { return q.at.After(p.at) })
	if at < 0 {
		at = len(s.plans)
	}
	s.plans = slices.Insert(s.plans, at, p)
}

// pass lets time pass.
func (s *story) pass(d time.Duration) {
	end := s.now.Add(d)
	for {
		at, due := s.a.Deadline()
		if len(s.plans) > 0 && (!due || s.plans[0].at.Before(at)) {
			at, due = s.plans[0].at, true
		}
		if !due || at.After(end) {
			s.now = end
			return
		}
		if at.After(s.now) {
			s.now = at
		}
		for len(s.plans) > 0 && !s.plans[0].at.After(s.now) {
			p := s.plans[0]
			s.plans = s.plans[1:]
			p.do()
		}
		s.advance()
	}
}

func (s *story) advance() {
	c := s.a.Advance(s.now)
	for _, o := range c.Rescinded {
		if s.rescinded != nil {
			s.rescinded(o)
		}
	}
	for _, o := range c.Offers {
		if s.offered != nil {
			s.offered(o)
		}
	}
	for _, e := range c.Evictions {
		if s.evicted != nil {
			s.evicted(e)
		}
	}
}

func (s *story) since() time.Duration { return s.now.Sub(s.start) }

func (s *story) addAgents(n int, r string) {
	for i := range n {
		must(s.t, s.a.AddAgent(s.now, proffer.AgentInfo{ID: agentName(i), Resources: resources.MustParse(r)}))
	}
}

func (s *story) subscribe(id proffer.FrameworkID, role string) {
	must(s.t, s.a.AddFramework(s.now, id, offers.Subscription{Roles: []string{role}}))
}

func (s *story) demand(id proffer.FrameworkID, role string, count int, task string, gang bool) {
	d := offers.Demand{Count: count, Gang: gang}
	d.Resources = resources.MustParseQuantities(task)
	must(s.t, s.a.SetDemand(s.now, id, role, d))
}

// launch uses part of an offer, for as long; what is left is declined with the
// default filter.
func (s *story) launch(o *offers.Offer, part resources.Resources, lasts time.Duration, ended func()) {
	must(s.t, s.a.Accept(s.now, []proffer.OfferID{o.ID}, part, offers.Filter{}))
	s.after(lasts, func() {
		s.release(o, part)
		if ended != nil {
			ended()
		}
	})
}

func (s *story) release(o *offers.Offer, part resources.Resources) {
	must(s.t, s.a.Release(s.now, o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: part}))
}

func (s *story) decline(o *offers.Offer) {
	must(s.t, s.a.Decline(s.now, o.ID, offers.Filter{}))
}
