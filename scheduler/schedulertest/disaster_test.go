package schedulertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// TestDisasters causes single faults on the only agent, while a task runs for
// ten minutes, and compares what its scheduler is told, to the second.
func TestDisasters(t *testing.T) {
	const id = "agent-1"
	type cluster = schedulertest.Cluster
	tests := []struct {
		name string
		at   map[time.Duration]func(c *cluster, d *scheduler.Driver) error
		want []string
	}{
		{
			name: "nothing",
			want: []string{"10m0s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "agent crashes, and the task ends before it is back",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				9*time.Minute + 30*time.Second:  func(c *cluster, _ *scheduler.Driver) error { return c.CrashAgent(id) },
				10*time.Minute + 30*time.Second: func(c *cluster, _ *scheduler.Driver) error { return c.RestartAgent(id) },
			},
			want: []string{"10m30s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "agent is away for long",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute:     func(c *cluster, _ *scheduler.Driver) error { return c.CrashAgent(id) },
				5 * time.Minute: func(c *cluster, _ *scheduler.Driver) error { return c.RestartAgent(id) },
			},
			want: []string{
				"2m15s TASK_UNREACHABLE (REASON_AGENT_REMOVED)", "5m0s TASK_RUNNING (REASON_AGENT_REREGISTERED)",
				"10m0s TASK_FINISHED (REASON_COMMAND_EXITED)",
			},
		},
		{
			name: "machine reboots",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute:      func(c *cluster, _ *scheduler.Driver) error { return c.RebootAgent(id) },
				61 * time.Second: func(c *cluster, _ *scheduler.Driver) error { return c.RestartAgent(id) },
			},
			want: []string{"1m1s TASK_GONE (REASON_AGENT_RESTARTED)"},
		},
		{
			name: "short partition",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute:      func(c *cluster, _ *scheduler.Driver) error { return c.Partition(id, schedulertest.BothWays) },
				70 * time.Second: func(c *cluster, _ *scheduler.Driver) error { return c.Heal(id) },
			},
			want: []string{"10m0s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "long partition: dead after 75 s, unreachable after 75 s more",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute:     func(c *cluster, _ *scheduler.Driver) error { return c.Partition(id, schedulertest.BothWays) },
				5 * time.Minute: func(c *cluster, _ *scheduler.Driver) error { return c.Heal(id) },
			},
			want: []string{
				"3m30s TASK_UNREACHABLE (REASON_AGENT_REMOVED)", "5m0s TASK_RUNNING (REASON_AGENT_REREGISTERED)",
				"10m0s TASK_FINISHED (REASON_COMMAND_EXITED)",
			},
		},
		{
			name: "the agent does not hear the master, and says so by closing",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute:     func(c *cluster, _ *scheduler.Driver) error { return c.Partition(id, schedulertest.FromMaster) },
				5 * time.Minute: func(c *cluster, _ *scheduler.Driver) error { return c.Heal(id) },
			},
			want: []string{
				"3m30s TASK_UNREACHABLE (REASON_AGENT_REMOVED)", "5m0s TASK_RUNNING (REASON_AGENT_REREGISTERED)",
				"10m0s TASK_FINISHED (REASON_COMMAND_EXITED)",
			},
		},
		{
			name: "the end of the task is lost, and the next keepalive tells",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				9*time.Minute + 59*time.Second: func(c *cluster, _ *scheduler.Driver) error { return c.Partition(id, schedulertest.ToMaster) },
				10*time.Minute + time.Second:   func(c *cluster, _ *scheduler.Driver) error { return c.Heal(id) },
			},
			want: []string{"10m10s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "master crashes, and the task ends before it is back",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				9 * time.Minute:  func(c *cluster, _ *scheduler.Driver) error { c.CrashMaster(); return nil },
				11 * time.Minute: func(c *cluster, _ *scheduler.Driver) error { return c.RestartMaster() },
			},
			want: []string{"11m0s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "master comes back with another clock",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute: func(c *cluster, _ *scheduler.Driver) error {
					c.SkewMaster(-2 * 365 * 24 * time.Hour)
					c.CrashMaster()
					return errors.Join(c.SkewAgent(id, 2*365*24*time.Hour), c.CrashAgent(id), c.RestartMaster(), c.RestartAgent(id))
				},
			},
			want: []string{"1m0s TASK_RUNNING (REASON_RECONCILIATION)", "10m0s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "kill does not end for a while",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute: func(c *cluster, d *scheduler.Driver) error {
					return errors.Join(c.StickAgent(id, true), d.Kill("t"))
				},
				3 * time.Minute: func(c *cluster, _ *scheduler.Driver) error { return c.StickAgent(id, false) },
			},
			want: []string{"1m0s TASK_KILLING", "1m33s TASK_KILLING (REASON_KILL_STUCK)", "3m3s TASK_KILLED"},
		},
		{
			name: "slow agent",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute:      func(c *cluster, _ *scheduler.Driver) error { return c.SlowAgent(id, 5*time.Second) },
				11 * time.Minute: func(c *cluster, _ *scheduler.Driver) error { return c.SlowAgent(id, 0) },
			},
			want: []string{"10m5s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "slow disk of the agent: nothing is told that is not written",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute: func(c *cluster, _ *scheduler.Driver) error {
					return c.AgentDisk(id, schedulertest.Disk{Delay: 7 * time.Second})
				},
			},
			want: []string{"10m7s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "full disk of the agent ends it, until there is room",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute: func(c *cluster, _ *scheduler.Driver) error {
					return c.AgentDisk(id, schedulertest.Disk{Full: true})
				},
				10*time.Minute + 10*time.Second: func(c *cluster, _ *scheduler.Driver) error { return c.RestartAgent(id) },
				10*time.Minute + 20*time.Second: func(c *cluster, _ *scheduler.Driver) error {
					return errors.Join(c.AgentDisk(id, schedulertest.Disk{}), c.RestartAgent(id))
				},
			},
			want: []string{"10m20s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
		{
			name: "failing disk of the master ends it, and the acknowledgement is lost",
			at: map[time.Duration]func(*cluster, *scheduler.Driver) error{
				time.Minute:      func(c *cluster, _ *scheduler.Driver) error { c.MasterDisk(schedulertest.Disk{Fail: true}); return nil },
				12 * time.Minute: func(c *cluster, _ *scheduler.Driver) error { return c.RestartMaster() },
			},
			want: []string{"10m0s TASK_FINISHED (REASON_COMMAND_EXITED)", "12m0s TASK_FINISHED (REASON_COMMAND_EXITED)"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, schedulertest.Config{Agents: oneCPU, Lifetime: tenMinutes})
			begin := c.Now()
			var got []string
			s := &script{offers: once(command("t")), update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
				if since := c.Now().Sub(begin); since > time.Second {
					line := fmt.Sprintf("%v %s", since.Truncate(time.Second), s.State)
					if s.Reason != proffer.ReasonNone {
						line += fmt.Sprintf(" (%s)", s.Reason)
					}
					got = append(got, line)
				}
				return nil
			}}
			d := newDriver(t, c, s, nil)
			c.Go(t.Context(), d.Run)
			for at, do := range tt.at {
				c.After(at, func() {
					if err := do(c, d); err != nil {
						t.Error(err)
					}
				})
			}
			if stop := c.RunFor(20 * time.Minute); stop != schedulertest.Reached {
				t.Fatalf("stopped: %v, %v", stop, c.Err())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			if err := c.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

func tenMinutes(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
	return 10 * time.Minute, proffer.ExitStatus{}
}

// TestFrameworkIsCutOff: its session ends at both ends, and it subscribes again.
func TestFrameworkIsCutOff(t *testing.T) {
	for _, way := range []schedulertest.Way{schedulertest.BothWays, schedulertest.ToMaster, schedulertest.FromMaster} {
		t.Run(way.String(), func(t *testing.T) {
			var trace strings.Builder
			c := newCluster(t, schedulertest.Config{Agents: oneCPU, Lifetime: tenMinutes, Trace: &trace})
			ended := ""
			begin := c.Now()
			s := &script{offers: once(command("t")), update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
				if s.State.Terminal() {
					ended = fmt.Sprint(c.Now().Sub(begin).Truncate(time.Second), " ", s.State)
				}
				return nil
			}}
			f := c.Go(t.Context(), newDriver(t, c, s, nil).Run)
			c.After(9*time.Minute, func() { c.PartitionFramework(f, way) })
			c.After(12*time.Minute, func() { c.HealFramework(f) })
			c.RunFor(time.Hour)
			if want := "12m0s TASK_FINISHED"; ended != want {
				t.Errorf("ended at %s, want %s", ended, want)
			}
			if n := strings.Count(trace.String(), "test: subscribes"); n != 2 {
				t.Errorf("subscribed %d times, want 2", n)
			}
			if err := c.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFrameworkCrashes: it ends without another callback, and a new program
// takes its tasks over.
func TestFrameworkCrashes(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU, Lifetime: tenMinutes})
	first := newDriver(t, c, &script{offers: once(command("t"))}, nil)
	f := c.Go(t.Context(), first.Run)
	c.RunFor(time.Minute)
	if err := c.CrashFramework(f); err != nil || !f.Done() {
		t.Fatalf("done %v, %v", f.Done(), err)
	}
	c.RunFor(time.Hour)
	var got []proffer.TaskState
	second := newDriver(t, c, &script{update: func(_ *scheduler.Driver, s proffer.TaskStatus) error {
		got = append(got, s.State)
		return nil
	}}, func(cfg *scheduler.Config) { cfg.FrameworkID = first.FrameworkID() })
	c.Go(t.Context(), second.Run)
	c.RunFor(time.Minute)
	if diff := cmp.Diff([]proffer.TaskState{proffer.TaskFinished}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
}

// TestUnknownAgent: faults name agents that are there.
func TestUnknownAgent(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU})
	if err := c.CrashAgent("agent-2"); !errors.Is(err, offers.ErrUnknownAgent) {
		t.Errorf("error %v, want that the agent is not known", err)
	}
}

// TestForgetful: what cannot be survived is refused.
func TestForgetful(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU, Forgetful: true, PassValues: true, Unchecked: true})
	c.Go(context.Background(), newDriver(t, c, &script{offers: once(command("t"))}, nil).Run)
	c.RunFor(2 * time.Minute)
	if st := c.Stats(); st.Ended != 1 {
		t.Errorf("%d tasks have ended, want 1", st.Ended)
	}
	c.CrashMaster()
	if err := c.RestartMaster(); err == nil {
		t.Error("a master without a registry was started again")
	}
	if err := c.Verify(); err == nil {
		t.Error("verified, although nothing was checked")
	}
	_, err := schedulertest.New(schedulertest.Config{
		Agents: schedulertest.Agents(1, resources.MustParse("cpus:1")), Forgetful: true,
		Faults: schedulertest.Faults{MasterCrash: time.Minute, Loss: 2, Outage: -1},
	})
	for _, want := range []string{"Config.Forgetful does not go with", "Config.Faults.Loss 2 is not a probability", "Config.Faults.Outage -1ns is negative"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
