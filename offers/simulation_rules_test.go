package offers_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// check holds what the allocator decided against the rules.
func (s *simulation) check(c offers.Changes) {
	for _, g := range s.agents {
		now := s.excess(g)
		if !g.over.Contains(now) {
			s.fatalf("agent %s of %s: %s is taken beyond that", g.info.ID, g.info.Resources, now)
		}
		g.over = now
	}
	s.forgive(func(r simRefusal) bool { return !r.until.After(s.now) })
	for _, o := range c.Offers {
		s.checkOffer(o)
	}
	s.checkDemands(c.Offers)
	s.checkQuotas(c.Offers)
	for _, o := range c.InverseOffers {
		s.checkInverse(o)
	}
}

// taken is what is used and offered of an agent, shared volumes left out.
func (s *simulation) taken(g *simAgent) (sum resources.Resources) {
	for _, u := range g.used {
		sum, _ = sum.Add(u.Resources.NonShared())
	}
	for _, o := range s.open {
		if o.AgentID == g.info.ID {
			sum, _ = sum.Add(o.Resources.NonShared())
		}
	}
	return sum
}

// excess is what is taken of an agent beyond its total.
func (s *simulation) excess(g *simAgent) resources.Resources {
	return g.info.Resources.NonShared().Missing(s.taken(g))
}

// free is what is neither used nor offered of an agent.
func (s *simulation) free(g *simAgent) resources.Resources {
	taken, _ := s.taken(g).Sub(s.excess(g))
	rest, _ := g.info.Resources.Sub(taken)
	return rest
}

// checkOffer holds an offer against the rules of who may be offered what.
func (s *simulation) checkOffer(o *offers.Offer) {
	f, g := s.framework(o.FrameworkID), s.agent(o.AgentID)
	switch {
	case f == nil || f.leaving || !f.connected || f.suppressed[o.Role] || !slices.Contains(f.sub.Roles, o.Role):
		s.fatalf("offer %s to who does not want it", o)
	case g == nil || g.down:
		s.fatalf("offer %s of an agent that is not there", o)
	case o.Resources.IsEmpty():
		s.fatalf("offer %s is empty", o)
	case !s.admits(f, o.Role, g):
		s.fatalf("offer %s of an agent that the framework cannot use: %+v", o, g.info)
	case !s.usable(f, o.Role, o.Resources).Equal(o.Resources):
		s.fatalf("offer %s holds what the framework cannot use", o)
	case (o.Unavailability != nil) != g.plan:
		s.fatalf("offer %s: maintenance planned %v, told %v", o, g.plan, o.Unavailability)
	}
	if _, demanding := f.demands[o.Role]; !demanding && !s.worthwhile(f, o.Role, o.Resources) {
		s.fatalf("offer %s is too little", o)
	}
	for _, r := range s.refusals {
		if r.framework == f && r.role == o.Role && r.agent == g && r.refused.Contains(o.Resources) {
			s.fatalf("offer %s of what was refused until %s: %s", o, r.until.Sub(s.start), r.refused)
		}
	}
}

// admits reports whether the agent is for the framework, whatever it has.
func (s *simulation) admits(f *simFramework, role string, g *simAgent) bool {
	match, err := f.sub.Constraints[role].Match(&g.info)
	s.must(err)
	gpus := g.info.Resources.Named("gpu/0", "gpu/1")
	return match && (gpus.IsEmpty() || f.sub.Capabilities.GPUs) && (g.info.Domain.Region != "away" || f.sub.Capabilities.RegionAware)
}

// usable is what of r the framework can be offered.
func (s *simulation) usable(f *simFramework, role string, r resources.Resources) resources.Resources {
	return r.Filter(func(x resources.Resource) bool {
		n := len(x.Reservations)
		mine := n == 0 || strings.HasPrefix(role+"/", x.Reservations[n-1].Role+"/")
		return mine && (!x.Revocable || f.sub.Capabilities.Revocable) && (!x.Shared || f.sub.Capabilities.SharedVolumes)
	})
}

func (s *simulation) worthwhile(f *simFramework, role string, r resources.Resources) bool {
	least, own := f.sub.MinAllocatable[role]
	if !own {
		least = quantities("cpus:0.01|mem:32")
	}
	return slices.ContainsFunc(least, r.Quantities().Contains)
}

// checkDemands holds the new offers against what was demanded: not too much in
// all nor on one agent, and of a gang all or nothing.
func (s *simulation) checkDemands(made []*offers.Offer) {
	type client struct {
		f    *simFramework
		role string
	}
	var clients []client
	for _, o := range made {
		f := s.framework(o.FrameworkID)
		if demands, ok := f.demands[o.Role]; ok {
			if len(demands) == 0 {
				s.fatalf("offer %s to who demands nothing", o)
			}
			f.serving[o.Role][o.ID] = true
			if c := (client{f, o.Role}); !slices.Contains(clients, c) {
				clients = append(clients, c)
			}
		}
	}
	for _, c := range clients {
		demands := c.f.demands[c.role]
		if len(demands) != 1 {
			continue
		}
		d, all := demands[0], 0
		per := make(map[proffer.AgentID]int)
		for id := range c.f.serving[c.role] {
			o := s.open[id]
			if o == nil {
				continue
			}
			tasks := tasksIn(d, o.Resources)
			if want := fmt.Sprint(tasks * int(d.Resources.Get("cpus"))); fmt.Sprint(int(o.Resources.Scalar("cpus"))) != want {
				s.fatalf("offer %s is not of whole tasks of %+v", o, d)
			}
			all += tasks
			per[o.AgentID] += tasks
			match, err := d.Constraints.Match(&s.agent(o.AgentID).info)
			s.must(err)
			if d.PerAgent > 0 && per[o.AgentID] > d.PerAgent || !match && slices.Contains(made, o) {
				s.fatalf("offer %s: %d tasks on the agent, constraints met: %v, of demand %+v", o, per[o.AgentID], match, d)
			}
		}
		if all > d.Count || (d.Gang && all != d.Count) {
			s.fatalf("framework %s is offered %d tasks in role %s, it demands %+v", c.f.id, all, c.role, d)
		}
	}
}

// checkInverse holds an inverse offer against the rules.
func (s *simulation) checkInverse(o *offers.InverseOffer) {
	f, g := s.framework(o.FrameworkID), s.agent(o.AgentID)
	switch {
	case f == nil || g == nil:
		s.fatalf("inverse offer %s: framework or agent is gone", o)
	case o.Unavailability != nil && (!g.plan || !f.connected):
		s.fatalf("inverse offer %s: maintenance planned: %v, framework connected: %v", o, g.plan, f.connected)
	case o.Unavailability == nil && (!s.preempts || !s.used(g, f.id, o.Role).Contains(o.Resources)):
		s.fatalf("inverse offer %s: %s is used", o, s.used(g, f.id, o.Role))
	}
	if o.Unavailability == nil {
		b := s.shares(nil)
		for name, asked := range o.Resources.Scalars() {
			for role := o.Role; role != ""; role = role[:max(strings.LastIndexByte(role, '/'), 0)] {
				if least := s.quotas[role].Guarantee.Get(name); least > 0 && b.have[role][name]-asked < least {
					s.fatalf("inverse offer %s: role %s has %s of %s, its guarantee is %s", o, role, b.have[role][name], name, least)
				}
			}
		}
	}
	for _, x := range s.inverse {
		if x != o && o.Unavailability != nil && x.Unavailability != nil && x.FrameworkID == f.id && x.AgentID == o.AgentID {
			s.fatalf("inverse offer %s although %s waits for its answer", o, x)
		}
	}
}

// settleDown lets all filters end; then every resource that somebody could be
// offered is in an offer or in use, and every demand that could be served is.
func (s *simulation) settleDown() {
	for _, f := range s.frameworks {
		for _, role := range f.sub.Roles {
			gang := slices.ContainsFunc(f.demands[role], func(d offers.Demand) bool { return d.Gang })
			if _, demanding := f.demands[role]; demanding && (gang || s.preempts) {
				s.setDemand(f, role) // as it keeps things from others
			}
		}
	}
	s.pass(14 * time.Second)
	b := s.shares(nil)
	s.say("quotas %v, had %v, free %v", s.quotas, b.have, b.free)
	for _, f := range s.frameworks {
		if f.leaving || !f.connected {
			continue
		}
		for _, role := range f.sub.Roles {
			if f.suppressed[role] {
				continue
			}
			for _, g := range s.agents {
				if !g.down && s.admits(f, role, g) {
					s.checkNothingLeft(b, f, role, g)
				}
			}
		}
		for _, wanted := range []string{"", "cpus:1;mem:64", "mem:32", "cpus:0.5"} {
			s.checkExplained(f, resources.MustParse(wanted))
		}
	}
}

// checkExplained reports what is said to be available and yet not offered.
func (s *simulation) checkExplained(f *simFramework, wanted resources.Resources) {
	e, err := s.a.Explain(f.id, wanted)
	s.must(err)
	for _, x := range e.Agents {
		if x.Why() == offers.WhyAvailable {
			s.fatalf("framework %s is not offered what is available:\n%s\n%s", f.id, e, s.book.dump(s.open))
		}
	}
}

// checkNothingLeft reports what of an agent a framework could be offered.
func (s *simulation) checkNothingLeft(b shares, f *simFramework, role string, g *simAgent) {
	free := s.usable(f, role, s.free(g)).NonShared()
	within := func(extra bool) (resources.Resources, bool) {
		serves := false
		plain := free.Unreserved().NonRevocable()
		rest, _ := free.Sub(plain)
		cut := plain.Capped(func(name string) (resources.Scalar, bool) {
			room, limited := b.room(role, name)
			lacking := b.need("", name)
			most := max(b.free[name]-lacking, 0)
			if unmet := b.serves(role, name); extra && unmet > 0 && (!limited || room > 0) {
				serves = true
				most += unmet
			}
			if lacking > 0 && (!limited || most < room) {
				return most, true
			}
			return room, limited
		})
		cut, _ = cut.Add(rest)
		return cut, serves || !extra
	}
	for _, extra := range []bool{false, true} {
		left, ok := within(extra)
		if !ok {
			continue
		}
		demands, demanding := f.demands[role]
		if !demanding {
			if s.worthwhile(f, role, left) && !extra {
				s.fatalf("%s of agent %s could be offered to %s in role %s:\n%s", left, g.info.ID, f.id, role, s.book.dump(s.open))
			}
			continue
		}
		if len(demands) == 1 {
			s.checkServed(b, f, role, demands[0], g, left.NonRevocable())
		}
	}
}

// checkServed reports a demand of which the agent could serve one more task.
func (s *simulation) checkServed(_ shares, f *simFramework, role string, d offers.Demand, g *simAgent, left resources.Resources) {
	all, here := 0, 0
	for id := range f.serving[role] {
		if o := s.open[id]; o != nil {
			all += tasksIn(d, o.Resources)
			if o.AgentID == g.info.ID {
				here += tasksIn(d, o.Resources)
			}
		}
	}
	match, err := d.Constraints.Match(&g.info)
	s.must(err)
	devices := 0
	for _, x := range []string{"gpu/0", "gpu/1"} {
		if left.Scalar(x) >= d.Devices.Each {
			devices++
		}
	}
	if all < d.Count && match && (d.PerAgent == 0 || here < d.PerAgent) && devices >= d.Devices.Count && left.Quantities().Contains(d.Resources) {
		s.fatalf("agent %s has %s, %s in role %s has %d offers of its demand %+v:\n%s", g.info.ID, left, f.id, role, all, d, s.book.dump(s.open))
	}
}
