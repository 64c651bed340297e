package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// tenant is the framework of one tenant, in a role of its own. It serves its
// queue in order: it demands the gang of the first job and launches it when it
// is offered. A gang that loses a task is killed and launched again.
type tenant struct {
	cluster *schedulertest.Cluster
	driver  *scheduler.Driver
	role    string
	queue   []*gangJob
	jobs    map[proffer.TaskID]*gangJob // of running tasks
	left    int                         // jobs that have not ended
	faults  bool                        // things go wrong
	err     error
}

// Subscribed implements [scheduler.Subscriber]: a new session knows nothing of
// the demand.
func (t *tenant) Subscribed(context.Context, *scheduler.Driver, *scheduler.SubscribedEvent) error {
	return t.demand()
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
	var demands []offers.Demand
	if len(t.queue) > 0 {
		demands = append(demands, offers.Demand{Shape: offers.Shape{Resources: oneGPU}, Count: t.queue[0].gpus, Gang: true})
	}
	err := t.driver.Demand(t.role, demands...)
	if errors.Is(err, scheduler.ErrNotSubscribed) {
		return nil // it is stated when the next session begins
	}
	return err
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
			ID:        proffer.TaskID(fmt.Sprintf("%d.%d.%d", j.number, j.attempts, len(answers))),
			Name:      t.role,
			Resources: o.Resources, Command: job,
		}
		answers = append(answers, scheduler.Answer{
			OfferIDs: []proffer.OfferID{o.ID}, Operations: []offers.Operation{offers.Launch{Tasks: []proffer.TaskInfo{task}}},
		})
	}
	switch {
	case offered < j.gpus && t.faults:
		return nil // an agent was lost meanwhile: the rest is declined
	case offered != j.gpus:
		return scheduler.Terminal(fmt.Errorf("job %d needs %d GPUs at once, %d are offered", j.number, j.gpus, offered))
	}
	switch err := d.AcceptAll(answers...); {
	case errors.Is(err, scheduler.ErrNotSubscribed):
		return nil // so is the master
	case err != nil:
		return scheduler.Terminal(fmt.Errorf("job %d: %w", j.number, err))
	}
	for _, a := range answers {
		t.jobs[a.Operations[0].(offers.Launch).Tasks[0].ID] = j
	}
	j.gang, j.pieces, j.finished, j.started = len(answers), len(answers), 0, t.cluster.Now()
	j.attempts++
	t.queue = slices.Delete(t.queue, 0, 1)
	if err := t.demand(); err != nil {
		return scheduler.Terminal(err)
	}
	return nil
}

// StatusUpdate implements [scheduler.Scheduler].
func (t *tenant) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if !s.State.Terminal() && s.State != proffer.TaskUnknown {
		return nil
	}
	j, ok := t.jobs[s.TaskID]
	if !ok {
		return nil // told before
	}
	delete(t.jobs, s.TaskID)
	j.pieces--
	switch s.State {
	case proffer.TaskFinished:
		j.finished++
	case proffer.TaskError:
		return scheduler.Terminal(fmt.Errorf("task %v", s))
	default:
		t.killRest(d, j)
	}
	if j.pieces > 0 {
		return nil
	}
	if j.finished < j.gang {
		j.lost++
		t.submit(j) // at the end of the queue
		return nil
	}
	j.ended = t.cluster.Now()
	j.ends++
	if t.left--; t.left == 0 {
		return d.Teardown()
	}
	return nil
}

// killRest kills what is left of a gang that is no longer one.
func (t *tenant) killRest(d *scheduler.Driver, j *gangJob) {
	if j.broken == j.attempts {
		return
	}
	j.broken = j.attempts
	for i := range j.gang {
		id := proffer.TaskID(fmt.Sprintf("%d.%d.%d", j.number, j.attempts-1, i))
		if t.jobs[id] != nil {
			_ = d.Kill(id) // it is sent again when the session is lost
		}
	}
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
