package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// runner is the framework: it launches what the plan has ready and tells the
// plan what became of it.
type runner struct {
	mu         sync.Mutex // callbacks come one at a time, but timers and signals come beside them
	plan       *plan
	show       *screen
	logs       *logs
	journal    *journal // nil without -data
	tasks      map[proffer.TaskID]*entry
	asked      map[proffer.TaskID]*entry // which may run since an earlier run of the program
	pauses     map[*entry]*backoff.ExponentialBackOff
	suppressed bool
	stuck      *time.Timer // fires when nothing runs for a while
}

// stuckAfter is how long jobs may wait, with nothing running, before it is
// looked into.
const stuckAfter = 2 * time.Second

func newRunner(p *plan, show *screen, logs *logs, j *journal) *runner {
	return &runner{
		plan: p, show: show, logs: logs, journal: j,
		tasks: make(map[proffer.TaskID]*entry), asked: make(map[proffer.TaskID]*entry), pauses: make(map[*entry]*backoff.ExponentialBackOff),
	}
}

// Subscribed implements [scheduler.Subscriber].
func (r *runner) Subscribed(ctx context.Context, d *scheduler.Driver, _ *scheduler.SubscribedEvent) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck = time.AfterFunc(stuckAfter, func() { r.lookInto(ctx, d) })
	return r.goOn(d)
}

// Unfinished implements [scheduler.Reconciler]: an earlier run of the program
// may have launched what is ready.
func (r *runner) Unfinished(context.Context) ([]scheduler.TaskRef, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal == nil {
		return nil, nil
	}
	var list []scheduler.TaskRef
	for _, e := range r.plan.ready() {
		id := e.nextTask()
		r.asked[id] = e
		list = append(list, scheduler.TaskRef{TaskID: id})
	}
	return list, nil
}

// ResourceOffers implements [scheduler.Scheduler].
func (r *runner) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	candidates := r.plan.ready()
	for _, o := range list {
		left := o.Resources
		var tasks []proffer.TaskInfo
		for _, e := range candidates {
			if e.state != ready {
				continue
			}
			found, ok := left.Find(e.needs) // reserved or not, whatever there is
			if !ok {
				continue
			}
			left, _ = left.Sub(found)
			id := r.plan.launched(e)
			r.tasks[id] = e
			tasks = append(tasks, proffer.TaskInfo{
				ID: id, Name: e.name, Command: e.command, Resources: found, MaxCompletionTime: e.timeout,
			})
		}
		if err := d.Accept(o.ID, tasks...); err != nil {
			return scheduler.Terminal(err) // ours is the only answer to an offer
		}
	}
	r.show.progress(r.plan)
	return r.goOn(d)
}

// StatusUpdate implements [scheduler.Scheduler].
func (r *runner) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.tasks[s.TaskID]
	if !ok {
		e, ok = r.adopt(s)
	}
	if !ok {
		return nil // told before: a status may come twice
	}
	if s.State == proffer.TaskRunning && e.started.IsZero() {
		e.started = s.Time
		return r.note(e, noteStarted)
	}
	if !s.State.Terminal() {
		return nil
	}
	delete(r.tasks, s.TaskID)
	if !e.started.IsZero() {
		e.took = s.Time.Sub(e.started)
	}
	e.started = time.Time{}
	tail := r.logs.keep(e, s)
	switch s.State {
	case proffer.TaskFinished:
		r.plan.ended(e, true, resultOf(s))
		r.show.ended(e, nil)
	case proffer.TaskDropped, proffer.TaskLost, proffer.TaskGone, proffer.TaskGoneByOperator:
		e.result = resultOf(s)
		r.plan.lost(e)
		r.show.lost(e)
	default:
		r.failed(d, e, resultOf(s), tail)
	}
	if err := r.note(e, noteOf(s, e)); err != nil {
		return err // before it is acknowledged
	}
	r.show.progress(r.plan)
	return r.goOn(d)
}

// adopt takes over a task that an earlier run of the program launched.
func (r *runner) adopt(s proffer.TaskStatus) (*entry, bool) {
	e, ok := r.asked[s.TaskID]
	delete(r.asked, s.TaskID)
	if !ok || s.State == proffer.TaskUnknown {
		return nil, false // it was never launched
	}
	r.tasks[r.plan.launched(e)] = e
	if !s.State.Terminal() {
		r.show.adopted(e)
	}
	return e, true
}

// note writes down where a job stands.
func (r *runner) note(e *entry, state string) error {
	if r.journal == nil {
		return nil
	}
	n := note{Job: e.name, Attempt: e.attempts, State: state, Time: e.started, Definition: e.definition()}
	if state != noteStarted {
		n.Time, n.Took, n.Result, n.Log = time.Now(), e.took, e.result, e.log
	}
	return scheduler.Terminal(r.journal.write(n, state != noteStarted))
}

func noteOf(s proffer.TaskStatus, e *entry) string {
	switch {
	case e.state == finished:
		return noteFinished
	case e.state == failed, e.state == pausing:
		return noteFailed
	case s.State == proffer.TaskFinished:
		return noteFinished
	default:
		return noteLost
	}
}

func (r *runner) failed(d *scheduler.Driver, e *entry, result string, tail []string) {
	for _, s := range r.plan.ended(e, false, result) {
		defer r.show.ended(s, nil)
	}
	if e.state != pausing {
		r.show.ended(e, tail)
		return
	}
	b, ok := r.pauses[e]
	if !ok {
		b = backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(2), backoff.WithMaxInterval(time.Minute),
			backoff.WithRandomizationFactor(0), backoff.WithMaxElapsedTime(0),
		)
		r.pauses[e] = b
	}
	pause := b.NextBackOff()
	r.show.retry(e, pause, tail)
	time.AfterFunc(pause, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.plan.again(e)
		_ = r.goOn(d) // after the end there is nothing to go on with
	})
}

// goOn asks for offers if there is something to launch, for none if there is
// not, and ends the framework when everything has ended.
func (r *runner) goOn(d *scheduler.Driver) error {
	if r.stuck == nil {
		return nil // not subscribed yet
	}
	r.stuck.Reset(stuckAfter)
	switch {
	case r.plan.done():
		r.stuck.Stop()
		return d.Teardown()
	case r.plan.counts[ready] == 0 && !r.suppressed:
		r.suppressed = true
		return d.Suppress()
	case r.plan.counts[ready] > 0 && r.suppressed:
		r.suppressed = false
		return d.Revive()
	}
	return nil
}

// stop launches nothing more and kills what runs; now: without grace.
func (r *runner) stop(d *scheduler.Driver, now bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plan.interrupt()
	var options []scheduler.KillOption
	if now {
		options = append(options, scheduler.WithGrace(-1))
	}
	for id := range r.tasks {
		_ = d.Kill(id, options...) // a session that has ended has no tasks
	}
	_ = r.goOn(d)
}

// lookInto finds out why nothing runs although jobs are ready. A job that is
// too large for every agent fails.
func (r *runner) lookInto(ctx context.Context, d *scheduler.Driver) {
	r.mu.Lock()
	idle := r.plan.counts[running] == 0
	list := r.plan.ready()
	r.mu.Unlock()
	if !idle || len(list) == 0 {
		return
	}
	why, err := d.Explain(ctx, proffer.TaskInfo{Resources: list[0].needs})
	if err != nil {
		return // the session has ended
	}
	tooLarge := len(why.Agents) > 0
	for _, a := range why.Agents {
		tooLarge = tooLarge && (a.Why() == offers.WhyTooSmall || a.Why() == offers.WhyReserved)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := list[0]; tooLarge && e.state == ready {
		for _, s := range r.plan.fail(e) {
			defer r.show.ended(s, nil)
		}
		e.result = "fits on no agent: " + why.Agents[0].String()
		r.show.ended(e, nil)
	} else {
		r.show.note(fmt.Sprintf("%s waits: %s", e.name, strings.ReplaceAll(why.String(), "\n", ";")))
	}
	_ = r.goOn(d)
}

// resultOf tells in words how a task ended.
func resultOf(s proffer.TaskStatus) string {
	if s.Message != "" {
		return s.Message
	}
	return s.State.String()
}
