package wire

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// EncodeAgent returns the message of a.
func EncodeAgent(a *proffer.AgentInfo) *Agent {
	return &Agent{
		Id: string(a.ID), Hostname: a.Hostname, Resources: EncodeResources(a.Resources),
		Attributes: EncodeAttributes(a.Attributes), Domain: encodeDomain(a.Domain),
	}
}

// DecodeAgent is the inverse of EncodeAgent.
func DecodeAgent(m *Agent) (*proffer.AgentInfo, error) {
	var d decoder
	a := &proffer.AgentInfo{
		ID: optionalID[proffer.AgentID](&d, "id", m.GetId()), Hostname: m.GetHostname(),
		Resources: d.resources("resources", m.GetResources()), Attributes: d.attributes("attributes", m.GetAttributes()),
		Domain: decodeDomain(m.GetDomain()),
	}
	if d.err != nil {
		return nil, fmt.Errorf("agent %q: %w", excerpt(m.GetId()), d.err)
	}
	return a, nil
}

func (d *decoder) attributes(field string, all []*Attribute) (a resources.Attributes) {
	a, err := DecodeAttributes(all)
	d.within(field, err)
	return a
}

func encodeDomain(p proffer.Domain) *Domain {
	if p == (proffer.Domain{}) {
		return nil
	}
	return &Domain{Region: p.Region, Zone: p.Zone}
}

func decodeDomain(m *Domain) proffer.Domain {
	return proffer.Domain{Region: m.GetRegion(), Zone: m.GetZone()}
}

// EncodeFramework returns the message of f.
func EncodeFramework(f *proffer.FrameworkInfo) *Framework {
	return &Framework{
		Id: string(f.ID), Name: f.Name, User: f.User, Roles: f.Roles, FailoverTimeout: int64(f.FailoverTimeout),
		PartitionAware: f.PartitionAware, Capabilities: encodeCapabilities(f.Capabilities), Labels: encodeLabels(f.Labels),
	}
}

// DecodeFramework is the inverse of EncodeFramework.
func DecodeFramework(m *Framework) (*proffer.FrameworkInfo, error) {
	var d decoder
	f := &proffer.FrameworkInfo{
		ID: optionalID[proffer.FrameworkID](&d, "id", m.GetId()), Name: m.GetName(), User: m.GetUser(), Roles: m.GetRoles(),
		FailoverTimeout: time.Duration(m.GetFailoverTimeout()), PartitionAware: m.GetPartitionAware(),
		Capabilities: decodeCapabilities(m.GetCapabilities()), Labels: d.labels("labels", m.GetLabels()),
	}
	if d.err != nil {
		return nil, fmt.Errorf("framework %q: %w", excerpt(m.GetName()), d.err)
	}
	return f, nil
}

func encodeCapabilities(c proffer.Capabilities) *Capabilities {
	if c == (proffer.Capabilities{}) {
		return nil
	}
	return &Capabilities{
		Gpus: c.GPUs, RegionAware: c.RegionAware, Revocable: c.Revocable, SharedVolumes: c.SharedVolumes,
	}
}

func decodeCapabilities(m *Capabilities) proffer.Capabilities {
	return proffer.Capabilities{
		GPUs: m.GetGpus(), RegionAware: m.GetRegionAware(), Revocable: m.GetRevocable(), SharedVolumes: m.GetSharedVolumes(),
	}
}
