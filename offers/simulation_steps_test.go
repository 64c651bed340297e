package offers_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// step does one thing, each with its odds.
func (s *simulation) step() {
	steps := []struct {
		odds int
		do   func()
	}{
		{8, s.addAgent},
		{8, s.addFramework},
		{30, s.answer},
		{4, s.acceptAll},
		{14, s.releaseSome},
		{10, s.demand},
		{4, s.clearDemand},
		{4, s.suppress},
		{6, s.revive},
		{4, s.failOver},
		{3, s.update},
		{3, s.leave},
		{2, s.removeAgent},
		{5, s.updateAgent},
		{4, s.switchAgent},
		{4, s.maintain},
		{4, s.answerInverse},
		{6, s.quota},
		{4, s.operator},
		{2, s.weigh},
		{3, s.rescind},
		{3, s.ask},
	}
	sum := 0
	for _, x := range steps {
		sum += x.odds
	}
	n := s.rng.IntN(sum)
	for _, x := range steps {
		if n -= x.odds; n < 0 {
			x.do()
			return
		}
	}
}

func pick[T any](s *simulation, list []T) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[s.rng.IntN(len(list))], true
}

func (s *simulation) chance(oneOf int) bool { return s.rng.IntN(oneOf) == 0 }

func (s *simulation) name(kind string) string {
	s.names++
	return fmt.Sprint(kind, s.names)
}

func (s *simulation) someResources() resources.Resources {
	text := fmt.Sprintf("cpus:%d;mem:%d;disk:%d;cpus(eng):%d;disk(eng):%d;mem(ops):%d;ports:[1000-%d]",
		1+s.rng.IntN(8), 64+s.rng.IntN(4096), s.rng.IntN(500), s.rng.IntN(3), s.rng.IntN(100), s.rng.IntN(128), 1000+s.rng.IntN(50))
	if s.chance(3) {
		text += fmt.Sprintf(";cpus:%d{REV}", 1+s.rng.IntN(4))
	}
	if s.chance(4) {
		text += ";gpu/0:1;gpu/1:1"
	}
	return resources.MustParse(text)
}

func (s *simulation) someAttributes() resources.Attributes {
	return resources.MustParseAttributes(fmt.Sprintf("rack:r%d;level:%d", s.rng.IntN(3), s.rng.IntN(5)))
}

func (s *simulation) addAgent() {
	if len(s.agents) >= 12 {
		return
	}
	id := s.name("a")
	info := proffer.AgentInfo{ID: proffer.AgentID(id), Hostname: id, Resources: s.someResources(), Attributes: s.someAttributes()}
	if s.chance(5) {
		info.Domain.Region = "away"
	}
	var used []offers.Usage
	if f, ok := pick(s, s.frameworks); ok && s.chance(3) {
		used = append(used, offers.Usage{FrameworkID: f.id, Role: f.sub.Roles[0], Resources: resources.MustParse("cpus:0.5;mem:32")})
	}
	s.say("add agent %s %s %s, used %v", id, info.Resources, info.Attributes, used)
	s.must(s.a.AddAgent(s.now, info, used...))
	s.book.addAgent(info, used)
	s.agents = append(s.agents, &simAgent{account: s.book.agents[info.ID]})
}

func (s *simulation) removeAgent() {
	g, ok := pick(s, s.agents)
	if !ok {
		return
	}
	s.say("remove agent %s", g.info.ID)
	s.must(s.a.RemoveAgent(s.now, g.info.ID))
	s.book.removeAgent(g.info.ID)
	s.agents = slices.DeleteFunc(s.agents, func(o *simAgent) bool { return o == g })
	s.forgive(func(r simRefusal) bool { return r.agent == g })
}

func (s *simulation) updateAgent() {
	g, ok := pick(s, s.agents)
	if !ok {
		return
	}
	info := g.info
	switch s.rng.IntN(3) {
	case 0:
		info.Attributes = s.someAttributes()
	case 1:
		more, _ := info.Resources.Add(resources.MustParse(fmt.Sprintf("cpus:%d;mem:100;cpus:1{REV}", s.rng.IntN(3))))
		info.Resources = more
	default: // what is plain shrinks
		info.Resources = info.Resources.Filter(func(x resources.Resource) bool {
			goes := x.Revocable && s.chance(2) || x.Name == "ports" && s.chance(4) || x.Name == "cpus" && len(x.Reservations) == 0 && s.chance(3)
			return !goes
		})
	}
	s.say("update agent %s: %s %s", info.ID, info.Resources, info.Attributes)
	s.must(s.a.UpdateAgent(s.now, info))
	if !info.Attributes.Equal(g.info.Attributes) {
		s.forgive(func(r simRefusal) bool { return r.agent == g })
	}
	g.info = info
	g.shrunk, g.over = true, s.excess(g)
}

func (s *simulation) switchAgent() {
	g, ok := pick(s, s.agents)
	if !ok {
		return
	}
	s.say("agent %s down: %v", g.info.ID, !g.down)
	if g.down {
		s.must(s.a.ActivateAgent(s.now, g.info.ID))
	} else {
		s.must(s.a.DeactivateAgent(s.now, g.info.ID))
	}
	g.down = !g.down
}

func (s *simulation) maintain() {
	g, ok := pick(s, s.agents)
	if !ok {
		return
	}
	var u *offers.Unavailability
	if g.plan = s.chance(2); g.plan {
		u = &offers.Unavailability{Start: s.now.Add(time.Hour)}
	}
	s.say("maintain %s: %v", g.info.ID, g.plan)
	s.must(s.a.SetUnavailability(s.now, g.info.ID, u))
}

func (s *simulation) answerInverse() {
	o, ok := pick(s, s.inverse)
	if !ok {
		return
	}
	s.say("answer inverse %s", o.ID)
	s.must(s.a.AnswerInverse(s.now, o.ID, s.chance(2), offers.Filter{Refuse: time.Duration(s.rng.IntN(4)) * time.Second}))
	s.inverse = slices.DeleteFunc(s.inverse, func(x *offers.InverseOffer) bool { return x == o })
}

func (s *simulation) someSubscription() offers.Subscription {
	sub := offers.Subscription{Capabilities: proffer.Capabilities{
		GPUs: s.chance(2), RegionAware: s.chance(2), Revocable: s.chance(3), SharedVolumes: s.chance(2),
	}}
	for _, role := range simRoles {
		if s.chance(4) {
			sub.Roles = append(sub.Roles, role)
		}
	}
	if len(sub.Roles) == 0 {
		sub.Roles = []string{simRoles[s.rng.IntN(len(simRoles))]}
	}
	if s.chance(4) {
		sub.Constraints = map[string]offers.Constraints{
			sub.Roles[0]: {{{Name: "rack", Is: offers.TextEquals, Text: "r1"}}, {{Name: "level", Is: offers.AtLeast, Number: 3 * resources.Unit}}},
		}
	}
	if s.chance(5) {
		sub.MinAllocatable = map[string][]resources.Quantities{sub.Roles[0]: quantities("cpus:1;mem:100|mem:2000")}
	}
	return sub
}

func (s *simulation) addFramework() {
	if len(s.frameworks) >= 10 {
		return
	}
	f := &simFramework{
		id: proffer.FrameworkID(s.name("f")), sub: s.someSubscription(), connected: true,
		suppressed: make(map[string]bool), demands: make(map[string][]offers.Demand), serving: make(map[string]map[proffer.OfferID]bool),
	}
	s.say("add framework %s %+v", f.id, f.sub)
	s.must(s.a.AddFramework(s.now, f.id, f.sub))
	s.frameworks = append(s.frameworks, f)
}

// update changes roles, capabilities and constraints.
func (s *simulation) update() {
	f, role, ok := s.someClient()
	if !ok {
		return
	}
	sub := s.someSubscription()
	sub.Suppressed = []string{}
	if !slices.Contains(sub.Roles, role) {
		sub.Roles = append(sub.Roles, role)
	}
	s.say("update framework %s %+v", f.id, sub)
	s.must(s.a.UpdateFramework(s.now, f.id, sub))
	s.forgive(func(r simRefusal) bool {
		return r.framework == f && (f.suppressed[r.role] || !slices.Contains(sub.Roles, r.role))
	})
	clear(f.suppressed)
	for left := range f.demands {
		if !slices.Contains(sub.Roles, left) {
			delete(f.demands, left)
		}
	}
	f.sub = sub
}

// holds reports whether the framework has anything in the role.
func (s *simulation) holds(f *simFramework, role string) bool {
	for _, g := range s.agents {
		if !s.used(g, f.id, role).IsEmpty() {
			return true
		}
	}
	return false
}

// leave removes a framework at once, or has it go while its tasks end.
func (s *simulation) leave() {
	f, ok := pick(s, s.frameworks)
	if !ok {
		return
	}
	s.forgive(func(r simRefusal) bool { return r.framework == f })
	switch {
	case !f.leaving && s.chance(2):
		s.say("unsubscribe %s", f.id)
		s.must(s.a.Unsubscribe(s.now, f.id))
		f.leaving, f.connected = true, false
		clear(f.demands)
		if slices.ContainsFunc(simRoles, func(role string) bool { return s.holds(f, role) }) {
			return
		}
	case f.leaving:
		s.say("release all of %s", f.id)
		for _, g := range s.agents {
			s.a.ReleaseAll(s.now, g.info.ID, f.id)
		}
	default:
		s.say("remove %s", f.id)
		s.must(s.a.RemoveFramework(s.now, f.id))
	}
	s.book.removeFramework(f.id)
	s.frameworks = slices.DeleteFunc(s.frameworks, func(o *simFramework) bool { return o == f })
}

// someClient picks a framework that is subscribed, and one of its roles.
func (s *simulation) someClient() (*simFramework, string, bool) {
	f, ok := pick(s, s.frameworks)
	if !ok || f.leaving {
		return nil, "", false
	}
	return f, f.sub.Roles[s.rng.IntN(len(f.sub.Roles))], true
}

func (s *simulation) failOver() {
	f, _, ok := s.someClient()
	if !ok {
		return
	}
	s.say("framework %s connected: %v", f.id, !f.connected)
	if f.connected {
		s.must(s.a.Deactivate(s.now, f.id))
		s.forgive(func(r simRefusal) bool { return r.framework == f })
	} else {
		s.must(s.a.Activate(s.now, f.id))
	}
	f.connected = !f.connected
}

func (s *simulation) suppress() {
	if f, role, ok := s.someClient(); ok {
		s.say("suppress %s %s", f.id, role)
		s.must(s.a.Suppress(s.now, f.id, role))
		f.suppressed[role] = true
	}
}

func (s *simulation) revive() {
	if f, role, ok := s.someClient(); ok {
		s.say("revive %s %s", f.id, role)
		s.must(s.a.Revive(s.now, f.id, role))
		delete(f.suppressed, role)
		s.forgive(func(r simRefusal) bool { return r.framework == f && r.role == role })
	}
}

// forgive ends filters.
func (s *simulation) forgive(which func(simRefusal) bool) {
	s.refusals = slices.DeleteFunc(s.refusals, which)
}

// quota sets, changes or removes quotas, all or none.
func (s *simulation) quota() {
	changes := make(map[string]offers.Quota)
	for range 1 + s.rng.IntN(2) {
		var q offers.Quota
		if s.chance(2) {
			q.Guarantee = resources.MustParseQuantities(fmt.Sprintf("cpus:%d;mem:%d", s.rng.IntN(6), s.rng.IntN(2000)))
		}
		if s.chance(2) {
			q.Limit = map[string]resources.Scalar{"cpus": resources.Scalar(s.rng.IntN(12)) * resources.Unit / 2}
			if s.chance(2) {
				q.Limit["mem"] = resources.Scalar(s.rng.IntN(4000)) * resources.Unit
			}
		}
		changes[simRoles[s.rng.IntN(len(simRoles))]] = q
	}
	err := s.a.SetQuotas(s.now, changes)
	s.say("quotas %v: %v", changes, err)
	if err == nil {
		maps.Copy(s.quotas, changes)
	}
	for _, role := range simRoles {
		if got, want := s.a.Quota(role), s.quotas[role]; !got.Guarantee.Equal(want.Guarantee) || !maps.Equal(got.Limit, want.Limit) {
			s.fatalf("quota of %s is %v, want %v", role, got, want)
		}
	}
}

func (s *simulation) weigh() {
	role := simRoles[s.rng.IntN(len(simRoles))]
	s.must(s.a.SetWeight(role, 0.5+s.rng.Float64()*3))
	s.must(s.a.SetPriority(role, s.rng.IntN(4)))
}

// ask has something explained, which changes nothing.
func (s *simulation) ask() {
	if f, _, ok := s.someClient(); ok {
		e, err := s.a.Explain(f.id, resources.MustParse("cpus:1;mem:64"))
		s.must(err)
		s.say("%s", e)
	}
}
