package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// podFramework demands a place for one pod after the other. One that has none at
// once is given up; nothing ever departs.
type podFramework struct {
	cluster  *schedulertest.Cluster
	driver   *scheduler.Driver
	order    []*gpuPod
	next     int  // pod that is to arrive
	wanted   bool // the last one has no place yet
	machines map[proffer.AgentID]*machine
	measure  *policy.Fragmentation // nil where no pod wants GPUs
	useless  float64               // GPUs that are free and of no use, in all
	placed   int
	given    int64 // GPU milli
	tell     func(p *gpuPod)
	err      error
}

// machine is what the framework has placed on an agent.
type machine struct {
	info    *proffer.AgentInfo
	free    resources.Resources
	tasks   []resources.Resources
	useless float64
}

// gpuCapable frameworks are offered agents with GPUs.
var gpuCapable = proffer.Capabilities{GPUs: true}

// pause is the time between two arrivals: of no consequence, as nothing departs.
const pause = time.Second

// replayPods runs the arrivals. Tell is called after each, when it is known
// whether it has a place.
func replayPods(f *podFramework, agents []proffer.AgentInfo, order offers.AgentOrder, seed uint64) (schedulertest.Stats, error) {
	c, err := schedulertest.New(schedulertest.Config{
		Agents: agents,
		Offers: offers.Config{
			AgentOrder: order, Seed: seed, Coalesce: -1, OfferTimeout: -1, MinAllocatable: []resources.Quantities{},
		},
		Lifetime: func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return schedulertest.Forever, proffer.ExitStatus{}
		},
	})
	if err != nil {
		return schedulertest.Stats{}, err
	}
	defer func() { _ = c.Close() }() // fails in callbacks only
	f.machines = make(map[proffer.AgentID]*machine, len(agents))
	for i := range agents {
		m := &machine{info: &agents[i], free: agents[i].Resources}
		f.machines[m.info.ID] = m
		f.assess(m)
	}
	f.cluster = c
	if f.driver, err = scheduler.New(f, scheduler.Config{Name: "pods", Master: c, Capabilities: gpuCapable}); err != nil {
		return schedulertest.Stats{}, err
	}
	program := c.Go(context.Background(), f.driver.Run)
	if err := f.driver.Demand(proffer.DefaultRole); err != nil {
		return schedulertest.Stats{}, err
	}
	c.After(pause, f.arrive)
	stop := c.Run()
	if err := program.Err(); err != nil {
		f.err = err // the cause of what came after it
	}
	if f.err == nil && stop != schedulertest.Ended {
		f.err = fmt.Errorf("the replay came to a stop (%v) with %d pods left", stop, len(f.order)-f.next)
	}
	return c.Stats(), f.err
}

// arrive gives up a pod that has no place and demands one for the next.
func (f *podFramework) arrive() {
	if f.next > 0 {
		f.tell(f.order[f.next-1])
	}
	if f.next == len(f.order) {
		f.check(f.driver.Teardown())
		return
	}
	f.wanted = true
	f.check(f.driver.Demand(proffer.DefaultRole, offers.Demand{Shape: *f.order[f.next].shape, Count: 1}))
	f.next++
	if f.err == nil {
		f.cluster.After(pause, f.arrive)
	}
}

// check ends the framework when something is wrong with the replay itself.
func (f *podFramework) check(err error) {
	if err != nil && f.err == nil {
		f.err = err
		_ = f.driver.Teardown() // the error is told already
	}
}

// ResourceOffers implements [scheduler.Scheduler].
func (f *podFramework) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if !f.wanted || len(list) != 1 {
		return scheduler.Terminal(fmt.Errorf("%d offers came where one is demanded: %v", len(list), list))
	}
	o, p := list[0], f.order[f.next-1]
	task := proffer.TaskInfo{ID: proffer.TaskID(strconv.Itoa(f.next) + "." + p.name), Resources: o.Resources, Command: job}
	if err := d.Accept(o.ID, task); err != nil {
		return scheduler.Terminal(err)
	}
	if err := d.Demand(o.Role); err != nil {
		return scheduler.Terminal(err)
	}
	m := f.machines[o.AgentID]
	left, ok := m.free.Sub(o.Resources)
	if !ok {
		return scheduler.Terminal(fmt.Errorf("agent %s is over-committed: %s are free, %s are offered", o.AgentID, m.free, o.Resources))
	}
	m.free, m.tasks = left, append(m.tasks, o.Resources)
	f.assess(m)
	f.wanted = false
	f.placed++
	f.given += p.request()
	return nil
}

// assess measures the fragmentation of a machine that has changed.
func (f *podFramework) assess(m *machine) {
	if f.measure == nil {
		return
	}
	now := f.measure.Of(offers.NewAgentState(m.info, m.free, m.tasks...))
	f.useless += now - m.useless
	m.useless = now
}

// StatusUpdate implements [scheduler.Scheduler]. Pods that have a place keep it.
func (f *podFramework) StatusUpdate(context.Context, *scheduler.Driver, proffer.TaskStatus) error {
	return nil
}

// agentOf describes a machine as an agent: its GPUs are the devices gpu/0, gpu/1
// and so on, and its model is an attribute.
func agentOf(n *gpuNode) (proffer.AgentInfo, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "cpus:%s;mem:%d", resources.Scalar(n.cpuMilli), n.memory)
	for i := range n.gpus {
		fmt.Fprintf(&b, ";gpu/%d:1", i)
	}
	has, err := resources.Parse(b.String())
	if err != nil {
		return proffer.AgentInfo{}, fmt.Errorf("machine %s: %w", n.name, err)
	}
	info := proffer.AgentInfo{ID: proffer.AgentID(n.name), Hostname: n.name, Resources: has}
	if n.model != "" {
		if info.Attributes, err = resources.ParseAttributes("model:" + strconv.Quote(n.model)); err != nil {
			return info, fmt.Errorf("machine %s: %w", n.name, err)
		}
	}
	return info, nil
}

// shapeOf describes what a pod needs, with memory or without.
func shapeOf(p *gpuPod, memory bool) (offers.Shape, error) {
	var parts []string
	if p.cpuMilli > 0 {
		parts = append(parts, "cpus:"+resources.Scalar(p.cpuMilli).String())
	}
	if memory && p.memory > 0 {
		parts = append(parts, "mem:"+strconv.FormatInt(p.memory, 10))
	}
	needs, err := resources.ParseQuantities(strings.Join(parts, ";"))
	if err != nil {
		return offers.Shape{}, fmt.Errorf("pod %s: %w", p.name, err)
	}
	s := offers.Shape{Resources: needs}
	if p.gpus > 0 {
		s.Devices = offers.Devices{Family: "gpu", Count: p.gpus, Each: resources.Scalar(p.gpuMilli)}
		for _, model := range p.models {
			s.Constraints = append(s.Constraints, []offers.Constraint{{Name: "model", Is: offers.TextEquals, Text: model}})
		}
	}
	return s, nil
}
