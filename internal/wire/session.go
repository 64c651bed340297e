package wire

import (
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// What a session of a driver needs beside calls and events.
type (
	// SubscribeCall is the first message on a driver's connection.
	SubscribeCall struct {
		Framework proffer.FrameworkInfo
		Terms     offers.Subscription
	}

	// SubscribeEvent answers it. With an error the connection is of no more
	// use; otherwise the events of the session follow.
	SubscribeEvent struct {
		Err error
	}

	// ExplainCall asks why the framework is not offered what it wants.
	ExplainCall struct {
		Wanted resources.Resources // empty: any offer at all
	}

	// ExplainEvent answers the explain calls in their order.
	ExplainEvent struct {
		Explanation offers.Explanation
		Err         error
	}
)

func encodeSession(message any) (content, error) {
	switch m := message.(type) {
	case *SubscribeCall:
		return content{number: numberSubscribe, message: &Subscribe{Framework: EncodeFramework(&m.Framework), Terms: encodeTerms(&m.Terms)}}, nil
	case *SubscribeEvent:
		return content{number: numberSubscribeAnswer, message: &SubscribeAnswer{Error: encodeError(m.Err)}}, nil
	case *ExplainCall:
		return content{number: numberExplain, message: &Explain{Wanted: EncodeResources(m.Wanted)}}, nil
	case *ExplainEvent:
		return content{number: numberExplanation, message: encodeExplanation(m)}, nil
	default:
		return content{}, errNoMessage
	}
}

func (d *decoder) subscribe(m *Subscribe) *SubscribeCall {
	call := &SubscribeCall{Terms: d.terms(m.GetTerms())}
	framework, err := DecodeFramework(m.GetFramework())
	d.within("subscribe", err)
	if err == nil {
		call.Framework = *framework
	}
	return call
}

func encodeExplanation(e *ExplainEvent) *Explanation {
	x := &e.Explanation
	m := &Explanation{
		Error: encodeError(e.Err), FrameworkId: string(x.FrameworkID), Wanted: EncodeResources(x.Wanted),
		Framework: Why(x.Framework), Roles: x.Roles,
	}
	for i := range x.Agents {
		g := &x.Agents[i]
		agent := &AgentExplanation{
			AgentId: string(g.AgentID), Hostname: g.Hostname, Role: g.Role,
			Total: EncodeResources(g.Total), Available: EncodeResources(g.Available),
			Unavailability: encodeUnavailability(g.Unavailability),
		}
		for j := range g.Reasons {
			r := &g.Reasons[j]
			reason := &ReasonNotOffered{
				Why: Why(r.Why), Short: EncodeQuantities(r.Short), Holder: string(r.Holder), Role: r.Role, Constraint: r.Constraint,
			}
			reason.UntilSeconds, reason.UntilNanos = encodeTime(r.Until)
			agent.Reasons = append(agent.Reasons, reason)
		}
		m.Agents = append(m.Agents, agent)
	}
	return m
}

func (d *decoder) explanation(m *Explanation) *ExplainEvent {
	e := &ExplainEvent{Err: decodeError(m.GetError()), Explanation: offers.Explanation{
		FrameworkID: optionalID[proffer.FrameworkID](d, "framework id", m.GetFrameworkId()),
		Wanted:      d.resources("wanted", m.GetWanted()),
		Framework:   enum(d, "framework", m.GetFramework(), offers.WhyGang), Roles: m.GetRoles(),
	}}
	for i, x := range m.GetAgents() {
		var in decoder
		e.Explanation.Agents = append(e.Explanation.Agents, in.agentExplanation(x))
		d.within(fmt.Sprintf("agent %d", i+1), in.err)
	}
	return e
}

func (d *decoder) agentExplanation(m *AgentExplanation) offers.AgentExplanation {
	g := offers.AgentExplanation{
		AgentID: d.agentID(m.GetAgentId()), Hostname: m.GetHostname(), Role: m.GetRole(),
		Total: d.resources("total", m.GetTotal()), Available: d.resources("available", m.GetAvailable()),
		Unavailability: d.unavailability(m.GetUnavailability()),
	}
	if len(m.GetReasons()) == 0 {
		d.fail("reasons", errMissing)
	}
	for _, r := range m.GetReasons() {
		g.Reasons = append(g.Reasons, offers.Reason{
			Why: enum(d, "why", r.GetWhy(), offers.WhyGang), Short: d.quantities("short", r.GetShort()),
			Until:  d.time("until", r.GetUntilSeconds(), r.GetUntilNanos()),
			Holder: optionalID[proffer.FrameworkID](d, "holder", r.GetHolder()), Role: r.GetRole(), Constraint: r.GetConstraint(),
		})
	}
	return g
}
