package wire

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
)

func encodeInverseOffer(o *offers.InverseOffer) *InverseOffer {
	m := &InverseOffer{
		Id: string(o.ID), FrameworkId: string(o.FrameworkID), AgentId: string(o.AgentID), Hostname: o.Hostname,
		Unavailability: encodeUnavailability(o.Unavailability), Role: o.Role, Resources: EncodeResources(o.Resources),
	}
	m.BySeconds, m.ByNanos = encodeTime(o.By)
	return m
}

func (d *decoder) inverseOffer(m *InverseOffer) *offers.InverseOffer {
	return &offers.InverseOffer{
		ID: requiredID[proffer.InverseOfferID](d, "id", m.GetId()), FrameworkID: d.framework(m.GetFrameworkId()),
		AgentID: d.agentID(m.GetAgentId()), Hostname: m.GetHostname(), Unavailability: d.unavailability(m.GetUnavailability()),
		Role: m.GetRole(), Resources: d.resources("resources", m.GetResources()), By: d.time("by", m.GetBySeconds(), m.GetByNanos()),
	}
}

func encodeUnavailability(u *offers.Unavailability) *Unavailability {
	if u == nil {
		return nil
	}
	m := &Unavailability{Duration: int64(u.Duration)}
	m.Seconds, m.Nanos = encodeTime(u.Start)
	return m
}

func (d *decoder) unavailability(m *Unavailability) *offers.Unavailability {
	if m == nil {
		return nil
	}
	return &offers.Unavailability{
		Start: d.time("unavailability", m.GetSeconds(), m.GetNanos()), Duration: time.Duration(m.GetDuration()),
	}
}
