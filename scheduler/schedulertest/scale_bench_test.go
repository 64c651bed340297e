package schedulertest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// demanding is a scheduler that keeps so many tasks running, by demand, and
// notes how long each waits from when it wants it.
type demanding struct {
	name   string
	shape  resources.Resources
	wanted []time.Time // since when, of those that do not run
	number int
	now    func() time.Time
	waits  []time.Duration
}

func (w *demanding) Subscribed(_ context.Context, d *scheduler.Driver, _ *scheduler.SubscribedEvent) error {
	return w.demand(d)
}

func (w *demanding) demand(d *scheduler.Driver) error {
	return d.Demand("*", offers.Demand{Shape: offers.Shape{Resources: w.shape.Quantities()}, Count: len(w.wanted)})
}

func (w *demanding) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		var tasks []proffer.TaskInfo
		for left, ok := o.Resources.Sub(w.shape); ok && len(w.wanted) > 0; left, ok = left.Sub(w.shape) {
			w.number++
			tasks = append(tasks, proffer.TaskInfo{
				ID: proffer.TaskID(fmt.Sprintf("%s.%d", w.name, w.number)), Resources: w.shape, Command: job,
			})
			w.waits = append(w.waits, w.now().Sub(w.wanted[0]))
			w.wanted = w.wanted[1:]
		}
		if err := d.Accept(o.ID, tasks...); err != nil {
			return scheduler.Terminal(err)
		}
	}
	return nil
}

var job = proffer.Shell("work")

func (w *demanding) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if !s.State.Terminal() {
		return nil
	}
	w.wanted = append(w.wanted, w.now())
	return w.demand(d)
}

// BenchmarkFiftyThousandAgents has 200 frameworks keep 500 tasks each of 30 s
// (sigma 10 s) running on 50,000 agents for two minutes of simulated time, and
// tells the 99th percentile of what a launch waits.
func BenchmarkFiftyThousandAgents(b *testing.B) {
	for range b.N {
		rng := rand.New(rand.NewPCG(1, 50_000))
		c := scaled(b, 50_000, func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return max(time.Second, time.Duration((30+10*rng.NormFloat64())*float64(time.Second))), proffer.ExitStatus{}
		})
		var all []*demanding
		for i := range 200 {
			w := &demanding{name: fmt.Sprint("framework-", i), shape: resources.MustParse("cpus:1"), now: c.Now}
			for range 500 {
				w.wanted = append(w.wanted, c.Now())
			}
			all = append(all, w)
			run(b, c, w)
		}
		c.RunFor(2 * time.Minute)
		var waits []time.Duration
		for _, w := range all {
			waits = append(waits, w.waits...)
		}
		slices.Sort(waits)
		p99 := waits[len(waits)*99/100]
		b.ReportMetric(p99.Seconds(), "p99-s")
		b.ReportMetric(float64(len(waits)), "tasks")
		if p99 >= time.Second {
			b.Errorf("p99 of %d launches is %v, want less than 1 s", len(waits), p99)
		}
		end(b, c)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "wall-s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkReregister kills the master of 40,000 agents with 400,000 tasks and
// tells how much processor time the next one and all agents need, from its
// registry, until every task is known again; and the memory of all that: the
// master, the agents and the simulation.
func BenchmarkReregister(b *testing.B) {
	const agents, each = 40_000, 10
	for range b.N {
		c := scaled(b, agents, func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return schedulertest.Forever, proffer.ExitStatus{}
		})
		w := &demanding{name: "t", shape: resources.MustParse("cpus:1"), now: c.Now}
		for range agents * each {
			w.wanted = append(w.wanted, c.Now())
		}
		before := memory()
		run(b, c, w)
		c.RunFor(5 * time.Minute)
		if n := c.Stats().Started; n != agents*each {
			b.Fatalf("%d tasks run, want %d", n, agents*each)
		}
		b.ReportMetric(float64(memory()-before)/(agents*each), "B/task")
		messages := c.Stats().Messages
		began := processorTime(b)
		c.CrashMaster()
		if err := c.RestartMaster(); err != nil {
			b.Fatal(err)
		}
		c.RunFor(time.Minute)
		took := processorTime(b) - began
		b.ReportMetric(took.Seconds(), "cpu-s")
		b.ReportMetric(float64(c.Stats().Messages-messages), "messages")
		if took > 19*time.Second {
			b.Errorf("registering again took %v of processor time, want at most 19 s", took)
		}
		end(b, c)
	}
	b.ReportMetric(0, "ns/op")
}

func scaled(b *testing.B, agents int, lifetime func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus)) *schedulertest.Cluster {
	b.Helper()
	c, err := schedulertest.New(schedulertest.Config{
		Agents: schedulertest.Agents(agents, resources.MustParse("cpus:10")), Lifetime: lifetime, Unchecked: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func run(b *testing.B, c *schedulertest.Cluster, w *demanding) {
	b.Helper()
	d, err := scheduler.New(w, scheduler.Config{Name: w.name, Master: c})
	if err != nil {
		b.Fatal(err)
	}
	c.Go(context.Background(), d.Run)
}

func end(b *testing.B, c *schedulertest.Cluster) {
	b.Helper()
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// processorTime returns that of this process so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
