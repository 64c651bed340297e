package schedulertest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

func TestContextEndsFramework(t *testing.T) {
	var ended []proffer.TaskID
	c := newCluster(t, schedulertest.Config{
		Agents: oneCPU,
		Lifetime: func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return schedulertest.Forever, proffer.ExitStatus{}
		},
		Observer: schedulertest.Observer{TaskEnded: func(_ time.Time, task *schedulertest.Task, exit proffer.ExitStatus) {
			if exit.Signal == 0 {
				t.Errorf("task %s ended by itself", task.Info.ID)
			}
			ended = append(ended, task.Info.ID)
		}},
	})
	ctx, cancel := context.WithCancel(t.Context())
	d := newDriver(t, c, &script{offers: once(command("t"))}, func(cfg *scheduler.Config) { cfg.FailoverTimeout = time.Minute })
	f := c.Go(ctx, d.Run)
	c.After(time.Second, cancel)
	c.RunFor(2 * time.Second)
	if !f.Done() || !errors.Is(f.Err(), context.Canceled) {
		t.Errorf("done %v, error %v: want the context's", f.Done(), f.Err())
	}
	if len(ended) > 0 {
		t.Errorf("%v ended with the driver, before the failover time-out", ended)
	}
	if stop := c.Run(); stop != schedulertest.Ended {
		t.Errorf("stopped: %v", stop)
	}
	// All frameworks have ended: time goes on only when asked to.
	c.RunFor(time.Minute)
	if diff := cmp.Diff([]proffer.TaskID{"t"}, ended); diff != "" {
		t.Errorf("ended after the failover time-out (-want +got):\n%s", diff)
	}
}

func TestFailover(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU})
	first := newDriver(t, c, &script{offers: once(command("t"))}, nil)
	f1 := c.Go(t.Context(), first.Run)
	c.RunFor(time.Second)
	var got []proffer.TaskState
	second := newDriver(t, c, &script{update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
		got = append(got, s.State)
		return nil
	}}, func(cfg *scheduler.Config) { cfg.FrameworkID = first.FrameworkID() })
	f2 := c.Go(t.Context(), second.Run)
	c.RunFor(2 * time.Minute)
	if !errors.Is(f1.Err(), scheduler.ErrFailedOver) {
		t.Errorf("first: %v", f1.Err())
	}
	if f2.Done() {
		t.Errorf("second: %v", f2.Err())
	}
	if diff := cmp.Diff([]proffer.TaskState{proffer.TaskFinished}, got); diff != "" {
		t.Errorf("statuses of the second (-want +got):\n%s", diff)
	}
}

func TestPanicArrivesAtTheTest(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU})
	c.Go(t.Context(), newDriver(t, c, &script{offers: func(*scheduler.Driver, []*offers.Offer) error { panic("on purpose") }}, nil).Run)
	defer func() {
		if v := recover(); v != "on purpose" {
			t.Errorf("recovered %v", v)
		}
	}()
	c.Run()
}

func TestLivelock(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU, Offers: offers.Config{Coalesce: -1}, MaxTurns: 100})
	c.Go(t.Context(), newDriver(t, c, &script{offers: func(d *scheduler.Driver, list []*offers.Offer) error {
		if err := d.Decline(list[0].ID); err != nil {
			return err
		}
		return d.Revive()
	}}, nil).Run)
	if stop := c.RunFor(time.Hour); stop != schedulertest.Livelock {
		t.Errorf("stopped: %v, want livelock", stop)
	}
}

func TestOrderOfTheSameInstant(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU, Offers: offers.Config{Coalesce: -1, OfferTimeout: -1}})
	var got []string
	c.After(time.Minute, func() {
		got = append(got, "first")
		c.After(0, func() { got = append(got, "third") })
	})
	c.After(time.Minute, func() { got = append(got, "second") })
	s := &script{offers: once(command("t")), update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
		if s.State.Terminal() {
			got = append(got, "status")
		}
		return nil
	}}
	c.Go(t.Context(), newDriver(t, c, s, nil).Run)
	c.RunFor(time.Hour)
	if diff := cmp.Diff([]string{"status", "first", "second", "third"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMisuse(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU})
	outside := newDriver(t, c, &script{}, nil)
	if err := outside.Run(t.Context()); !errors.Is(err, schedulertest.ErrOutside) {
		t.Errorf("outside: %v", err)
	}
	var stop schedulertest.Stop
	var closing error
	s := &script{offers: func(*scheduler.Driver, []*offers.Offer) error {
		stop, closing = c.Run(), c.Close()
		return nil
	}}
	f := c.Go(t.Context(), newDriver(t, c, s, nil).Run)
	c.RunFor(time.Second)
	if stop != schedulertest.Refused || !errors.Is(closing, schedulertest.ErrInCallback) {
		t.Errorf("in a callback: run %v, close %v", stop, closing)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(f.Err(), scheduler.ErrMasterClosed) {
		t.Errorf("after close: %v", f.Err())
	}
	if stop := c.RunFor(time.Second); stop != schedulertest.Refused {
		t.Errorf("after close: %v", stop)
	}
	late := c.Go(t.Context(), newDriver(t, c, s, nil).Run)
	if !errors.Is(late.Err(), scheduler.ErrMasterClosed) {
		t.Errorf("subscribed after close: %v", late.Err())
	}
}

func TestInvalidConfig(t *testing.T) {
	one := resources.MustParse("cpus:1")
	tests := []struct {
		name string
		cfg  schedulertest.Config
		want string
	}{
		{"empty agent", schedulertest.Config{Agents: []proffer.AgentInfo{{}}}, "schedulertest: Config.Agents[0] has no resources: give it at least some"},
		{"twice", schedulertest.Config{Agents: []proffer.AgentInfo{{ID: "a", Resources: one}, {ID: "a", Resources: one}}}, `schedulertest: Config.Agents[1]: id "a" is that of an earlier one`},
		{"id", schedulertest.Config{Agents: []proffer.AgentInfo{{ID: "a b", Resources: one}}}, `schedulertest: Config.Agents[0]: agent id "a b" contains ' ': slashes, spaces and control characters are not allowed`},
		{"weight", schedulertest.Config{Weights: map[string]float64{"r": -1}}, `schedulertest: Config.Weights: offers: set weight of role "r": weight -1 is not above 0 and at most 1e9`},
		{"offers", schedulertest.Config{Offers: offers.Config{BatchInterval: -1}}, "schedulertest: Config.Offers: offers: Config.BatchInterval -1ns is negative"},
		{"turns", schedulertest.Config{MaxTurns: -1, KeepCompleted: -2}, "schedulertest: Config.KeepCompleted -2 is negative\nschedulertest: Config.MaxTurns -1 is negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := schedulertest.New(tt.cfg)
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// BenchmarkTask is the life of a task: offer, accept, three statuses and their
// acknowledgements. A million of them are "-bench BenchmarkTask/everything
// -benchtime 1000000x".
func BenchmarkTask(b *testing.B) {
	for _, mode := range []struct {
		name string
		cfg  schedulertest.Config
	}{
		{"everything", schedulertest.Config{}},
		{"unchecked", schedulertest.Config{Unchecked: true}},
		{"values", schedulertest.Config{Unchecked: true, PassValues: true}},
		{"bare", schedulertest.Config{Unchecked: true, PassValues: true, Forgetful: true}},
	} {
		b.Run(mode.name, func(b *testing.B) { benchmarkTasks(b, mode.cfg) })
	}
}

func benchmarkTasks(b *testing.B, cfg schedulertest.Config) {
	cfg.Agents = schedulertest.Agents(100, resources.MustParse("cpus:10;mem:1000"))
	c := newCluster(b, cfg)
	need, left, ended := resources.MustParse("cpus:1"), b.N, 0
	s := &script{
		offers: func(d *scheduler.Driver, list []*offers.Offer) error {
			for _, o := range list {
				var tasks []proffer.TaskInfo
				for n := int(o.Resources.CPUs() / resources.Unit); n > 0 && left > 0; n-- {
					left--
					tasks = append(tasks, proffer.TaskInfo{ID: taskID(left), Resources: need, Command: anyCommand})
				}
				if err := d.Accept(o.ID, tasks...); err != nil {
					return err
				}
			}
			return nil
		},
		update: func(d *scheduler.Driver, s proffer.TaskStatus) error {
			if s.State.Terminal() {
				if ended++; ended == b.N {
					return d.Teardown()
				}
			}
			return nil
		},
	}
	f := c.Go(b.Context(), newDriver(b, c, s, nil).Run)
	b.ReportAllocs()
	b.ResetTimer()
	if stop := c.Run(); stop != schedulertest.Ended || f.Err() != nil {
		b.Fatalf("stopped: %v, %v", stop, f.Err())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

var anyCommand = proffer.Shell("true")

func taskID(n int) proffer.TaskID {
	return proffer.TaskID([]byte{byte('a' + n%26), byte('a' + n/26%26), byte('a' + n/676%26), byte('a' + n/17576%26), byte('a' + n/456976%26)})
}
