package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// tenant is the framework of one tenant, in a role of its own. It serves its
// queue in order: it demands the gang of the first job and launches it when it
// is offered.
type tenant struct {
	cluster *schedulertest.Cluster
	driver  *scheduler.Driver
	role    string
	queue   []*gangJob
	jobs    map[proffer.TaskID]*gangJob // of running tasks
	left    int                         // jobs that have not ended
	err     error
}

// submit puts a job in the queue.
func (t *tenant) submit(j *gangJob) {
	t.queue = append(t.queue, j)
	if len(t.queue) == 1 {
		t.check(t.demand())
	}
}

// check ends the tenant when something is wrong with the replay itself.
func (t *tenant) check(err error) {
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("tenant %s: %w", t.role, err)
		_ = t.driver.Teardown() // the error is told already
	}
}

// demand states what the first job of the queue needs, or nothing.
func (t *tenant) demand() error {
	if len(t.queue) == 0 {
		return t.driver.Demand(t.role)
	}
	return t.driver.Demand(t.role, offers.Demand{Shape: offers.Shape{Resources: oneGPU}, Count: t.queue[0].gpus, Gang: true})
}

var oneGPU = resources.MustParseQuantities("gpus:1")

// ResourceOffers implements [scheduler.Scheduler].
func (t *tenant) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if len(t.queue) == 0 {
		return nil
	}
	j := t.queue[0]
	answers := make([]scheduler.Answer, 0, len(list))
	offered := 0
	for _, o := range list {
		offered += int(o.Resources.GPUs() / resources.Unit)
		task := proffer.TaskInfo{
			ID:        proffer.TaskID(strconv.Itoa(j.number) + "." + strconv.Itoa(len(answers))),
			Name:      t.role,
			Resources: o.Resources, Command: job,
		}
		t.jobs[task.ID] = j
		answers = append(answers, scheduler.Answer{
			OfferIDs: []proffer.OfferID{o.ID}, Operations: []offers.Operation{offers.Launch{Tasks: []proffer.TaskInfo{task}}},
		})
	}
	if offered != j.gpus {
		return scheduler.Terminal(fmt.Errorf("job %d needs %d GPUs at once, %d are offered", j.number, j.gpus, offered))
	}
	if err := d.AcceptAll(answers...); err != nil {
		return scheduler.Terminal(fmt.Errorf("job %d: %w", j.number, err))
	}
	j.pieces, j.started = len(answers), t.cluster.Now()
	t.queue = slices.Delete(t.queue, 0, 1)
	if err := t.demand(); err != nil {
		return scheduler.Terminal(err)
	}
	return nil
}

// StatusUpdate implements [scheduler.Scheduler].
func (t *tenant) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if !s.State.Terminal() {
		return nil
	}
	j, ok := t.jobs[s.TaskID]
	if !ok || s.State != proffer.TaskFinished {
		return scheduler.Terminal(fmt.Errorf("task %v", s))
	}
	delete(t.jobs, s.TaskID)
	if j.pieces--; j.pieces > 0 {
		return nil
	}
	j.ended = t.cluster.Now()
	j.ends++
	if t.left--; t.left == 0 {
		return d.Teardown()
	}
	return nil
}

// longestWaiting is the policy of one queue for all: the tenant whose first job
// was submitted first is offered what there is.
type longestWaiting struct {
	tenants map[string]*tenant // by role
	tree    *offers.Tree
	order   []*offers.Node
}

// Reset implements [offers.Policy].
func (p *longestWaiting) Reset(t *offers.Tree) { p.tree = t }

// Changed implements [offers.Policy].
func (p *longestWaiting) Changed(*offers.Node) {}

// Order implements [offers.Policy].
func (p *longestWaiting) Order(_ func(*offers.Node) bool, yield func(*offers.Node) bool) {
	p.order = slices.AppendSeq(p.order[:0], p.tree.Clients())
	slices.SortStableFunc(p.order, func(a, b *offers.Node) int { return p.since(a).Compare(p.since(b)) })
	for _, n := range p.order {
		if !yield(n) {
			return
		}
	}
}

func (p *longestWaiting) since(n *offers.Node) time.Time {
	if t := p.tenants[n.Role()]; t != nil && len(t.queue) > 0 {
		return t.queue[0].submit
	}
	return endOfTime
}

var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
