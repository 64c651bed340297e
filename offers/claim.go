package offers

import (
	"slices"

	"github.com/proffer-go/proffer/resources"
)

// claim keeps room on an agent for one task of a demand.
type claim struct {
	want    *want
	agent   *agent
	asked   []*inverse
	by      int64 // when what was asked for is taken; then never
	expires int64 // when it is given up
}

// dropClaim ends a claim: what it kept is for everybody again.
func (a *Allocator) dropClaim(c *claim) {
	for _, v := range c.asked {
		a.endInverse(v)
	}
	same := func(o *claim) bool { return o == c }
	a.claims = slices.DeleteFunc(a.claims, same)
	c.agent.claims = slices.DeleteFunc(c.agent.claims, same)
}

func (a *Allocator) dropClaims(w *want) {
	for _, c := range slices.Clone(a.claims) {
		if c.want == w {
			g := c.agent
			a.dropClaim(c)
			a.look(a.time(a.clock), g)
		}
	}
}

// settleClaims ends a claim of the want as one of its tasks has its place.
func (a *Allocator) settleClaims(w *want, g *agent) {
	if len(a.claims) == 0 {
		return
	}
	i := slices.IndexFunc(a.claims, func(c *claim) bool { return c.want == w && c.agent == g })
	if i < 0 && a.claimsOf(w) > max(w.left, 0) {
		i = slices.IndexFunc(a.claims, func(c *claim) bool { return c.want == w })
	}
	if i >= 0 {
		at := a.claims[i].agent
		a.dropClaim(a.claims[i])
		a.look(a.time(a.clock), at)
	}
}

// claimsLeave reports whether the claims of others leave the agent room for a
// task of the want.
func (a *Allocator) claimsLeave(g *agent, w *want) bool {
	left := slices.Clone(g.amounts)
	for _, c := range g.claims {
		if c.want != w {
			left.sub(c.want.shape.needs)
		}
	}
	return left.covers(w.shape.needs)
}

// withoutClaims leaves out of part what is kept for demands of others.
func (a *Allocator) withoutClaims(g *agent, c *client, part resources.Resources) resources.Resources {
	left := slices.Clone(g.amounts)
	for _, k := range g.claims {
		if k.want.client != c {
			left.sub(k.want.shape.needs)
		}
	}
	plain := part.Unreserved().NonRevocable()
	rest, _ := part.Sub(plain)
	cut, err := plain.Capped(func(name string) (resources.Scalar, bool) {
		return resources.Scalar(max(left.at(a.tree.names.number(name)), 0)), true
	}).Add(rest)
	if err != nil {
		panic("offers: parts of one agent do not add up: " + err.Error())
	}
	return cut
}
