package schedulertest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a scheduler of functions.
type script struct {
	offers func(d *scheduler.Driver, list []*offers.Offer) error
	update func(d *scheduler.Driver, s proffer.TaskStatus) error
}

func (s *script) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if s.offers == nil {
		return nil
	}
	return s.offers(d, list)
}

func (s *script) StatusUpdate(_ context.Context, d *scheduler.Driver, status proffer.TaskStatus) error {
	if s.update == nil {
		return nil
	}
	return s.update(d, status)
}

func newCluster(t testing.TB, cfg schedulertest.Config) *schedulertest.Cluster {
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

func newDriver(t testing.TB, c *schedulertest.Cluster, s scheduler.Scheduler, change func(*scheduler.Config)) *scheduler.Driver {
	t.Helper()
	cfg := scheduler.Config{Name: "test", Master: c}
	if change != nil {
		change(&cfg)
	}
	d, err := scheduler.New(s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// once launches each of the tasks on the first offer that holds it.
func once(tasks ...proffer.TaskInfo) func(*scheduler.Driver, []*offers.Offer) error {
	return func(d *scheduler.Driver, list []*offers.Offer) error {
		for _, o := range list {
			if len(tasks) == 0 || !o.Resources.Contains(tasks[0].Resources) {
				continue
			}
			if err := d.Accept(o.ID, tasks[0]); err != nil {
				return err
			}
			tasks = tasks[1:]
		}
		return nil
	}
}

func command(id string) proffer.TaskInfo {
	return proffer.TaskInfo{ID: proffer.TaskID(id), Resources: resources.MustParse("cpus:1"), Command: proffer.Shell("true")}
}

var oneCPU = schedulertest.Agents(1, resources.MustParse("cpus:1"))

// statuses runs a task and returns what its scheduler is told.
func statuses(t *testing.T, task proffer.TaskInfo, cfg schedulertest.Config, act func(c *schedulertest.Cluster, d *scheduler.Driver)) []string {
	t.Helper()
	cfg.Agents = oneCPU
	c := newCluster(t, cfg)
	var got []string
	begin := c.Now()
	s := &script{offers: once(task), update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
		got = append(got, fmt.Sprintf("%v %s", c.Now().Sub(begin), s))
		return nil
	}}
	d := newDriver(t, c, s, nil)
	c.Go(t.Context(), d.Run)
	if act != nil {
		act(c, d)
	}
	if stop := c.RunFor(time.Hour); stop != schedulertest.Reached {
		t.Fatalf("stopped: %v", stop)
	}
	return got
}

func TestStatuses(t *testing.T) {
	exits := func(after time.Duration, code int) schedulertest.Config {
		return schedulertest.Config{Lifetime: func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return after, proffer.ExitStatus{Code: code}
		}}
	}
	killAt := func(at time.Duration) func(*schedulertest.Cluster, *scheduler.Driver) {
		return func(c *schedulertest.Cluster, d *scheduler.Driver) {
			c.After(at, func() {
				if err := d.Kill("t"); err != nil {
					t.Error(err)
				}
			})
		}
	}
	onExecutor := command("t")
	onExecutor.Command, onExecutor.Executor = nil, &proffer.ExecutorInfo{ID: "e", Name: "built in"}
	bounded, healthy := command("t"), command("t")
	bounded.MaxCompletionTime = 2 * time.Second
	healthy.HealthCheck = &proffer.HealthCheck{Probe: proffer.Probe{TCP: &proffer.TCPProbe{Port: 80}}}
	tests := []struct {
		name string
		task proffer.TaskInfo
		cfg  schedulertest.Config
		act  func(*schedulertest.Cluster, *scheduler.Driver)
		want []string
	}{
		{name: "default", task: command("t"), want: []string{
			"2ms t TASK_STARTING", "2ms t TASK_RUNNING", "1m0.002s t TASK_FINISHED: exit status 0 (REASON_COMMAND_EXITED)",
		}},
		{name: "at once", task: command("t"), cfg: exits(0, 3), want: []string{
			"2ms t TASK_STARTING", "2ms t TASK_RUNNING", "2ms t TASK_FAILED: exit status 3 (REASON_COMMAND_EXITED)",
		}},
		{name: "killed", task: command("t"), cfg: exits(schedulertest.Forever, 0), act: killAt(time.Second), want: []string{
			"2ms t TASK_STARTING", "2ms t TASK_RUNNING", "1s t TASK_KILLING: killed by request",
			"1s t TASK_KILLED: killed by request: signal: terminated",
		}},
		{name: "too long", task: bounded, want: []string{
			"2ms t TASK_STARTING", "2ms t TASK_RUNNING",
			"2.002s t TASK_KILLING: it ran for longer than its maximum of 2s",
			"2.002s t TASK_FAILED: it ran for longer than its maximum of 2s: signal: terminated (REASON_MAX_COMPLETION_TIME_REACHED)",
		}},
		{name: "healthy", task: healthy, cfg: exits(time.Second, 0), want: []string{
			"2ms t TASK_STARTING", "2ms t TASK_RUNNING", "2ms t TASK_RUNNING (REASON_TASK_HEALTH_CHECK_STATUS_UPDATED)",
			"1.002s t TASK_FINISHED: exit status 0 (REASON_COMMAND_EXITED)",
		}},
		{name: "executor", task: onExecutor, cfg: exits(time.Second, 0), want: []string{
			"2ms t TASK_RUNNING", "1.002s t TASK_FINISHED: exit status 0",
		}},
		{name: "executor kills", task: onExecutor, act: killAt(time.Second), want: []string{
			"2ms t TASK_RUNNING", "1s t TASK_KILLED: signal: killed",
		}},
		{name: "executor ends", task: onExecutor, act: func(c *schedulertest.Cluster, d *scheduler.Driver) {
			c.After(time.Second, func() {
				if err := d.ShutdownExecutor("agent-1", "e"); err != nil {
					t.Error(err)
				}
			})
		}, want: []string{"2ms t TASK_RUNNING", "1s t TASK_KILLED: signal: terminated"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := statuses(t, tt.task, tt.cfg, tt.act)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	}
}

// A status that is not acknowledged comes again after the intervals of an
// agent.
func TestStatusComesAgain(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU})
	var at []string
	begin := c.Now()
	s := &script{offers: once(command("t")), update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
		at = append(at, fmt.Sprint(c.Now().Sub(begin).Round(time.Second), s.State))
		return errors.New("the database is down")
	}}
	c.Go(t.Context(), newDriver(t, c, s, nil).Run)
	c.RunFor(time.Minute + 11*time.Second)
	want := []string{"0s TASK_STARTING", "10s TASK_STARTING", "30s TASK_STARTING", "1m10s TASK_STARTING"}
	if diff := cmp.Diff(want, at); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if agent.DefaultStatusRetryMin != 10*time.Second || agent.DefaultShutdownGrace != 5*time.Second {
		t.Error("the simulated agents have other defaults than real ones")
	}
}

// history is all that happens on a cluster under several frameworks that
// choose at random, with seeds of their own.
func history(t *testing.T, seed uint64) string {
	var b strings.Builder
	say := func(now time.Time, format string, args ...any) {
		fmt.Fprintf(&b, "%v %s\n", now.UnixNano(), fmt.Sprintf(format, args...))
	}
	lives := rand.New(rand.NewPCG(seed, 1))
	c := newCluster(t, schedulertest.Config{
		Agents: schedulertest.Agents(7, resources.MustParse("cpus:8;mem:8000")),
		Offers: offers.Config{Seed: seed},
		Lifetime: func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return time.Duration(lives.Int64N(int64(time.Minute))), proffer.ExitStatus{Code: lives.IntN(2)}
		},
		Observer: schedulertest.Observer{
			OfferMade:      func(now time.Time, o *offers.Offer) { say(now, "offer %v", o) },
			OfferDeclined:  func(now time.Time, id proffer.OfferID) { say(now, "declined %s", id) },
			OfferRescinded: func(now time.Time, id proffer.OfferID) { say(now, "rescinded %s", id) },
			TaskStarted:    func(now time.Time, t *schedulertest.Task) { say(now, "start %s %s", t.Info.ID, t.AgentID) },
			TaskEnded:      func(now time.Time, t *schedulertest.Task, e proffer.ExitStatus) { say(now, "end %s %v", t.Info.ID, e) },
		},
	})
	for i := range 5 {
		rng := rand.New(rand.NewPCG(seed, uint64(i)+2))
		n := 0
		s := &script{
			offers: func(d *scheduler.Driver, list []*offers.Offer) error {
				for _, o := range list {
					task := command(fmt.Sprintf("f%d-%d", i, n))
					switch {
					case rng.IntN(3) == 0 && o.Resources.Contains(task.Resources):
						n++
						if err := d.Accept(o.ID, task); err != nil {
							return err
						}
					case rng.IntN(4) == 0:
						if err := d.Hold(o.ID); err != nil {
							return err
						}
					}
				}
				return nil
			},
			update: func(d *scheduler.Driver, s proffer.TaskStatus) error {
				if s.State == proffer.TaskRunning && rng.IntN(10) == 0 {
					return d.Kill(s.TaskID)
				}
				return nil
			},
		}
		d := newDriver(t, c, s, func(cfg *scheduler.Config) { cfg.Roles = []string{fmt.Sprint("role-", i%3)} })
		c.After(time.Duration(i)*time.Second, func() { c.Go(t.Context(), d.Run) })
	}
	if stop := c.RunFor(20 * time.Minute); stop != schedulertest.Reached {
		t.Fatalf("stopped: %v", stop)
	}
	if st := c.Stats(); st.Started < 200 || st.Ended < 200 || st.Rescinds == 0 || st.Declines == 0 || st.Accepts != st.Started {
		t.Errorf("too little happened: %+v", st)
	}
	return b.String()
}

func TestSameProgramSameHistory(t *testing.T) {
	for seed := range uint64(3) {
		first, second := history(t, seed), history(t, seed)
		if first != second {
			t.Errorf("seed %d: two runs differ (-first +second):\n%s", seed, cmp.Diff(strings.Split(first, "\n"), strings.Split(second, "\n")))
		}
		if other := history(t, seed+100); other == first {
			t.Errorf("seeds %d and %d give the same history", seed, seed+100)
		}
	}
}

// A gang is launched by one call on all of its agents, when there is room.
func TestGang(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: schedulertest.Agents(3, resources.MustParse("cpus:2"))})
	gang := offers.Demand{Shape: offers.Shape{Resources: resources.MustParseQuantities("cpus:2")}, Count: 3, Gang: true}
	single := command("first")
	begin := c.Now()
	var started []string
	s := &script{
		offers: func(d *scheduler.Driver, list []*offers.Offer) error {
			if len(started) == 0 {
				if err := d.Accept(list[0].ID, single); err != nil {
					return err
				}
				return d.Demand(proffer.DefaultRole, gang)
			}
			var answers []scheduler.Answer
			for i, o := range list {
				task := command(fmt.Sprintf("member-%d", i))
				task.Resources = o.Resources
				answers = append(answers, scheduler.Answer{
					OfferIDs: []proffer.OfferID{o.ID}, Operations: []offers.Operation{offers.Launch{Tasks: []proffer.TaskInfo{task}}},
				})
			}
			return d.AcceptAll(answers...)
		},
		update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
			if s.State == proffer.TaskRunning {
				started = append(started, fmt.Sprintf("%v %s", c.Now().Sub(begin).Round(time.Second), s.TaskID))
			}
			return nil
		},
	}
	c.Go(t.Context(), newDriver(t, c, s, nil).Run)
	c.RunFor(time.Hour)
	want := []string{"0s first", "1m0s member-0", "1m0s member-1", "1m0s member-2"}
	if diff := cmp.Diff(want, started); diff != "" {
		t.Errorf("started (-want +got):\n%s", diff)
	}
	if got := c.Stats().Accepts; got != 2 {
		t.Errorf("%d calls that accept, want 2", got)
	}
}
