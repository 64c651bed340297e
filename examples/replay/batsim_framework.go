package main

import (
	"cmp"
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

// batchFramework is the framework of a batch system. It holds the offers of all
// free hosts, each of one slot, and launches a job on as many at once.
type batchFramework struct {
	cluster    *schedulertest.Cluster
	driver     *scheduler.Driver
	begin      time.Time
	discipline discipline
	batch      batch
	offers     []proffer.OfferID // of the free hosts
	arrived    []*batchJob       // since the last decision
	byID       map[proffer.TaskID]*batchJob
	left       int           // jobs that have not ended
	deciding   bool          // a decision is due at this instant
	alarm      time.Duration // the last one that the discipline asked for
	err        error
}

var oneSlot = resources.MustParse("cpus:1")

// replayBatch runs the jobs, which are in the order of submission, and fills in
// what becomes of them.
func replayBatch(jobs []*batchJob, hosts int, d discipline, tell func(done int, now time.Duration)) (schedulertest.Stats, error) {
	f := &batchFramework{
		discipline: d, batch: batch{free: make([]bool, hosts)},
		offers: make([]proffer.OfferID, hosts), byID: make(map[proffer.TaskID]*batchJob),
	}
	agents := make([]proffer.AgentInfo, hosts)
	for i := range agents {
		agents[i] = proffer.AgentInfo{ID: proffer.AgentID(strconv.Itoa(i)), Hostname: "host-" + strconv.Itoa(i), Resources: oneSlot}
	}
	c, err := schedulertest.New(schedulertest.Config{
		Agents: agents,
		Offers: offers.Config{Coalesce: -1, OfferTimeout: -1, HoldTimeout: -1},
		Lifetime: func(t *proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return f.byID[t.ID].delay, proffer.ExitStatus{}
		},
	})
	if err != nil {
		return schedulertest.Stats{}, err
	}
	defer func() { _ = c.Close() }() // fails in callbacks only
	f.cluster, f.begin = c, c.Now()
	if f.driver, err = scheduler.New(f, scheduler.Config{Name: "batch", Master: c}); err != nil {
		return schedulertest.Stats{}, err
	}
	program := c.Go(context.Background(), f.driver.Run)
	for _, j := range jobs {
		if j.hosts > hosts {
			j.outcome = rejected
			continue
		}
		f.left++
		c.At(f.begin.Add(j.submit), func() {
			f.arrived = append(f.arrived, j)
			f.decideSoon()
			tell(len(jobs)-f.left, f.now())
		})
	}
	if f.left == 0 {
		return c.Stats(), nil
	}
	stop := c.Run()
	if err := cmp.Or(program.Err(), f.err); err != nil {
		return c.Stats(), err
	}
	if stop != schedulertest.Ended || f.left > 0 {
		return c.Stats(), fmt.Errorf("the replay came to a stop (%v) with %d jobs left", stop, f.left)
	}
	return c.Stats(), nil
}

func (f *batchFramework) now() time.Duration { return f.cluster.Now().Sub(f.begin) }

// ResourceOffers implements [scheduler.Scheduler].
func (f *batchFramework) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		host, err := strconv.Atoi(string(o.AgentID))
		if err != nil {
			return scheduler.Terminal(fmt.Errorf("offer of an agent that is no host: %w", err))
		}
		f.batch.free[host], f.offers[host] = true, o.ID
		if err := d.Hold(o.ID); err != nil {
			return scheduler.Terminal(err)
		}
	}
	f.decideSoon()
	return nil
}

// StatusUpdate implements [scheduler.Scheduler].
func (f *batchFramework) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if !s.State.Terminal() {
		return nil
	}
	j := f.byID[s.TaskID]
	delete(f.byID, s.TaskID)
	switch {
	case s.State == proffer.TaskFinished:
	case s.Reason == proffer.ReasonMaxCompletionTimeReached:
		j.outcome = killed
	default:
		return scheduler.Terminal(fmt.Errorf("job %s: %v", j.id, s))
	}
	if j.running--; j.running > 0 {
		return nil
	}
	j.end = f.now()
	if j.outcome == running {
		j.outcome = finished
	}
	f.batch.now = j.end
	f.batch.running = slices.DeleteFunc(f.batch.running, func(o *batchJob) bool { return o == j })
	f.discipline.end(&f.batch, j)
	f.decideSoon()
	if f.left--; f.left == 0 {
		return d.Teardown()
	}
	return nil
}

// decideSoon has decide called when everything of this instant is known.
func (f *batchFramework) decideSoon() {
	if f.deciding {
		return
	}
	f.deciding = true
	f.cluster.After(0, func() {
		f.deciding = false
		if err := f.decide(); err != nil && f.err == nil {
			f.err = err
			_ = f.driver.Teardown() // the error is told already
		}
	})
}

func (f *batchFramework) decide() error {
	b := &f.batch
	b.now = f.now()
	for _, j := range f.arrived {
		f.discipline.arrive(b, j)
		b.queue = append(b.queue, j)
	}
	f.arrived = f.arrived[:0]
	for j, hosts := f.discipline.next(b); j != nil; j, hosts = f.discipline.next(b) {
		if err := f.launch(j, hosts); err != nil {
			return fmt.Errorf("job %s: %w", j.id, err)
		}
	}
	if at := f.discipline.wake(b); at != never && at != f.alarm {
		f.alarm = at
		f.cluster.At(f.begin.Add(at), f.decideSoon)
	}
	return nil
}

func (f *batchFramework) launch(j *batchJob, hosts []int) error {
	b := &f.batch
	j.outcome, j.start, j.allocated, j.running = running, b.now, hosts, len(hosts)
	b.queue = slices.DeleteFunc(b.queue, func(o *batchJob) bool { return o == j })
	b.running = append(b.running, j)
	for i, h := range hosts {
		task := proffer.TaskInfo{
			ID: proffer.TaskID(fmt.Sprintf("job-%s.%d", j.id, i)), Resources: oneSlot,
			Command: job, MaxCompletionTime: max(j.walltime, 0),
		}
		f.byID[task.ID] = j
		b.free[h] = false
		if err := f.driver.Accept(f.offers[h], task); err != nil {
			return err
		}
	}
	return nil
}

// job is what simulated agents run.
var job = proffer.Args("job")
