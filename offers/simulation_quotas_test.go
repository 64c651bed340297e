package offers_test

import (
	"slices"
	"strings"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// amounts are by role, then by name; "" is the whole cluster.
type amounts map[string]map[string]resources.Scalar

func (m amounts) add(role string, r resources.Resources) {
	for {
		if m[role] == nil {
			m[role] = make(map[string]resources.Scalar)
		}
		for name, x := range r.Scalars() {
			m[role][name] += x
		}
		if role == "" {
			return
		}
		role = role[:max(strings.LastIndexByte(role, '/'), 0)]
	}
}

// shares is what counts for quotas.
type shares struct {
	s    *simulation
	have amounts // reserved to, offered to or used by, in all
	free map[string]resources.Scalar
}

// shares adds up, as if the offers of without were not there.
func (s *simulation) shares(without []*offers.Offer) shares {
	b := shares{s: s, have: make(amounts), free: make(map[string]resources.Scalar)}
	plain := func(r resources.Resources) resources.Resources { return r.NonShared().Unreserved().NonRevocable() }
	for _, g := range s.agents {
		for x := range g.info.Resources.Reserved().All() {
			one, err := resources.New(resources.Resource{Name: x.Name, Kind: x.Kind, Scalar: x.Scalar, Ranges: x.Ranges, Set: x.Set})
			s.must(err)
			b.have.add(x.Reservations[len(x.Reservations)-1].Role, one)
		}
		for _, u := range g.used {
			b.have.add(u.Role, plain(u.Resources))
		}
		if !g.down {
			for name, x := range plain(s.free(g)).Scalars() {
				b.free[name] += x
			}
		}
	}
	for _, o := range s.open {
		if !slices.Contains(without, o) {
			b.have.add(o.Role, plain(o.Resources))
			continue
		}
		for name, x := range plain(o.Resources).Scalars() {
			b.free[name] += x
		}
	}
	return b
}

// own is what a role's own guarantee lacks, need with those below it.
func (b shares) own(role, name string) resources.Scalar {
	return max(b.s.quotas[role].Guarantee.Get(name)-b.have[role][name], 0)
}

func (b shares) need(role, name string) resources.Scalar {
	return max(b.own(role, name), b.below(role, name))
}

func (b shares) below(role, name string) (sum resources.Scalar) {
	for _, child := range simRoles {
		if child[:max(strings.LastIndexByte(child, '/'), 0)] == role {
			sum += b.need(child, name)
		}
	}
	return sum
}

// room is what the limits leave, ok where there are any.
func (b shares) room(role, name string) (room resources.Scalar, ok bool) {
	for ; role != ""; role = role[:max(strings.LastIndexByte(role, '/'), 0)] {
		if limit, has := b.s.quotas[role].Limit[name]; has {
			left := max(limit-b.have[role][name], 0)
			if !ok || left < room {
				room, ok = left, true
			}
		}
	}
	return room, ok
}

// serves is what given to a role would meet guarantees.
func (b shares) serves(role, name string) (sum resources.Scalar) {
	for ; role != ""; role = role[:max(strings.LastIndexByte(role, '/'), 0)] {
		sum += max(b.own(role, name)-b.below(role, name), 0)
	}
	return sum
}

// checkQuotas: nothing newly offered is above a limit at any level, and what is
// left free is as much short of what guarantees lack as it was before, or not.
func (s *simulation) checkQuotas(made []*offers.Offer) {
	if len(made) == 0 || len(s.quotas) == 0 {
		return
	}
	before, after := s.shares(made), s.shares(nil)
	for _, o := range made {
		for name := range o.Resources.NonShared().Unreserved().NonRevocable().Scalars() {
			for role := o.Role; role != ""; role = role[:max(strings.LastIndexByte(role, '/'), 0)] {
				if limit, ok := s.quotas[role].Limit[name]; ok && after.have[role][name] > limit {
					s.fatalf("offer %s: role %s has %s of %s, its limit is %s", o, role, after.have[role][name], name, limit)
				}
			}
		}
	}
	for _, name := range []string{"cpus", "mem", "disk"} {
		was, is := before.free[name]-before.need("", name), after.free[name]-after.need("", name)
		if is < min(was, 0) {
			s.fatalf("%s %s free, guarantees lack %s; before the offers %s and %s", after.free[name], name, after.need("", name),
				before.free[name], before.need("", name))
		}
	}
}
