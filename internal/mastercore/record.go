package mastercore

import (
	"maps"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mastercore/internal/record"
	"github.com/proffer-go/proffer/internal/wire"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// The keys of the registry.
const masterKey = "master"

func frameworkKey(id proffer.FrameworkID) string { return "framework/" + string(id) }
func agentKey(id proffer.AgentID) string         { return "agent/" + string(id) }
func roleKey(name string) string                 { return "role/" + name }
func taskKey(t *task) string                     { return "task/" + string(t.framework.info.ID) + "/" + string(t.info.ID) }

// Changes returns what is to be written to the registry since the last call: a
// record by key, nil for one that is to be deleted. They are to be durable
// before the effects of the same steps are carried out. Nil: nothing.
func (c *Core) Changes() map[string][]byte {
	return c.changes.Take()
}

func (c *Core) change(key string, value []byte) {
	if c.durable {
		c.changes.Set(key, value)
	}
}

func (c *Core) unrecord(key string) { c.change(key, nil) }

func (c *Core) recordMaster() {
	if c.durable {
		c.change(masterKey, record.Encode(&record.Record{Content: &record.Record_Master{Master: &record.Master{
			Incarnation: c.incarnation, Frameworks: c.nextFramework, Agents: c.nextAgent,
		}}}))
	}
}

func (c *Core) recordFramework(f *framework) {
	if c.durable {
		c.change(frameworkKey(f.info.ID), record.Encode(&record.Record{Content: &record.Record_Framework{
			Framework: &record.Framework{Info: wire.EncodeFramework(&f.info)},
		}}))
	}
}

// recordRemoved keeps the id of a framework that is gone for good, to refuse it.
func (c *Core) recordRemoved(f *framework) {
	c.removals++
	if out, ok := c.removed.add(f.info.ID, struct{}{}); ok {
		c.unrecord(frameworkKey(out))
	}
	if !c.durable {
		return
	}
	if !c.removed.has(f.info.ID) { // none are kept
		c.unrecord(frameworkKey(f.info.ID))
		return
	}
	c.change(frameworkKey(f.info.ID), record.Encode(&record.Record{Content: &record.Record_Framework{
		Framework: &record.Framework{Info: wire.EncodeFramework(&f.info), Removed: c.removals},
	}}))
}

func (c *Core) recordAgent(g *agent) {
	if !c.durable {
		return
	}
	total := g.total
	if g.state.here() {
		total = c.allocator.Total(g.info.ID)
	}
	r := &record.Agent{
		Info: wire.EncodeAgent(&g.info), Total: wire.EncodeResources(total), State: stateRecords[g.state],
		Instance: g.instance, Deactivated: g.deactivated, Drain: (*int64)(g.drain),
	}
	if u := g.unavailability; u != nil {
		r.Unavailability = &record.Unavailability{Start: u.Start.UnixNano(), Duration: int64(u.Duration)}
	}
	c.change(agentKey(g.info.ID), record.Encode(&record.Record{Content: &record.Record_Agent{Agent: r}}))
}

var stateRecords = map[agentState]record.Agent_State{
	registered: record.Agent_ADMITTED, disconnected: record.Agent_ADMITTED, recovering: record.Agent_ADMITTED,
	unreachable: record.Agent_UNREACHABLE, gone: record.Agent_GONE,
}

func (c *Core) recordTask(t *task) {
	if !c.durable {
		return
	}
	r := &record.Task{AgentId: string(t.agent.info.ID), Role: t.role, Number: t.number}
	if p := t.info.Unreachable; p != nil {
		r.GiveUpAfter, r.KillOnReturn = int64(p.GiveUpAfter), p.KillOnReturn
	}
	if _, there := t.agent.tasks[t]; t.given || !there {
		r.Ended, r.Untold = uint32(t.latest), t.waits
	}
	c.change(taskKey(t), record.Encode(&record.Record{Content: &record.Record_Task{Task: r}}))
}

// role is what operators want of one.
type role struct {
	quota    offers.Quota
	weight   *float64
	priority *int
}

func (c *Core) recordRole(name string, r *role) {
	if !c.durable {
		return
	}
	if r.weight == nil && r.priority == nil && r.quota.Guarantee.IsEmpty() && r.quota.Limit == nil {
		delete(c.roles, name)
		c.unrecord(roleKey(name))
		return
	}
	m := &record.Role{Guarantee: wire.EncodeQuantities(r.quota.Guarantee), Weight: r.weight, Quota: r.quota.Limit != nil}
	for _, resource := range slices.Sorted(maps.Keys(r.quota.Limit)) {
		m.Limit = append(m.Limit, &wire.Quantity{Name: resource, Amount: int64(r.quota.Limit[resource])})
	}
	if r.priority != nil {
		priority := int64(*r.priority)
		m.Priority = &priority
	}
	c.change(roleKey(name), record.Encode(&record.Record{Content: &record.Record_Role{Role: m}}))
}

func decodeRole(m *record.Role) (*role, error) {
	r := &role{weight: m.Weight}
	var err error
	if r.quota.Guarantee, err = wire.DecodeQuantities(m.GetGuarantee()); err != nil {
		return nil, err
	}
	if m.GetQuota() {
		r.quota.Limit = make(map[string]resources.Scalar, len(m.GetLimit()))
	}
	for _, q := range m.GetLimit() {
		r.quota.Limit[q.GetName()] = resources.Scalar(q.GetAmount())
	}
	if m.Priority != nil {
		priority := int(m.GetPriority())
		r.priority = &priority
	}
	return r, nil
}

func decodeUnavailability(m *record.Unavailability) *offers.Unavailability {
	if m == nil {
		return nil
	}
	return &offers.Unavailability{Start: time.Unix(0, m.GetStart()), Duration: time.Duration(m.GetDuration())}
}
