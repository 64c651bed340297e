package offers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Explanation tells why a framework is not offered what it wants, or what
// stands ready for it. Its String is for people, the fields for programs.
type Explanation struct {
	FrameworkID proffer.FrameworkID
	Wanted      resources.Resources // empty: any offer at all

	// Framework tells what keeps the framework from offers everywhere.
	// WhyAvailable: nothing does.
	Framework Why
	Roles     []string // of those concerned by Framework

	// Agents has one entry an agent and role, in the order of agent ids. It is
	// empty where Framework tells all.
	Agents []AgentExplanation
}

// AgentExplanation tells why one agent is not offered in one role.
type AgentExplanation struct {
	AgentID  proffer.AgentID
	Hostname string
	Role     string

	// Reasons has everything that is in the way, the most specific first: what
	// the framework itself can change before what only others can. It has at
	// least one entry; the only one is WhyAvailable when nothing is in the way.
	Reasons []Reason

	Total          resources.Resources // of the agent, for this role
	Available      resources.Resources // of it now
	Unavailability *Unavailability     // planned maintenance; nil for none
}

// Why returns the most specific reason.
func (g AgentExplanation) Why() Why { return g.Reasons[0].Why }

// Explain tells why a framework is not offered wanted, on every agent and in
// every role; with empty resources, why it is offered nothing.
func (a *Allocator) Explain(id proffer.FrameworkID, wanted resources.Resources) (Explanation, error) {
	f, err := a.subscribed(id)
	if err != nil {
		return Explanation{}, fmt.Errorf("explain: %w", err)
	}
	e := Explanation{FrameworkID: id, Wanted: wanted}
	var open []*client
	for _, c := range f.sorted() {
		switch {
		case !c.subscribed:
		case c.suppressed:
			e.Roles = append(e.Roles, c.node.Role())
		default:
			open = append(open, c)
		}
	}
	switch {
	case !f.active:
		e.Framework = WhyNotConnected
	case len(open) == 0:
		e.Framework = WhySuppressed
	case len(a.agents) == 0:
		e.Framework = WhyNoAgents
	}
	if e.Framework != WhyAvailable {
		return e, nil
	}
	for _, g := range a.agentList {
		for _, c := range open {
			e.Agents = append(e.Agents, a.explainAgent(g, c, wanted))
		}
	}
	slices.SortStableFunc(e.Agents, func(x, y AgentExplanation) int { return cmp.Compare(x.AgentID, y.AgentID) })
	return e, nil
}

func (a *Allocator) explainAgent(g *agent, c *client, wanted resources.Resources) AgentExplanation {
	role := c.node.Role()
	e := AgentExplanation{
		AgentID: g.info.ID, Hostname: g.info.Hostname, Role: role, Unavailability: g.maintenance,
		Total:     g.info.Resources.AllocatableTo(role),
		Available: g.available.AllocatableTo(role),
	}
	x := explainer{a: a, g: g, c: c, wanted: wanted.Quantities(), e: &e}
	x.demand()
	if !c.caps.Revocable || x.want != nil {
		e.Total, e.Available = e.Total.NonRevocable(), e.Available.NonRevocable()
	}
	if !c.caps.SharedVolumes || x.want != nil {
		e.Total, e.Available = e.Total.NonShared(), e.Available.NonShared()
	}
	if mine := x.offered(func(o *outstanding) bool { return o.client == c && x.fits(o.offer.Resources) }); mine != nil {
		e.Reasons = []Reason{{Why: WhyOffered}}
		return e
	}
	x.undemanded()
	x.exclusions()
	if x.size() {
		x.filters()
		x.quotas()
		x.availability()
	}
	if len(e.Reasons) == 0 && x.want == nil {
		x.portion()
	}
	if len(e.Reasons) == 0 {
		if w := a.blocker(c); w != nil {
			x.add(Reason{Why: WhyClaimed, Holder: w.client.framework.id})
		} else {
			x.add(Reason{Why: WhyAvailable})
		}
	}
	return e
}

// explainer gathers the reasons of one agent.
type explainer struct {
	a      *Allocator
	g      *agent
	c      *client
	wanted resources.Quantities
	want   *want // the demand for what is wanted, if there is one
	e      *AgentExplanation
}

func (x *explainer) add(r Reason) { x.e.Reasons = append(x.e.Reasons, r) }

func (x *explainer) fits(r resources.Resources) bool {
	return !r.IsEmpty() && r.Quantities().Contains(x.wanted)
}

func (x *explainer) short(r resources.Resources) resources.Quantities {
	return r.Quantities().Missing(x.wanted)
}

func (x *explainer) offered(is func(*outstanding) bool) *outstanding {
	for _, o := range sortedOffers(x.g) {
		if is(o) {
			return o
		}
	}
	return nil
}

// demand finds the demand for what is wanted, one that waits if there is any;
// where nothing is named it tells what is wanted.
func (x *explainer) demand() {
	for _, w := range x.c.wants {
		if (x.wanted.IsEmpty() || x.wanted.Contains(w.stated.Resources)) && (x.want == nil || x.want.left <= 0) {
			x.want = w
		}
	}
	if x.want != nil && x.wanted.IsEmpty() {
		x.wanted = x.want.stated.Resources
	}
}

// undemanded tells that nobody waits for what is wanted, or not on this agent,
// or why its gang does.
func (x *explainer) undemanded() {
	switch {
	case !x.c.demanding:
	case x.want == nil || x.want.left <= 0:
		x.add(Reason{Why: WhyNoDemand})
	case x.want.stated.Gang && x.want.waiting && x.want.why == WhyGang:
		x.add(Reason{Why: WhyGang})
	case x.want.stated.PerAgent > 0 && x.want.tasksOn(x.g) >= x.want.stated.PerAgent:
		x.add(Reason{Why: WhyOffered})
	}
}

// exclusions are what keeps the agent from the framework whatever it has.
func (x *explainer) exclusions() {
	g, c := x.g, x.c
	if failing := c.matcher.failing(&g.info); failing != "" {
		x.add(Reason{Why: WhyConstraint, Constraint: failing})
	}
	if x.want != nil {
		if failing := x.want.shape.agents.failing(&g.info); failing != "" {
			x.add(Reason{Why: WhyConstraint, Constraint: failing})
		}
	}
	if g.gpus && !c.caps.GPUs {
		x.add(Reason{Why: WhyGPUs})
	}
	if g.remote && !c.caps.RegionAware {
		x.add(Reason{Why: WhyRegion})
	}
	if g.deactivated {
		x.add(Reason{Why: WhyDraining})
	}
}

// size reports whether the agent, idle, has what is wanted.
func (x *explainer) size() bool {
	total, all := x.e.Total, x.g.info.Resources
	switch {
	case x.fits(total):
		return true
	case x.fits(all):
		x.add(Reason{Why: WhyReserved, Short: x.short(total)})
	default:
		x.add(Reason{Why: WhyTooSmall, Short: x.short(total)})
	}
	return false
}

func (x *explainer) filters() {
	refusals, available := x.g.refusal(x.c), x.e.Available
	var r *refusal
	if x.want != nil {
		r = refusals.blocksShape(x.want.shape)
	} else if !available.IsEmpty() {
		r = refusals.blocks(available)
	}
	if r != nil && (x.fits(available) || x.fits(r.refused)) {
		x.add(Reason{Why: WhyFiltered, Until: x.a.time(r.until)})
	}
}

// quotas are the limits and guarantees in the way. What a reservation serves
// they do not bind.
func (x *explainer) quotas() {
	a, role := x.a, x.c.node.parent.parent
	if a.tree.quotas == 0 {
		return
	}
	reserved := x.e.Available.Reserved().Quantities()
	for name, amount := range reserved.Missing(x.wanted).All() {
		i := a.tree.names.number(name)
		if room, by := role.room(i); by != nil && int64(amount) > room {
			x.add(Reason{Why: WhyLimit, Role: by.path, Short: resources.QuantityOf(name, amount-resources.Scalar(room))})
		}
		if beyond := int64(amount) - role.unmet(i) - a.headroom(i); beyond > 0 {
			x.add(Reason{Why: WhyHeadroom, Role: a.tree.root.lacking(i), Short: resources.QuantityOf(name, resources.Scalar(beyond))})
		}
	}
}

// portion tells why nothing of an agent is offered that has what is wanted: what
// is left when limits, guarantees and claims are taken off is too little.
func (x *explainer) portion() {
	a, g, c := x.a, x.g, x.c
	withheld, was := a.withheld, g.withheld
	defer func() { a.withheld, g.withheld = withheld, was }() // to explain changes nothing
	if _, why := a.portion(g, c, true); why == WhyAvailable && a.tree.root.need.some() {
		return
	}
	switch _, why := a.portion(g, c, false); why {
	case WhyAvailable:
	case WhyLimit:
		x.add(Reason{Why: why, Role: c.node.parent.parent.tightest(g.amounts)})
	case WhyHeadroom:
		x.add(Reason{Why: why, Role: a.tree.root.lackingAny()})
	default:
		x.add(Reason{Why: why})
	}
}

// tightest returns the role whose limit leaves less than there is.
func (n *Node) tightest(amounts vector) string {
	for i, x := range amounts {
		if room, by := n.room(i); by != nil && x > room {
			return by.path
		}
	}
	return ""
}

// lacking returns the role below whose guarantee lacks most of a resource.
func (n *Node) lacking(i int) string {
	if n.ownNeed(i) > 0 {
		return n.path
	}
	var most *Node
	for _, child := range n.children {
		if child.need.at(i) > 0 && (most == nil || child.need.at(i) > most.need.at(i)) {
			most = child
		}
	}
	if most == nil {
		return n.path
	}
	return most.lacking(i)
}

func (n *Node) lackingAny() string {
	for i := range n.need {
		if n.need[i] > 0 {
			return n.lacking(i)
		}
	}
	return ""
}

// availability is who has what is wanted now.
func (x *explainer) availability() {
	a, g, available := x.a, x.g, x.e.Available
	if x.fits(available) {
		if x.want != nil && len(g.claims) > 0 && !a.claimsLeave(g, x.want) {
			x.add(Reason{Why: WhyClaimed, Holder: g.claims[0].want.client.framework.id})
		}
		if x.want != nil && !x.want.shape.devicesFit(g) {
			d := x.want.stated.Devices
			x.add(Reason{Why: WhyInUse, Short: resources.QuantityOf(d.Family, d.Each*resources.Scalar(d.Count-d.fitting(g.state.Devices(d.Family))))})
		}
		return
	}
	short := x.short(available)
	others := x.offered(func(o *outstanding) bool { return o.client != x.c })
	if others != nil {
		x.add(Reason{Why: WhyOfferedElsewhere, Holder: others.offer.FrameworkID, Short: short})
		return
	}
	x.add(Reason{Why: WhyInUse, Short: short})
}

// String returns the explanation as lines of text, one an agent.
func (e Explanation) String() string {
	var b strings.Builder
	want := "an offer"
	if !e.Wanted.IsEmpty() {
		want = e.Wanted.String()
	}
	fmt.Fprintf(&b, "framework %s wants %s", e.FrameworkID, want)
	if e.Framework != WhyAvailable {
		fmt.Fprintf(&b, ": %s", e.Framework)
	}
	if len(e.Roles) > 0 {
		fmt.Fprintf(&b, " (suppressed: %s)", strings.Join(e.Roles, ", "))
	}
	for _, g := range e.Agents {
		fmt.Fprintf(&b, "\n  %s", g)
	}
	return b.String()
}

// String returns the explanation in one line.
func (g AgentExplanation) String() string {
	reasons := make([]string, len(g.Reasons))
	for i, r := range g.Reasons {
		reasons[i] = r.String()
	}
	s := fmt.Sprintf("%s (%s), role %s: %s", g.AgentID, g.Hostname, g.Role, strings.Join(reasons, "; "))
	if u := g.Unavailability; u != nil {
		s += "; maintenance from " + u.Start.UTC().Format(time.RFC3339)
	}
	return s
}
