package schedulertest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// TestViolationsAreFound has what must never happen happen, by hand.
func TestViolationsAreFound(t *testing.T) {
	task := func(id string) *proffer.TaskInfo {
		return &proffer.TaskInfo{ID: proffer.TaskID(id), Resources: resources.MustParse("cpus:1")}
	}
	run := func(g *agent, info *proffer.TaskInfo) *work {
		w := &work{}
		w.begin(&g.machine, "F1", info, func(proffer.ExitStatus) {})
		return w
	}
	told := func(c *Cluster, state proffer.TaskState) {
		s := &session{cluster: c, id: "F1", partitionAware: true, framework: &Framework{}}
		c.history.told(s, &scheduler.UpdateEvent{Status: proffer.TaskStatus{TaskID: "t", State: state, UpdateID: 1}})
	}
	tests := []struct {
		name string
		do   func(c *Cluster, a, b *agent)
		want string
	}{
		{"two copies", func(_ *Cluster, a, b *agent) {
			run(a, task("t"))
			run(b, task("t"))
		}, "task F1/t runs twice: it started on agent-1 at 0s, and now on agent-2"},
		{"run again", func(_ *Cluster, a, b *agent) {
			run(a, task("t")).finish(killed)
			run(b, task("t"))
		}, "task F1/t is run again: it started on agent-1 at 0s and ended, and now starts on agent-2"},
		{"too much runs", func(_ *Cluster, a, _ *agent) {
			run(a, task("t1"))
			run(a, task("t2"))
		}, "more runs on agent-1 than it has: cpus:2 of cpus:1"},
		{"too much is offered", func(c *Cluster, a, _ *agent) {
			run(a, task("t"))
			c.history.offers(nil, []*offers.Offer{{ID: "O1", AgentID: "agent-1", Resources: resources.MustParse("cpus:0.5")}})
		}, "more runs on and is offered of agent-1 than it has: cpus:1.5 of cpus:1"},
		{"two ends", func(c *Cluster, _, _ *agent) {
			told(c, proffer.TaskFinished)
			told(c, proffer.TaskFinished)
			told(c, proffer.TaskFailed)
		}, "framework F1 is told that task t is TASK_FAILED, after it was told its end, TASK_FINISHED"},
		{"no intent", func(c *Cluster, _, _ *agent) {
			c.history.intended(&protocol.RunTasks{FrameworkID: "F1", Tasks: []*proffer.TaskInfo{task("t")}})
		}, "task F1/t is launched while the registry does not know that it is to be"},
		{"sent again", func(c *Cluster, a, _ *agent) {
			update := &protocol.StatusUpdate{FrameworkID: "F1", Status: &proffer.TaskStatus{TaskID: "t", UpdateID: 1}}
			c.history.reported(a, update)
			c.history.kept([]ack{{taskKey{"F1", "t"}, 1}})
			c.history.reported(a, update)
		}, "agent-1 sends update 1 of task F1/t, although it knows that updates up to 1 are acknowledged"},
		{"told again", func(c *Cluster, a, _ *agent) {
			status := &proffer.TaskStatus{TaskID: "t", UpdateID: 1}
			c.history.reported(a, &protocol.StatusUpdate{FrameworkID: "F1", Status: status})
			c.history.kept([]ack{{taskKey{"F1", "t"}, 1}})
			c.history.delivered(&session{id: "F1"}, status)
		}, "the master tells framework F1 update 1 of task t again"},
		{"forgotten", func(c *Cluster, a, _ *agent) {
			c.history.task("F1", "t").asked = true
			run(a, task("t")).finish(killed)
			known(c, "F1")
		}, `task F1/t is forgotten: it does not run, and its framework was not told its end but TASK_STAGING at last (started on "agent-1")`},
		{"runs on", func(c *Cluster, a, _ *agent) {
			told(c, proffer.TaskGone)
			run(a, task("t"))
		}, "task F1/t runs on agent-1, although its framework was told its end, TASK_GONE at last"},
		{"orphan", func(c *Cluster, a, _ *agent) {
			run(a, task("t"))
			c.history.removed["F1"] = true
		}, "task F1/t runs on agent-1, although its framework is gone"},
		{"not acknowledged", func(c *Cluster, a, _ *agent) {
			told(c, proffer.TaskFinished)
			c.history.reported(a, &protocol.StatusUpdate{FrameworkID: "F1", Status: &proffer.TaskStatus{TaskID: "t", UpdateID: 2}})
			known(c, "F1")
		}, "update 2 of task F1/t has not been acknowledged, updates up to 0 have"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := New(Config{
				Agents: Agents(2, resources.MustParse("cpus:1")), Seed: 17, Repeat: "go test -run This",
				Lifetime: func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) { return Forever, proffer.ExitStatus{} },
			})
			if err != nil {
				t.Fatal(err)
			}
			tt.do(c, c.agents[0], c.agents[1])
			err = c.Verify()
			if !errors.Is(err, ErrViolated) || !strings.HasPrefix(err.Error(), "schedulertest: violated: "+tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
			for _, want := range []string{"events:\n", "agent-2 → master: Register \"agent-2\" with 0 tasks", "\nat 0s, seed 17, again: go test -run This"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the story has no %q: %v", want, err)
				}
			}
			if stop := c.RunFor(time.Second); stop != Violated {
				t.Errorf("stopped: %v, want violated", stop)
			}
			c.programs = nil
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// known has a framework be one whose program runs.
func known(c *Cluster, id proffer.FrameworkID) {
	f := &Framework{cluster: c}
	f.conn = &connection{session: &session{id: id}}
	c.programs = append(c.programs, f)
}
