package offers

import (
	"cmp"
	"slices"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// portion returns what of the agent can be offered to a client without demand,
// or why nothing can.
func (a *Allocator) portion(g *agent, c *client, guaranteed bool) (resources.Resources, Why) {
	if why := a.excluded(g, c); why != WhyAvailable {
		return resources.Resources{}, why
	}
	part := g.available
	if !g.plainOnly {
		part = a.usable(g, c, guaranteed)
	}
	cut := WhyAvailable
	if a.tree.quotas > 0 {
		part, cut = a.withinQuotas(g, c, part, guaranteed)
	}
	if len(g.claims) > 0 {
		part = a.withoutClaims(g, c, part)
	}
	switch {
	case part.IsEmpty():
		return part, cmp.Or(cut, WhyInUse)
	case !a.allocatable(c, part):
		return part, cmp.Or(cut, WhyBelowMinimum)
	case g.refusal(c).blocks(part) != nil:
		return part, WhyFiltered
	}
	return part, WhyAvailable
}

// excluded reports why the agent is not for the client, whatever it has.
func (a *Allocator) excluded(g *agent, c *client) Why {
	switch {
	case g.deactivated:
		return WhyDraining
	case g.gpus && !c.caps.GPUs:
		return WhyGPUs
	case g.remote && !c.caps.RegionAware:
		return WhyRegion
	case len(c.constraints) > 0 && !c.matcher.match(&g.info):
		return WhyConstraint
	}
	return WhyAvailable
}

// admit is the part of excluded that is the same for all of a shape.
func admit(caps proffer.Capabilities, g *agent) bool {
	return (!g.gpus || caps.GPUs) && (!g.remote || caps.RegionAware)
}

// usable returns what of the agent is neither reserved for others nor of a kind
// that the framework cannot deal with. For a guarantee, reservations of roles
// above do not count.
func (a *Allocator) usable(g *agent, c *client, guaranteed bool) resources.Resources {
	role := c.node.Role()
	part := g.available.AllocatableTo(role)
	if guaranteed {
		part = part.Filter(func(x resources.Resource) bool {
			n := len(x.Reservations)
			return n == 0 || x.Reservations[n-1].Role == role
		})
	}
	if !c.caps.Revocable {
		part = part.NonRevocable()
	}
	if !c.caps.SharedVolumes || g.sharedRun == a.runs {
		part = part.NonShared()
	}
	return part
}

// withinQuotas cuts part down to what limits and guarantees leave, and returns
// which of them cut anything off. What is reserved, revocable or no scalar is
// not cut.
func (a *Allocator) withinQuotas(g *agent, c *client, part resources.Resources, guaranteed bool) (resources.Resources, Why) {
	role := c.node.parent.parent
	plain, rest := part, resources.Resources{}
	if !part.IsPlain() {
		plain = part.Unreserved().NonRevocable()
		rest, _ = part.Sub(plain)
	}
	serves, cut := false, WhyAvailable
	left := plain.Capped(func(name string) (resources.Scalar, bool) {
		i := a.tree.names.number(name)
		most, why := unlimited, WhyAvailable
		if room, by := role.room(i); by != nil {
			most, why = room, WhyLimit
		}
		var unmet int64
		if guaranteed {
			if unmet = min(role.unmet(i), most); unmet > 0 {
				serves = true
			}
		}
		if beyond := a.headroom(i); beyond < most-unmet {
			most, why = unmet+beyond, WhyHeadroom
		}
		if int64(plain.Scalar(name)) > most {
			cut = why
		}
		return resources.Scalar(most), most != unlimited
	})
	if guaranteed && !serves {
		return resources.Resources{}, WhyHeadroom
	}
	if cut != WhyAvailable && !guaranteed && !g.withheld {
		g.withheld = true
		a.withheld = append(a.withheld, g)
	}
	if rest.IsEmpty() {
		if cut != WhyAvailable && !hasScalar(left) {
			return rest, cut // nobody can use ports alone
		}
		return left, cut
	}
	sum, err := left.Add(rest)
	if err != nil {
		panic("offers: parts of one agent do not add up: " + err.Error())
	}
	return sum, cut
}

func hasScalar(r resources.Resources) bool {
	for range r.Scalars() {
		return true
	}
	return false
}

// hopeless reports whether limits keep every agent's resources from the client,
// so that it need not be looked at until they leave more.
func (a *Allocator) hopeless(c *client) bool {
	role := c.node.parent.parent
	if c.caps.Revocable || a.tree.view(role) != "" {
		return false
	}
	least := a.leastFor(c)
	if len(least) == 0 {
		return false
	}
	return !slices.ContainsFunc(least, func(q resources.Quantities) bool {
		for name, amount := range q.All() {
			if room, _ := role.room(a.tree.names.number(name)); room < int64(amount) {
				return false
			}
		}
		return true
	})
}

// allocatable reports whether r is worth offering to the client, or with nil
// to any that has no least amounts of its own.
func (a *Allocator) allocatable(c *client, r resources.Resources) bool {
	least := a.leastFor(c)
	if len(least) == 0 {
		return true
	}
	return slices.ContainsFunc(least, func(q resources.Quantities) bool {
		for name, amount := range q.All() {
			if amountOf(r, name) < amount {
				return false
			}
		}
		return true
	})
}

func (a *Allocator) leastFor(c *client) []resources.Quantities {
	if c == nil || c.least == nil {
		return a.cfg.MinAllocatable
	}
	return c.least
}
