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
	Why      Why

	Total     resources.Resources // of the agent, for this role
	Available resources.Resources // of it now
	Short     resources.Quantities
	Until     time.Time           // of a filter
	Holder    proffer.FrameworkID // to whom it is offered
}

// Why is a reason for which something is not offered.
type Why uint8

// The reasons. When several apply the most specific is given: one that the
// framework itself can change before one that only others can.
const (
	WhyAvailable        Why = iota // nothing is in the way: an offer is made, or is due
	WhyNotConnected                // the framework is not connected
	WhySuppressed                  // the framework suppressed the role
	WhyNoAgents                    // the cluster has no agent
	WhyOffered                     // it is in an offer to this framework that waits for its answer
	WhyFiltered                    // the framework declined it and its filter lasts
	WhyTooSmall                    // the agent does not have it even when idle
	WhyReserved                    // what would serve is reserved for other roles
	WhyOfferedElsewhere            // it is in an offer to another framework
	WhyInUse                       // it is used by running tasks
	WhyBelowMinimum                // what is left is too little to be offered
	numWhys
)

var whyNames = [numWhys]string{
	"available", "framework is not connected", "role is suppressed", "cluster has no agents",
	"in an offer that waits for an answer", "declined, filter lasts", "agent is too small", "reserved for another role",
	"offered to another framework", "in use", "below the least amount worth offering",
}

// String returns the reason in words.
func (w Why) String() string {
	if w < numWhys {
		return whyNames[w]
	}
	return fmt.Sprintf("Why(%d)", uint8(w))
}

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
		AgentID: g.info.ID, Hostname: g.info.Hostname, Role: role,
		Total:     g.info.Resources.AllocatableTo(role),
		Available: g.available.AllocatableTo(role),
	}
	e.Short = e.Available.Quantities().Missing(wanted.Quantities())
	fits := func(r resources.Resources) bool {
		return !r.IsEmpty() && r.Quantities().Contains(wanted.Quantities())
	}
	mine, others := a.offeredOf(g, c)
	switch r := c.refusals[g].blocks(e.Available); {
	case !fits(e.Total) && fits(g.info.Resources):
		e.Why = WhyReserved
		e.Short = e.Total.Quantities().Missing(wanted.Quantities())
	case !fits(e.Total):
		e.Why = WhyTooSmall
		e.Short = e.Total.Quantities().Missing(wanted.Quantities())
	case mine != nil && fits(mine.offer.Resources):
		e.Why, e.Short = WhyOffered, resources.Quantities{}
	case fits(e.Available) && r != nil:
		e.Why, e.Until = WhyFiltered, r.until
	case fits(e.Available) && !a.allocatable(c, e.Available):
		e.Why = WhyBelowMinimum
	case fits(e.Available):
		e.Why = WhyAvailable
	case others != nil:
		e.Why, e.Holder = WhyOfferedElsewhere, others.offer.FrameworkID
	default:
		e.Why = WhyInUse
	}
	return e
}

// offeredOf returns an offer of the agent to the client and one to others.
func (a *Allocator) offeredOf(g *agent, c *client) (mine, others *outstanding) {
	for _, o := range sortedOffers(g.offered) {
		switch {
		case o.client == c && mine == nil:
			mine = o
		case o.client != c && others == nil:
			others = o
		}
	}
	return mine, others
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
	s := fmt.Sprintf("%s (%s), role %s: %s", g.AgentID, g.Hostname, g.Role, g.Why)
	if g.Holder != "" {
		s += " " + string(g.Holder)
	}
	if !g.Until.IsZero() {
		s += " until " + g.Until.UTC().Format("15:04:05.000")
	}
	if !g.Short.IsEmpty() {
		s += ", short by " + g.Short.String()
	}
	return s
}
