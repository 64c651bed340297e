package master_test

import (
	"context"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run starts a master, which ends with the test.
func run(t testing.TB, cfg master.Config) *master.Master {
	t.Helper()
	m, err := master.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return m
}

// fakeAgent runs every task in no time: it reports it running, and finished
// when that is acknowledged. With keep set, tasks run until they are killed.
type fakeAgent struct {
	link protocol.Link
	keep bool
	done chan struct{}
}

func startAgent(t testing.TB, m *master.Master, res string, keep bool) {
	t.Helper()
	link, err := m.ConnectAgent()
	if err != nil {
		t.Fatal(err)
	}
	a := &fakeAgent{link: link, keep: keep, done: make(chan struct{})}
	link.Send(&protocol.Register{Info: proffer.AgentInfo{Hostname: "host", Resources: resources.MustParse(res)}})
	go a.serve()
	t.Cleanup(func() { link.Close(); <-a.done })
}

func (a *fakeAgent) serve() {
	defer close(a.done)
	var id proffer.AgentID
	report := func(f proffer.FrameworkID, task proffer.TaskID, state proffer.TaskState, update uint64) {
		latest := state
		if !a.keep {
			latest = proffer.TaskFinished
		}
		a.link.Send(&protocol.StatusUpdate{FrameworkID: f, Latest: latest, Status: &proffer.TaskStatus{
			TaskID: task, AgentID: id, State: state, UpdateID: update, Source: proffer.SourceExecutor,
		}})
	}
	for {
		messages, err := a.link.Receive(nil)
		if err != nil {
			return
		}
		for _, m := range messages {
			switch m := m.(type) {
			case *protocol.Registered:
				id = m.AgentID
			case *protocol.RunTasks:
				for _, task := range m.Tasks {
					report(m.FrameworkID, task.ID, proffer.TaskRunning, 1)
				}
			case *protocol.Acknowledge:
				if m.UpdateID == 1 && !a.keep {
					report(m.FrameworkID, m.TaskID, proffer.TaskFinished, 2)
				}
			case *protocol.KillTask:
				a.link.Send(&protocol.StatusUpdate{FrameworkID: m.FrameworkID, Latest: proffer.TaskKilled, Status: &proffer.TaskStatus{
					TaskID: m.TaskID, AgentID: id, State: proffer.TaskKilled, UpdateID: 2,
				}})
			case *protocol.ShutdownFramework:
				a.link.Send(&protocol.FrameworkEnded{FrameworkID: m.FrameworkID})
			}
		}
	}
}

// filler launches as many tasks as fit on every offer, until it has launched
// enough of them, and counts the terminal ones.
type filler struct {
	shape    resources.Resources
	want     int
	launched int
	running  int
	ended    int
	prefix   string
	done     chan struct{}
	allRun   chan struct{}
	onOffers func()
}

func newFiller(prefix, shape string, want int) *filler {
	return &filler{
		shape: resources.MustParse(shape), want: want, prefix: prefix,
		done: make(chan struct{}), allRun: make(chan struct{}),
	}
}

var command = proffer.Shell("true")

func (f *filler) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if f.onOffers != nil {
		f.onOffers()
	}
	for _, o := range list {
		var tasks []proffer.TaskInfo
		left := o.Resources
		for f.launched < f.want {
			rest, ok := left.Sub(f.shape)
			if !ok {
				break
			}
			left = rest
			f.launched++
			tasks = append(tasks, proffer.TaskInfo{
				ID: proffer.TaskID(fmt.Sprintf("%s%d", f.prefix, f.launched)), Command: command, Resources: f.shape,
			})
		}
		if err := d.Accept(o.ID, tasks...); err != nil {
			return err
		}
	}
	if f.launched == f.want {
		return d.Suppress()
	}
	return nil
}

func (f *filler) StatusUpdate(_ context.Context, _ *scheduler.Driver, s proffer.TaskStatus) error {
	switch {
	case s.State == proffer.TaskRunning:
		if f.running++; f.running == f.want {
			close(f.allRun)
		}
	case s.State.Terminal():
		if f.ended++; f.ended == f.want {
			close(f.done)
		}
	}
	return nil
}

// subscribe runs a driver, which ends with the test.
func subscribe(t testing.TB, s scheduler.Scheduler, cfg scheduler.Config) (*scheduler.Driver, <-chan error) {
	t.Helper()
	d, err := scheduler.New(s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	ended := make(chan struct{})
	go func() { defer close(ended); done <- d.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return d, done
}
