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

func runFlood(b *testing.B, f *flood, dir string, agents int, of resources.Resources, keep bool) (end func()) {
	b.Helper()
	cluster, err := embedded.Start(embedded.Config{
		Agents: agents, Resources: of, Dir: dir,
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
// the agent that does nothing; and the same where the cluster outlives the
// program, with every step on disk before it is told. The floor of the same run
// is what the messages of a task cost on bare channels, between goroutines that
// keep nothing.
func BenchmarkTask(b *testing.B) {
	b.Run("proffer", func(b *testing.B) { benchmarkTask(b, "") })
	b.Run("durable", func(b *testing.B) { benchmarkTask(b, b.TempDir()) })
	b.Run("floor", benchmarkMessages)
}

func benchmarkTask(b *testing.B, dir string) {
	b.ReportAllocs()
	f := newFlood(b.N)
	end := runFlood(b, f, dir, 10, manyCPUs, false)
	<-f.allEnded
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
	end()
}

// benchmarkMessages sends what a task takes: a launch from driver to master to
// agent to executor, two statuses all the way back, and two acknowledgements
// from driver to master to agent.
func benchmarkMessages(b *testing.B) {
	type message struct{ task, kind int }
	const launch, status, ack = 0, 1, 2
	room := 4096
	toMaster, toAgent, toExecutor := make(chan message, room), make(chan message, room), make(chan message, room)
	fromExecutor, fromAgent, fromMaster := make(chan message, 2*room), make(chan message, 2*room), make(chan message, 2*room)
	pass := func(in <-chan message, out chan<- message) {
		for m := range in {
			out <- m
		}
		close(out)
	}
	go pass(toMaster, toAgent)
	go func() { // the agent keeps acknowledgements
		for m := range toAgent {
			if m.kind == launch {
				toExecutor <- m
			}
		}
		close(toExecutor)
	}()
	go func() { // the executor reports running and finished
		for m := range toExecutor {
			fromExecutor <- message{m.task, status}
			fromExecutor <- message{m.task, status}
		}
		close(fromExecutor)
	}()
	go pass(fromExecutor, fromAgent)
	go pass(fromAgent, fromMaster)
	n := b.N
	open := make(chan struct{}, room/4) // tasks under way: so few that no channel fills, which would be a deadlock
	go func() {
		for i := range n {
			open <- struct{}{}
			toMaster <- message{i, launch}
		}
	}()
	for i := range 2 * n {
		m := <-fromMaster
		toMaster <- message{m.task, ack}
		if i%2 == 1 {
			<-open
		}
	}
	close(toMaster)
	for range fromMaster { // until all have ended
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// BenchmarkRunningTasks reports the heap that 100,000 running tasks take, in
// the driver, the master, the agents and the executor together.
func BenchmarkRunningTasks(b *testing.B) {
	const tasks = 100_000
	for b.Loop() {
		before := heap()
		f := newFlood(tasks)
		end := runFlood(b, f, "", 10, resources.MustParse("cpus:10"), true)
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
