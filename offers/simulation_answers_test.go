package offers_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// demand states what a framework waits for: nothing, or one or two shapes.
func (s *simulation) demand() {
	f, role, ok := s.someClient()
	if !ok {
		return
	}
	var list []offers.Demand
	for range s.rng.IntN(3) {
		d := offers.Demand{Count: 1 + s.rng.IntN(5), Gang: s.chance(4)}
		d.Resources = resources.MustParseQuantities(fmt.Sprintf("cpus:0.%d;mem:%d;ports:%d", 1+s.rng.IntN(9), 32*s.rng.IntN(9), s.rng.IntN(3)))
		if s.preempts && s.chance(2) { // for which there is seldom room
			d.Resources = resources.MustParseQuantities(fmt.Sprintf("cpus:%d;mem:64", 1+s.rng.IntN(4)))
		}
		if s.chance(4) {
			d.PerAgent = 1
		}
		if s.chance(4) {
			d.Devices = offers.Devices{Family: "gpu", Count: 1 + s.rng.IntN(2), Each: resources.Scalar(s.rng.IntN(4)+1) * 250}
		}
		if s.chance(4) {
			d.Constraints = offers.Constraints{{{Name: "rack", Is: offers.TextNotEquals, Text: "r0"}}}
		}
		list = append(list, d)
	}
	s.setDemand(f, role, list...)
}

func (s *simulation) setDemand(f *simFramework, role string, list ...offers.Demand) {
	before, demanding := f.demands[role]
	if !demanding {
		s.forgive(func(r simRefusal) bool { return r.framework == f && r.role == role })
	}
	same := len(before) == 1 && len(list) == 1 && fmt.Sprint(before[0].Shape) == fmt.Sprint(list[0].Shape)
	if !same { // so that open offers count for none of the new ones
		s.must(s.a.SetDemand(s.now, f.id, role))
		f.serving[role] = make(map[proffer.OfferID]bool)
	}
	s.say("demand of %s in %s: %+v", f.id, role, list)
	s.must(s.a.SetDemand(s.now, f.id, role, list...))
	f.demands[role] = list
	delete(f.suppressed, role)
}

func (s *simulation) clearDemand() {
	if f, role, ok := s.someClient(); ok {
		s.say("clear demand of %s in %s", f.id, role)
		s.must(s.a.ClearDemand(s.now, f.id, role))
		delete(f.demands, role)
	}
}

// answer answers some offers: declines, holds, uses a part, converts.
func (s *simulation) answer() {
	for _, o := range s.sortedOffers() {
		f := s.framework(o.FrameworkID)
		filter := offers.Filter{Refuse: time.Duration(s.rng.IntN(9)) * time.Second}
		if s.chance(6) {
			filter.Refuse = offers.NoRefuse
		}
		switch n := s.rng.IntN(10); {
		case n < 3:
			s.say("%s declines %s for %s", o.FrameworkID, o.ID, filter.Refuse)
			s.must(s.a.Decline(s.now, o.ID, filter))
			s.closed(o)
			s.refuse(f, o, o.Resources, filter)
		case n < 4:
			s.say("%s holds %s", o.FrameworkID, o.ID)
			s.must(s.a.Hold(s.now, o.ID))
			if !s.held[o.ID] { // it is held once
				s.held[o.ID], s.due[o.ID] = true, s.now.Add(5*time.Second)
			}
		case n < 7:
			s.accept(f, o, filter)
		}
	}
}

func (s *simulation) closed(o *offers.Offer) { delete(s.open, o.ID) }

func (s *simulation) refuse(f *simFramework, o *offers.Offer, refused resources.Resources, filter offers.Filter) {
	if refused.IsEmpty() || filter.Refuse == offers.NoRefuse {
		return
	}
	until := filter.Refuse
	if until == 0 {
		until = offers.DefaultRefuse
	}
	s.refusals = append(s.refusals, simRefusal{f, o.Role, s.agent(o.AgentID), refused, s.now.Add(max(until, time.Second))})
}

func (s *simulation) accept(f *simFramework, o *offers.Offer, filter offers.Filter) {
	answer := offers.Answer{OfferIDs: []proffer.OfferID{o.ID}, Filter: filter}
	demands, demanding := f.demands[o.Role]
	if demanding {
		answer.Used = o.Resources // its tasks, all of them
	} else {
		answer.Conversions, answer.Used = s.operations(o)
	}
	err := s.a.AcceptAll(s.now, answer)
	s.say("%s uses %s of %s after %v: %v", f.id, answer.Used, o.ID, answer.Conversions, err)
	if err != nil {
		if slices.ContainsFunc(answer.Conversions, func(v offers.Conversion) bool { return !v.Consumed.Shared().IsEmpty() }) {
			return // somebody else has the volume
		}
		if len(answer.Conversions) > 0 && !s.agent(o.AgentID).over.IsEmpty() {
			return // the agent shrank beneath the offer
		}
		s.must(err)
	}
	g := s.agent(o.AgentID)
	left := o.Resources
	for _, v := range answer.Conversions {
		left, _ = left.Sub(v.Consumed)
		left, _ = left.Add(v.Converted)
	}
	s.book.convert(o.AgentID, answer.Conversions)
	rest, _ := left.Sub(answer.Used)
	refused, _ := rest.Sub(o.Resources.Missing(rest)) // but for what is new
	s.closed(o)
	if !answer.Used.IsEmpty() {
		s.book.use(g.info.ID, offers.Usage{FrameworkID: f.id, Role: o.Role, Resources: answer.Used})
	}
	s.refuse(f, o, refused, filter)
	switch {
	case len(demands) == 1 && f.serving[o.Role][o.ID]:
		demands[0].Count -= tasksIn(demands[0], answer.Used)
	case len(demands) > 1: // which of them it was for is not told
		s.setDemand(f, o.Role, demands[0])
	}
}

// tasksIn returns how many tasks of the demand take r.
func tasksIn(d offers.Demand, r resources.Resources) int {
	return int(r.Quantities().Get("cpus") / d.Resources.Get("cpus"))
}

// operations makes up what an offer could be converted to, and what of it is
// used.
func (s *simulation) operations(o *offers.Offer) ([]offers.Conversion, resources.Resources) {
	volumes := o.Resources.Filter(func(x resources.Resource) bool { return x.Disk != nil && x.Disk.Volume != nil })
	plain := o.Resources.Filter(func(x resources.Resource) bool {
		return len(x.Reservations) == 0 && !x.Revocable && x.Kind == resources.KindScalar && x.Disk == nil && (x.Name == "cpus" || x.Name == "disk")
	})
	reserved := o.Resources.Reserved().Filter(func(x resources.Resource) bool { return x.Disk == nil })
	dynamic := reserved.Filter(func(x resources.Resource) bool { return x.Reservations[len(x.Reservations)-1].Dynamic })
	var op offers.Operation
	switch n := s.rng.IntN(12); {
	case n == 0 && o.Role != "*" && !plain.IsEmpty():
		op = offers.Reserve{Resources: plain.Capped(s.atMost(2)), By: resources.Reservation{Role: o.Role, Dynamic: true}}
	case n == 1 && !dynamic.IsEmpty():
		op = offers.Unreserve{Resources: dynamic.Capped(s.atMost(1))}
	case n <= 4 && reserved.Named("disk").Len() > 0:
		for x := range reserved.Named("disk").Capped(s.atMost(50)).All() {
			x.Disk, x.Shared = &resources.DiskInfo{Volume: &resources.Volume{ID: s.name("v"), ContainerPath: "data"}}, s.chance(2)
			r, err := resources.New(x)
			s.must(err)
			op = offers.Create{Volumes: r}
			break
		}
	case n <= 6 && !volumes.IsEmpty():
		op = s.volumeOperation(volumes, reserved)
	}
	used := o.Resources.Shared().Filter(func(resources.Resource) bool { return s.chance(2) })
	if part := resources.MustParse(fmt.Sprintf("cpus:0.%d;mem:%d", 1+s.rng.IntN(9), 1+s.rng.IntN(64))); op == nil && o.Resources.Contains(part) {
		used, _ = used.Add(part)
	}
	if op == nil && (s.chance(4) || (s.preempts && s.chance(2))) {
		used = o.Resources // a busy cluster
	}
	if op == nil {
		return nil, used
	}
	v, err := offers.Convert(op, o.Role)
	s.must(err)
	if !v.Consumed.Shared().IsEmpty() {
		used = resources.Resources{}
	}
	return []offers.Conversion{v}, used
}

func (s *simulation) volumeOperation(volumes, reserved resources.Resources) offers.Operation {
	var list []resources.Resource
	for x := range volumes.All() {
		list = append(list, x)
	}
	x, _ := pick(s, list)
	volume, err := resources.New(x)
	s.must(err)
	free := reserved.Filter(func(y resources.Resource) bool {
		return y.Name == "disk" && len(y.Reservations) == len(x.Reservations) && fmt.Sprint(y.Reservations) == fmt.Sprint(x.Reservations)
	})
	switch {
	case s.chance(3) || x.Shared:
		return offers.Destroy{Volumes: volume}
	case s.chance(2) && x.Scalar > resources.Unit:
		return offers.Shrink{Volume: volume, By: resources.Unit / 2}
	case !free.IsEmpty():
		return offers.Grow{Volume: volume, Addition: free.Capped(s.atMost(5))}
	}
	return nil
}

func (s *simulation) atMost(units int) func(string) (resources.Scalar, bool) {
	return func(string) (resources.Scalar, bool) { return resources.Scalar(units) * resources.Unit, true }
}

// acceptAll uses a part of all offers of a framework; with an offer among them
// that is none, nothing happens.
func (s *simulation) acceptAll() {
	f, role, ok := s.someClient()
	if _, demanding := f.demandsIn(role); !ok || demanding {
		return
	}
	var answers []offers.Answer
	part := resources.MustParse("cpus:0.1")
	for _, o := range s.sortedOffers() {
		if o.FrameworkID == f.id && o.Role == role && o.Resources.Contains(part) {
			answers = append(answers, offers.Answer{OfferIDs: []proffer.OfferID{o.ID}, Used: part, Filter: offers.Filter{Refuse: offers.NoRefuse}})
		}
	}
	if len(answers) == 0 {
		return
	}
	bad := slices.Concat(answers, []offers.Answer{{OfferIDs: []proffer.OfferID{"o0"}}})
	if err := s.a.AcceptAll(s.now, bad...); err == nil {
		s.fatalf("an unknown offer was accepted")
	}
	s.say("%s accepts %d offers", f.id, len(answers))
	s.must(s.a.AcceptAll(s.now, answers...))
	for _, x := range answers {
		o := s.open[x.OfferIDs[0]]
		s.book.use(o.AgentID, offers.Usage{FrameworkID: f.id, Role: role, Resources: part})
		s.closed(o)
	}
}

func (f *simFramework) demandsIn(role string) ([]offers.Demand, bool) {
	if f == nil {
		return nil, false
	}
	list, ok := f.demands[role]
	return list, ok
}

func (s *simulation) releaseSome() {
	for _, g := range s.agents {
		u, ok := pick(s, g.used)
		if !ok {
			continue
		}
		s.release(g, u)
		f := s.framework(u.FrameworkID)
		if f.leaving && !slices.ContainsFunc(simRoles, func(role string) bool { return s.holds(f, role) }) {
			s.frameworks = slices.DeleteFunc(s.frameworks, func(o *simFramework) bool { return o == f })
		}
	}
}

func (s *simulation) rescind() {
	if o, ok := pick(s, s.sortedOffers()); ok {
		s.say("rescind %s", o.ID)
		s.must(s.a.Rescind(s.now, o.ID))
	}
}

// operator reserves or unreserves what nobody has.
func (s *simulation) operator() {
	g, ok := pick(s, s.agents)
	if !ok {
		return
	}
	free := s.free(g).NonShared()
	op := offers.Operation(offers.Reserve{
		Resources: free.Filter(func(x resources.Resource) bool {
			return len(x.Reservations) == 0 && !x.Revocable && x.Name == "cpus"
		}).Capped(s.atMost(1)),
		By: resources.Reservation{Role: "ops/db", Dynamic: true},
	})
	if dynamic := free.Reserved().Filter(func(x resources.Resource) bool {
		return x.Disk == nil && x.Reservations[len(x.Reservations)-1].Dynamic
	}); s.chance(2) && !dynamic.IsEmpty() {
		op = offers.Unreserve{Resources: dynamic}
	}
	v, err := offers.Convert(op, "ops")
	if err != nil {
		return // there is nothing to reserve
	}
	s.say("operator converts %s of %s to %s", v.Consumed, g.info.ID, v.Converted)
	s.must(s.a.Convert(s.now, g.info.ID, v))
	s.book.convert(g.info.ID, []offers.Conversion{v})
}
