package wire

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

func encodeTerms(t *offers.Subscription) *Terms {
	m := &Terms{
		Roles: t.Roles, Suppressed: t.Suppressed, SuppressedStated: t.Suppressed != nil,
		Capabilities: encodeCapabilities(t.Capabilities),
	}
	for _, role := range slices.Sorted(maps.Keys(t.Constraints)) {
		m.Constraints = append(m.Constraints, &RoleConstraints{Role: role, Groups: encodeConstraints(t.Constraints[role])})
	}
	for _, role := range slices.Sorted(maps.Keys(t.MinAllocatable)) {
		least := &RoleLeast{Role: role, Stated: t.MinAllocatable[role] != nil}
		for _, q := range t.MinAllocatable[role] {
			least.Least = append(least.Least, &Quantities{Quantities: EncodeQuantities(q)})
		}
		m.MinAllocatable = append(m.MinAllocatable, least)
	}
	return m
}

func (d *decoder) terms(m *Terms) offers.Subscription {
	t := offers.Subscription{Roles: m.GetRoles(), Suppressed: m.GetSuppressed(), Capabilities: decodeCapabilities(m.GetCapabilities())}
	if t.Suppressed == nil && m.GetSuppressedStated() {
		t.Suppressed = []string{}
	}
	for _, x := range m.GetConstraints() {
		if _, twice := t.Constraints[x.GetRole()]; twice {
			d.fail("constraints", fmt.Errorf("role %q is there twice", excerpt(x.GetRole())))
		}
		if t.Constraints == nil {
			t.Constraints = make(map[string]offers.Constraints)
		}
		t.Constraints[x.GetRole()] = d.constraints("constraints", x.GetGroups())
	}
	for _, x := range m.GetMinAllocatable() {
		if _, twice := t.MinAllocatable[x.GetRole()]; twice {
			d.fail("least amounts", fmt.Errorf("role %q is there twice", excerpt(x.GetRole())))
		}
		if t.MinAllocatable == nil {
			t.MinAllocatable = make(map[string][]resources.Quantities)
		}
		var least []resources.Quantities
		if x.GetStated() {
			least = make([]resources.Quantities, 0, len(x.GetLeast()))
		} else if len(x.GetLeast()) > 0 {
			d.fail("least amounts", errors.New("they are there and not stated"))
		}
		for _, q := range x.GetLeast() {
			least = append(least, d.quantities("least amounts", q.GetQuantities()))
		}
		t.MinAllocatable[x.GetRole()] = least
	}
	return t
}

func (d *decoder) quantities(field string, all []*Quantity) resources.Quantities {
	q, err := DecodeQuantities(all)
	d.within(field, err)
	return q
}

func encodeConstraints(c offers.Constraints) []*ConstraintGroup {
	var groups []*ConstraintGroup
	for _, group := range c {
		m := &ConstraintGroup{}
		for i := range group {
			x := &group[i]
			m.Constraints = append(m.Constraints, &Constraint{
				Of: Subject(x.Of), Name: x.Name, Is: Predicate(x.Is), Text: x.Text, Number: int64(x.Number),
			})
		}
		groups = append(groups, m)
	}
	return groups
}

func (d *decoder) constraints(field string, groups []*ConstraintGroup) offers.Constraints {
	var c offers.Constraints
	for _, g := range groups {
		var group []offers.Constraint
		for _, m := range g.GetConstraints() {
			group = append(group, offers.Constraint{
				Of: enum(d, field+": of", m.GetOf(), offers.OfResource), Name: m.GetName(),
				Is: enum(d, field+": is", m.GetIs(), offers.AtMost), Text: m.GetText(), Number: resources.Scalar(m.GetNumber()),
			})
		}
		c = append(c, group)
	}
	return c
}

func encodeDemands(demands []offers.Demand) []*Demand {
	var list []*Demand
	for i := range demands {
		x := &demands[i]
		m := &Demand{
			Resources: EncodeQuantities(x.Resources), Constraints: encodeConstraints(x.Constraints),
			Count: int64(x.Count), PerAgent: int64(x.PerAgent), Gang: x.Gang,
		}
		if v := x.Devices; v != (offers.Devices{}) {
			m.Devices = &Devices{Family: v.Family, Count: int64(v.Count), Each: int64(v.Each)}
		}
		list = append(list, m)
	}
	return list
}

func (d *decoder) demands(list []*Demand) []offers.Demand {
	var demands []offers.Demand
	for _, m := range list {
		x := offers.Demand{
			Shape: offers.Shape{
				Resources:   d.quantities("demand", m.GetResources()),
				Constraints: d.constraints("demand", m.GetConstraints()),
			},
			Count: d.int("demand: count", m.GetCount()), PerAgent: d.int("demand: per agent", m.GetPerAgent()), Gang: m.GetGang(),
		}
		if v := m.GetDevices(); v != nil {
			x.Devices = offers.Devices{
				Family: v.GetFamily(), Count: d.int("demand: devices", v.GetCount()), Each: resources.Scalar(v.GetEach()),
			}
		}
		demands = append(demands, x)
	}
	return demands
}
