package schedulertest_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// What users of other systems suffered, in the simulator. See FAILURES F1, F6 to
// F10, F30, F33, F34, F38 and F39 in internal/mastercore.

func mustNew(t *testing.T, cfg schedulertest.Config) *schedulertest.Cluster {
	t.Helper()
	c, err := schedulertest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// start runs a scheduler, whose id is in ids.
func start(t *testing.T, c *schedulertest.Cluster, s scheduler.Scheduler, cfg scheduler.Config) *schedulertest.Framework {
	t.Helper()
	cfg.Master = c
	d, err := scheduler.New(s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Go(t.Context(), d.Run)
}

// database is what survives a scheduler's program.
type database struct {
	id proffer.FrameworkID
}

func (b *database) Load(context.Context) (proffer.FrameworkID, error) { return b.id, nil }

func (b *database) Store(_ context.Context, id proffer.FrameworkID) error {
	b.id = id
	return nil
}

// family is a scheduler of parents, each with a child that is to start when its
// parent has finished.
type family struct {
	jobs []*member // the parents, then the children; in the database
}

type member struct {
	name     string
	parent   *member // nil for a parent
	attempts int
	state    string // "waits", "may run", "finished"
}

func newFamily(n int) *family {
	f := new(family)
	for i := range 2 * n {
		m := &member{name: fmt.Sprint("job-", i), state: "waits"}
		if i >= n {
			m.parent = f.jobs[i-n]
		}
		f.jobs = append(f.jobs, m)
	}
	return f
}

func (m *member) task() proffer.TaskID {
	return proffer.TaskID(fmt.Sprintf("%s.%d", m.name, m.attempts))
}

func (f *family) of(id proffer.TaskID) *member {
	for _, m := range f.jobs {
		if m.attempts > 0 && m.task() == id {
			return m
		}
	}
	return nil
}

func (f *family) Unfinished(context.Context) ([]scheduler.TaskRef, error) {
	var list []scheduler.TaskRef
	for _, m := range f.jobs {
		if m.state == "may run" {
			list = append(list, scheduler.TaskRef{TaskID: m.task()})
		}
	}
	return list, nil
}

func (f *family) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	need := resources.MustParse("cpus:1")
	for _, o := range list {
		left, tasks := o.Resources, []proffer.TaskInfo(nil)
		for _, m := range f.jobs {
			rest, ok := left.Sub(need)
			if !ok || m.state != "waits" || (m.parent != nil && m.parent.state != "finished") {
				continue
			}
			left, m.state = rest, "may run"
			m.attempts++
			tasks = append(tasks, proffer.TaskInfo{ID: m.task(), Name: m.name, Resources: need, Command: proffer.Shell("work")})
		}
		if err := d.Accept(o.ID, tasks...); err != nil {
			for _, task := range tasks {
				f.of(task.ID).state = "waits" // nothing was sent
			}
		}
	}
	return nil
}

func (f *family) StatusUpdate(_ context.Context, _ *scheduler.Driver, s proffer.TaskStatus) error {
	m := f.of(s.TaskID)
	switch {
	case m == nil || m.state != "may run":
	case s.State == proffer.TaskFinished:
		m.state = "finished"
	case s.State.Terminal(), s.State == proffer.TaskUnknown:
		m.state = "waits"
	}
	return nil
}

func (f *family) done() bool {
	for _, m := range f.jobs {
		if m.state != "finished" {
			return false
		}
	}
	return true
}

func (f *family) String() string {
	text := ""
	for _, m := range f.jobs {
		text += fmt.Sprintf("%s (attempt %d) %s; ", m.name, m.attempts, m.state)
	}
	return text
}

// F5: the leader, the agents and the framework are killed at any step. Every job
// starts once, and every child once its parent has finished.
func TestF5EveryJobStartsOnce(t *testing.T) {
	for seed := range uint64(60) {
		starts := make(map[string]int)
		f, ids := newFamily(6), new(database)
		c := mustNew(t, schedulertest.Config{
			Agents: schedulertest.Agents(3, resources.MustParse("cpus:2")), Seed: seed,
			Faults: schedulertest.Faults{MasterCrashStep: 0.03, AgentCrashStep: 0.03, Outage: 10 * time.Second},
			Observer: schedulertest.Observer{TaskStarted: func(_ time.Time, task *schedulertest.Task) {
				starts[task.Info.Name]++
				if m := f.of(task.Info.ID); m.parent != nil && m.parent.state != "finished" {
					t.Errorf("seed %d: %s starts while its parent %s", seed, m.name, m.parent.state)
				}
			}},
		})
		rng := rand.New(rand.NewPCG(seed, 5))
		program := start(t, c, f, scheduler.Config{Name: "family", IDs: ids})
		for range 60 {
			c.RunFor(time.Duration(rng.IntN(20)) * time.Second)
			if rng.IntN(3) == 0 {
				if err := c.CrashFramework(program); err != nil {
					t.Fatal(err)
				}
				program = start(t, c, f, scheduler.Config{Name: "family", IDs: ids})
			}
		}
		if err := c.StopFaults(); err != nil {
			t.Fatal(err)
		}
		c.RunFor(time.Hour)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		for _, m := range f.jobs {
			if m.state != "finished" || starts[m.name] != 1 {
				t.Errorf("seed %d: %s %s, after %d starts", seed, m.name, m.state, starts[m.name])
			}
		}
	}
}

// greedy is a scheduler that holds every offer and never answers.
type greedy struct{}

func (greedy) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		if err := d.Hold(o.ID); err != nil {
			return nil //nolint:nilerr // rescinded meanwhile
		}
	}
	return nil
}

func (greedy) StatusUpdate(context.Context, *scheduler.Driver, proffer.TaskStatus) error { return nil }

// F11: a framework that answers nothing keeps nobody from anything, on a network
// that loses messages, too.
func TestF11GreedyFrameworkStarvesNobody(t *testing.T) {
	for seed := range uint64(20) {
		f := newFamily(3)
		c := mustNew(t, schedulertest.Config{
			Agents: schedulertest.Agents(3, resources.MustParse("cpus:1")), Seed: seed,
			Faults: schedulertest.Faults{Loss: 0.01, Duplicate: 0.1, Delay: 0.3, Reorder: 0.01},
		})
		start(t, c, greedy{}, scheduler.Config{Name: "greedy"})
		c.RunFor(time.Minute)
		start(t, c, f, scheduler.Config{Name: "modest", IDs: new(database)})
		c.RunFor(time.Hour)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		if !f.done() {
			t.Errorf("seed %d: after an hour %v", seed, f)
		}
	}
}

// fickle is a scheduler that says in any order that it wants offers and that it
// wants none. At last, it wants some.
type fickle struct {
	offered bool
	driver  *scheduler.Driver
}

func (f *fickle) ResourceOffers(context.Context, *scheduler.Driver, []*offers.Offer) error {
	f.offered = true
	return nil
}

func (f *fickle) StatusUpdate(context.Context, *scheduler.Driver, proffer.TaskStatus) error {
	return nil
}

// Subscribed says again what it wants: a session that is lost takes it along.
func (f *fickle) Subscribed(_ context.Context, d *scheduler.Driver, _ *scheduler.SubscribedEvent) error {
	return d.Revive()
}

// F12: of suppress and revive the last one counts, whatever messages are lost:
// who wants offers has one soon.
func TestF12LastWordCounts(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 12))
		c := mustNew(t, schedulertest.Config{
			Agents: schedulertest.Agents(2, resources.MustParse("cpus:1")), Seed: seed,
			Faults: schedulertest.Faults{Loss: 0.05, Duplicate: 0.2, Delay: 0.5, Reorder: 0.05, FrameworkPartition: 5 * time.Minute},
		})
		f := new(fickle)
		var err error
		if f.driver, err = scheduler.New(f, scheduler.Config{Name: "fickle", Master: c}); err != nil {
			t.Fatal(err)
		}
		c.Go(t.Context(), f.driver.Run)
		for range 50 {
			c.RunFor(time.Duration(rng.IntN(2000)) * time.Millisecond)
			if rng.IntN(2) == 0 {
				_ = f.driver.Suppress() // there may be no session
			} else {
				_ = f.driver.Revive()
			}
		}
		_ = f.driver.Revive()
		f.offered = false
		// A loss is noticed in 90 s, an offer that was lost comes back in 30.
		if err := c.StopFaults(); err != nil {
			t.Fatal(err)
		}
		c.RunFor(3 * time.Minute)
		if !f.offered {
			t.Errorf("seed %d: it wants offers and has none", seed)
		}
	}
}

// refused counts the tasks that are told not to fit although they were offered.
type refused struct {
	family
	reasons []proffer.TaskStatus
}

func (r *refused) StatusUpdate(ctx context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if s.State == proffer.TaskError || s.Reason == proffer.ReasonInsufficientResources {
		r.reasons = append(r.reasons, s)
	}
	return r.family.StatusUpdate(ctx, d, s)
}

// F16: what is offered fits: there is one place that judges, and agents do not
// judge again.
func TestF16WhatIsOfferedFits(t *testing.T) {
	for seed := range uint64(20) {
		f := &refused{family: *newFamily(20)}
		c := mustNew(t, schedulertest.Config{
			Agents: schedulertest.Agents(4, resources.MustParse("cpus:2")), Seed: seed,
			Faults: schedulertest.Faults{
				Loss: 0.01, Delay: 0.3, AgentCrash: time.Minute, AgentPartition: 3 * time.Minute, MasterCrash: 10 * time.Minute,
			},
		})
		start(t, c, f, scheduler.Config{Name: "family", IDs: new(database)})
		c.RunFor(30 * time.Minute)
		if err := c.StopFaults(); err != nil {
			t.Fatal(err)
		}
		c.RunFor(time.Hour)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		if len(f.reasons) > 0 || !f.done() {
			t.Errorf("seed %d: refused %v, jobs %v", seed, f.reasons, &f.family)
		}
	}
}

// looping is a scheduler of tasks that exit at once. It launches each again after
// a pause that grows by 1.15.
type looping struct {
	cluster  *schedulertest.Cluster
	due      []int // services to launch now
	launches map[int]int
	pauses   map[int]*backoff.ExponentialBackOff
	tasks    map[proffer.TaskID]int
}

func (l *looping) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	need := resources.MustParse("cpus:0.1")
	for _, o := range list {
		var tasks []proffer.TaskInfo
		for left, ok := o.Resources.Sub(need); ok && len(l.due) > 0; left, ok = left.Sub(need) {
			i := l.due[0]
			l.due = l.due[1:]
			l.launches[i]++
			id := proffer.TaskID(fmt.Sprintf("service-%d.%d", i, l.launches[i]))
			l.tasks[id] = i
			tasks = append(tasks, proffer.TaskInfo{ID: id, Resources: need, Command: proffer.Shell("exit 1")})
		}
		if err := d.Accept(o.ID, tasks...); err != nil {
			return scheduler.Terminal(err)
		}
	}
	if len(l.due) == 0 {
		return d.Suppress()
	}
	return nil
}

func (l *looping) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	i, ok := l.tasks[s.TaskID]
	if !ok || !s.State.Terminal() {
		return nil
	}
	delete(l.tasks, s.TaskID)
	if l.pauses[i] == nil {
		l.pauses[i] = backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(1.15), backoff.WithRandomizationFactor(0),
			backoff.WithMaxInterval(time.Hour), backoff.WithMaxElapsedTime(0),
		)
	}
	l.cluster.After(l.pauses[i].NextBackOff(), func() {
		l.due = append(l.due, i)
		_ = d.Revive()
	})
	return nil
}

// F26: a thousand services that crash at once are launched no more often than
// their pauses allow, and nobody else is held up. That their sandboxes are
// bounded is a test of executor/agent.
func TestF26CrashLoopsAreBounded(t *testing.T) {
	const services, window = 1000, 10 * time.Minute
	c := mustNew(t, schedulertest.Config{
		Agents: schedulertest.Agents(20, resources.MustParse("cpus:8")),
		Lifetime: func(task *proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			if task.Command.Shell == "exit 1" {
				return time.Millisecond, proffer.ExitStatus{Code: 1}
			}
			return time.Minute, proffer.ExitStatus{}
		},
	})
	l := &looping{cluster: c, launches: make(map[int]int), pauses: make(map[int]*backoff.ExponentialBackOff), tasks: make(map[proffer.TaskID]int)}
	for i := range services {
		l.due = append(l.due, i)
	}
	start(t, c, l, scheduler.Config{Name: "looping"})
	f := newFamily(3)
	start(t, c, f, scheduler.Config{Name: "family", IDs: new(database)})
	c.RunFor(window)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	// The n-th pause ends at (1.15^n - 1) / 0.15 seconds.
	most := int(math.Log(window.Seconds()*0.15+1)/math.Log(1.15)) + 2
	for i, n := range l.launches {
		if n > most || n < most/2 {
			t.Errorf("service %d was launched %d times in %v, want at most %d, and half of it", i, n, window, most)
		}
	}
	if !f.done() {
		t.Errorf("the others wait: %v", f)
	}
}
