package embedded_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

// noop is an executor built into the agents: a task runs, and is finished at
// once unless it is to keep running.
type noop struct{ keep bool }

func (n noop) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	err := d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskRunning})
	if err == nil && !n.keep {
		err = d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskFinished})
	}
	return err
}

func (n noop) Kill(_ context.Context, d *executor.Driver, id proffer.TaskID, _ time.Duration) error {
	return d.Update(proffer.TaskStatus{TaskID: id, State: proffer.TaskKilled})
}

// flood launches n tasks, as many at a time as fit.
type flood struct {
	n, launched, running, ended int
	allRun, allEnded            chan struct{}
}

var (
	tiny     = resources.MustParse("cpus:0.001")
	builtIn  = &proffer.ExecutorInfo{ID: "noop", Name: "noop"}
	manyCPUs = resources.MustParse("cpus:2")
)

func newFlood(n int) *flood {
	return &flood{n: n, allRun: make(chan struct{}), allEnded: make(chan struct{})}
}

func (f *flood) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		fit := min(int(o.Resources.CPUs()/tiny.CPUs()), f.n-f.launched)
		tasks := make([]proffer.TaskInfo, fit)
		for i := range tasks {
			f.launched++
			tasks[i] = proffer.TaskInfo{ID: proffer.TaskID(fmt.Sprintf("task-%d", f.launched)), Executor: builtIn, Resources: tiny}
		}
		if err := d.AcceptOffers([]proffer.OfferID{o.ID}, offers.Filter{}, offers.Launch{Tasks: tasks}); err != nil {
			return err
		}
	}
	if f.launched == f.n {
		return d.Suppress()
	}
	return nil
}

func (f *flood) StatusUpdate(_ context.Context, _ *scheduler.Driver, s proffer.TaskStatus) error {
	switch {
	case s.State == proffer.TaskRunning:
		if f.running++; f.running == f.n {
			close(f.allRun)
		}
	case s.State.Terminal():
		if f.ended++; f.ended == f.n {
			close(f.allEnded)
		}
	}
	return nil
}

func runFlood(b *testing.B, f *flood, agents int, of resources.Resources, keep bool) (end func()) {
	b.Helper()
	cluster, err := embedded.Start(embedded.Config{
		Agents: agents, Resources: of, Dir: b.TempDir(),
		Executors: map[string]executor.Executor{"noop": noop{keep: keep}},
	})
	if err != nil {
		b.Fatal(err)
	}
	d, err := scheduler.New(f, scheduler.Config{Name: "flood", Master: cluster})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = d.Run(ctx) }()
	return func() {
		cancel()
		<-done
		if err := cluster.Close(); err != nil {
			b.Error(err)
		}
	}
}

// BenchmarkTask is the full path of a task: offer, accept, launch, running,
// finished, both acknowledged, through driver, master, agent and an executor in
// the agent that does nothing.
func BenchmarkTask(b *testing.B) {
	b.ReportAllocs()
	f := newFlood(b.N)
	end := runFlood(b, f, 10, manyCPUs, false)
	<-f.allEnded
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
	end()
}

// BenchmarkRunningTasks reports the heap that 100,000 running tasks take, in
// the driver, the master, the agents and the executor together.
func BenchmarkRunningTasks(b *testing.B) {
	const tasks = 100_000
	for b.Loop() {
		before := heap()
		f := newFlood(tasks)
		end := runFlood(b, f, 10, resources.MustParse("cpus:10"), true)
		<-f.allRun
		b.ReportMetric(float64(heap()-before)/tasks, "B/task")
		end()
		runtime.KeepAlive(f)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
