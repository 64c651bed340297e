package agent_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/protocol"
)

func TestCommandRunsInAContainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz, dir := newFakeMaster(), newFakeContainerizer(), t.TempDir()
		startAgent(t, m, agent.Config{Containerizer: cz, WorkDir: dir})
		task := command("one/two", "exit", "3")
		task.ID = "one:two" // fit for an id, not for a control group
		m.send(&protocol.RunTasks{FrameworkID: "F1", Role: "*", User: "nobody", Tasks: []*proffer.TaskInfo{task}})
		m.status(t, task.ID, proffer.TaskStarting)
		m.status(t, task.ID, proffer.TaskRunning)
		got := m.status(t, task.ID, proffer.TaskFailed)

		spec := cz.launched[0]
		sandbox := filepath.Join(dir, "sandboxes", "F1", "one:two")
		want := &proffer.TaskStatus{
			TaskID: task.ID, AgentID: "A1", State: proffer.TaskFailed, Reason: proffer.ReasonCommandExited,
			Source: proffer.SourceAgent, Message: "exit status 3", Time: time.Now(), UpdateID: 3,
			Exit:      &proffer.ExitStatus{Code: 3},
			Container: &proffer.ContainerStatus{ID: spec.ID, PID: 100, Sandbox: sandbox},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
		if err := spec.Validate(); err != nil || strings.ContainsAny(string(spec.ID), ":/") || !strings.HasPrefix(string(spec.ID), "one_two-") {
			t.Errorf("container id %q, %v", spec.ID, err)
		}
		wantEnv := map[string]string{
			"PROFFER_TASK_ID": "one:two", "PROFFER_FRAMEWORK_ID": "F1", "PROFFER_AGENT_ID": "A1", "PROFFER_SANDBOX": sandbox,
		}
		if diff := cmp.Diff(wantEnv, spec.Env); diff != "" {
			t.Errorf("environment (-want +got):\n%s", diff)
		}
		if spec.User != "nobody" || spec.Sandbox != sandbox || !spec.Resources.Equal(task.Resources) {
			t.Errorf("spec %+v", spec)
		}
		synctest.Wait()
		if left, _ := cz.List(t.Context()); len(left) > 0 {
			t.Errorf("container %s was not removed", left[0].ID)
		}
	})
}

func TestKillOfACommand(t *testing.T) {
	for _, tc := range []struct {
		command string
		signals []string
		took    time.Duration
		ended   syscall.Signal
	}{
		{"sleep", []string{"terminated"}, 0, syscall.SIGTERM},
		{"deaf", []string{"terminated", "killed"}, proffer.DefaultKillGrace, syscall.SIGKILL},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, cz := newFakeMaster(), newFakeContainerizer()
			startAgent(t, m, agent.Config{Containerizer: cz})
			m.send(run(command("t1", tc.command)))
			m.status(t, "t1", proffer.TaskStarting)
			m.status(t, "t1", proffer.TaskRunning)
			start := time.Now()
			m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: "t1"})
			m.status(t, "t1", proffer.TaskKilling)
			got := m.status(t, "t1", proffer.TaskKilled)
			if took := time.Since(start); took != tc.took || got.Exit.Signal != tc.ended {
				t.Errorf("%s: %s after %v, want signal %v after %v", tc.command, got, took, tc.ended, tc.took)
			}
			if diff := cmp.Diff(tc.signals, cz.signals); diff != "" {
				t.Errorf("%s: signals (-want +got):\n%s", tc.command, diff)
			}
		})
	}
}

func TestKillCallsALaunchOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		startAgent(t, m, agent.Config{Containerizer: newFakeContainerizer()})
		m.send(run(command("slow", "slow"), command("late", "late")), run(command("t2", "exit", "0")))
		m.end(t, "t2") // which does not wait for the others
		for _, id := range []proffer.TaskID{"slow", "late"} {
			m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: id})
			if got := m.end(t, id); got.State != proffer.TaskKilled || got.Reason != proffer.ReasonTaskKilledDuringLaunch {
				t.Errorf("status %s", got)
			}
		}
	})
}

func TestStuckKillIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz := newFakeMaster(), newFakeContainerizer()
		startAgent(t, m, agent.Config{Containerizer: cz})
		m.send(run(command("t1", "undead")))
		m.status(t, "t1", proffer.TaskStarting)
		m.status(t, "t1", proffer.TaskRunning)
		grace := time.Duration(0)
		m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: "t1", Grace: &grace})
		start := time.Now()
		m.status(t, "t1", proffer.TaskKilling)
		got := m.status(t, "t1", proffer.TaskKilling)
		if took := time.Since(start); got.Reason != proffer.ReasonKillStuck || took != agent.DefaultKillStuckAfter {
			t.Errorf("%s after %v", got, took)
		}
		m.send(run(command("t2", "exit", "0")))
		if got := m.end(t, "t2"); got.State != proffer.TaskFinished {
			t.Errorf("another task: %s", got)
		}
		cz.finish(proffer.ExitStatus{Code: 137, Signal: syscall.SIGKILL})
		m.status(t, "t1", proffer.TaskKilled)
	})
}

func TestLaunchErrors(t *testing.T) {
	bad := command("bad", "exit", "0")
	bad.Command.Env = map[string]string{"a=b": ""}
	for _, tc := range []struct {
		name   string
		cz     containerizer.Containerizer
		task   *proffer.TaskInfo
		state  proffer.TaskState
		reason proffer.Reason
		text   string
	}{
		{"no containerizer", nil, command("t", "exit", "0"), proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "no containerizer"},
		{"absent", newFakeContainerizer(), command("t", "absent"), proffer.TaskFailed, proffer.ReasonContainerLaunchFailed, "containerizer: command not found"},
		{"invalid", newFakeContainerizer(), bad, proffer.TaskError, proffer.ReasonTaskInvalid, "a=b"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newFakeMaster()
			startAgent(t, m, agent.Config{Containerizer: tc.cz})
			m.send(run(tc.task))
			got := m.end(t, tc.task.ID)
			if got.State != tc.state || got.Reason != tc.reason || !strings.Contains(got.Message, tc.text) {
				t.Errorf("%s: %s, want %s with %q", tc.name, got, tc.state, tc.text)
			}
			m.send(run(command("next", "exit", "0")))
			m.end(t, "next")
		})
	}
}

func TestHealthCheckKills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz := newFakeMaster(), newFakeContainerizer()
		probes := 0
		cz.exec = func(context.Context, containerizer.ExecSpec) (containerizer.ExecResult, error) {
			probes++
			code := 0
			if probes > 1 {
				code = 1
			}
			return containerizer.ExecResult{Exit: proffer.ExitStatus{Code: code}}, nil
		}
		startAgent(t, m, agent.Config{Containerizer: cz})
		task := command("t1", "sleep")
		task.HealthCheck = &proffer.HealthCheck{Probe: proffer.Probe{Command: proffer.Shell("true")}}
		m.send(run(task))
		m.status(t, "t1", proffer.TaskStarting)
		m.status(t, "t1", proffer.TaskRunning)
		start := time.Now()
		for _, want := range []struct {
			state  proffer.TaskState
			health proffer.Health
			after  time.Duration
		}{
			{proffer.TaskRunning, proffer.Healthy, 15 * time.Second},
			{proffer.TaskRunning, proffer.Unhealthy, 25 * time.Second},
			{proffer.TaskRunning, proffer.Unhealthy, 35 * time.Second},
			{proffer.TaskRunning, proffer.Unhealthy, 45 * time.Second},
			{proffer.TaskKilling, proffer.Unhealthy, 45 * time.Second},
			{proffer.TaskFailed, proffer.Unhealthy, 45 * time.Second},
		} {
			got := m.status(t, "t1", want.state)
			if took := time.Since(start); got.Health != want.health || took != want.after {
				t.Errorf("%s %s after %v, want %s after %v", got, got.Health, took, want.health, want.after)
			}
			if got.State == proffer.TaskFailed && got.Reason != proffer.ReasonHealthCheckFailed {
				t.Errorf("the last status is %s", got)
			}
		}
		synctest.Wait()
		if probes != 4 {
			t.Errorf("%d probes, want 4", probes)
		}
	})
}

func TestCheckTellsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz := newFakeMaster(), newFakeContainerizer()
		results := []int{0, 0, 4, 4, 0}
		cz.exec = func(context.Context, containerizer.ExecSpec) (containerizer.ExecResult, error) {
			if len(results) == 0 {
				return containerizer.ExecResult{}, errors.New("no more")
			}
			code := results[0]
			results = results[1:]
			return containerizer.ExecResult{Exit: proffer.ExitStatus{Code: code}}, nil
		}
		startAgent(t, m, agent.Config{Containerizer: cz})
		task := command("t1", "sleep")
		task.Check = &proffer.Check{Probe: proffer.Probe{Command: proffer.Shell("true"), Delay: -1, Interval: time.Second}}
		m.send(run(task))
		m.status(t, "t1", proffer.TaskStarting)
		first := m.status(t, "t1", proffer.TaskRunning)
		if first.Check == nil || first.Check.ExitCode != nil {
			t.Errorf("the check of the first status is %+v, want an empty one", first.Check)
		}
		for _, want := range []int{0, 4, 0} {
			got := m.status(t, "t1", proffer.TaskRunning)
			if got.Check.ExitCode == nil || *got.Check.ExitCode != want || got.Reason != proffer.ReasonTaskCheckStatusUpdated {
				t.Errorf("%s, check %+v, want %d", got, got.Check, want)
			}
		}
		if got := m.status(t, "t1", proffer.TaskRunning); got.Check.ExitCode != nil {
			t.Errorf("a probe that could not be run: %+v, want an empty result", got.Check)
		}
	})
}
