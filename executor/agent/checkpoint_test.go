package agent_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/boltstore"
	"github.com/proffer-go/proffer/internal/protocol"
)

// again runs another agent in the place of one that has ended, and returns
// what it registers with.
func again(t *testing.T, m *fakeMaster, cfg agent.Config, boot string) (r *protocol.Register, stop func() error) {
	t.Helper()
	a, ctx, cancel := newAgent(t, m, cfg)
	if boot != "" {
		a.SetBoot(boot)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	ended := false
	stop = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		return <-done
	}
	t.Cleanup(func() { _ = stop() })
	select {
	case err := <-done:
		ended = true
		t.Fatalf("Run: %v", err)
	case <-m.registered:
		m.registered <- struct{}{}
	}
	return m.register(t), stop
}

func newAgent(t *testing.T, m *fakeMaster, cfg agent.Config) (*agent.Agent, context.Context, context.CancelFunc) {
	t.Helper()
	m.forget()
	cfg.Master, cfg.Checkpoint = m, true
	a, err := agent.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return a, ctx, cancel
}

func runError(t *testing.T, m *fakeMaster, cfg agent.Config) error {
	t.Helper()
	a, ctx, cancel := newAgent(t, m, cfg)
	defer cancel()
	return a.Run(ctx)
}

// Containers outlive Run, executors that are built in do not. Without a
// checkpoint the agent says that it leaves for good.
func TestWhatOutlivesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz := newFakeMaster(), newFakeContainerizer()
		cfg := agent.Config{Containerizer: cz, WorkDir: t.TempDir(), Executors: map[string]executor.Executor{
			"go": executor.Func(func(ctx context.Context, _ proffer.TaskInfo) error {
				<-ctx.Done()
				return ctx.Err()
			}),
		}}
		_, stop := again(t, m, cfg, "")
		m.send(run(command("stays", "sleep"), builtin("goes", "go")))
		synctest.Wait()
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		for {
			messages, err := m.received.Take(nil)
			if err != nil || len(messages) == 0 {
				break
			}
			for _, message := range messages {
				if _, leaves := message.(*protocol.Leave); leaves {
					t.Error("the agent leaves for good")
				}
			}
		}
		r, _ := again(t, m, cfg, "")
		want := map[proffer.TaskID]string{"stays": "TASK_RUNNING", "goes": "TASK_GONE"}
		if diff := cmp.Diff(want, states(r)); diff != "" {
			t.Errorf("tasks (-want +got)\n%s", diff)
		}
		if end := m.end(t, "goes"); end.Reason != proffer.ReasonExecutorTerminated {
			t.Errorf("status %s", end)
		}
		m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: "stays"})
		if end := m.end(t, "stays"); end.Exit == nil || end.State != proffer.TaskKilled {
			t.Errorf("status %s", end)
		}
		synctest.Wait()
		if left, _ := cz.List(t.Context()); len(left) > 0 || len(cz.launched) != 1 {
			t.Errorf("%d containers are left of %d launched", len(left), len(cz.launched))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		stop := startAgent(t, m, agent.Config{})
		_ = stop() // its context has ended
		if _, leaves := m.next(t).(*protocol.Leave); !leaves {
			t.Error("the agent does not say that it leaves")
		}
	})
}

func TestTheWorkDirectoryIsForOneAgent(t *testing.T) {
	m, dir := newFakeMaster(), t.TempDir()
	again(t, m, agent.Config{WorkDir: dir}, "")
	err := runError(t, newFakeMaster(), agent.Config{WorkDir: dir})
	if !errors.Is(err, agent.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the second: %v, want ErrInUse with the directory", err)
	}
}

// Several agents may share a Containerizer: each knows its own containers.
func TestAgentsKnowTheirContainers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cz := newFakeContainerizer()
		one, two := newFakeMaster(), newFakeMaster()
		cfgOne, cfgTwo := agent.Config{Containerizer: cz, WorkDir: t.TempDir()}, agent.Config{Containerizer: cz, WorkDir: t.TempDir()}
		_, stopOne := again(t, one, cfgOne, "")
		_, stopTwo := again(t, two, cfgTwo, "")
		one.send(run(command("t", "sleep")))
		two.send(run(command("t", "sleep")))
		synctest.Wait()
		_, _ = stopOne(), stopTwo()
		for _, a := range []struct {
			m   *fakeMaster
			cfg agent.Config
		}{{one, cfgOne}, {two, cfgTwo}} {
			r, _ := again(t, a.m, a.cfg, "")
			if got := states(r)["t"]; got != "TASK_RUNNING" {
				t.Errorf("task t is %s", got)
			}
		}
		synctest.Wait()
		if left, _ := cz.List(t.Context()); len(left) != 2 || len(cz.signals) > 0 {
			t.Errorf("%d containers, signals %q: want both left alone", len(left), cz.signals)
		}
	})
}

// An agent that is refused leaves its containers to one that is set up better,
// or ends them and is forgotten, as the master wants it.
func TestRefusedAgent(t *testing.T) {
	for _, shutdown := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m, cz := newFakeMaster(), newFakeContainerizer()
			cfg := agent.Config{Containerizer: cz, WorkDir: t.TempDir()}
			a, ctx, cancel := newAgent(t, m, cfg)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- a.Run(ctx) }()
			m.register(t)
			m.send(run(command("t", "sleep")))
			synctest.Wait()
			m.send(&protocol.Refused{Message: "not as it is", Shutdown: shutdown})
			if err := <-done; !errors.Is(err, agent.ErrRefused) || !strings.Contains(err.Error(), "not as it is") {
				t.Errorf("Run: %v", err)
			}
			left, _ := cz.List(t.Context())
			if (len(left) == 0) != shutdown {
				t.Errorf("shutdown %t: %d containers are left", shutdown, len(left))
			}
			r, _ := again(t, m, cfg, "")
			want, id := map[proffer.TaskID]string{"t": "TASK_RUNNING"}, proffer.AgentID("A1")
			if shutdown {
				want, id = map[proffer.TaskID]string{}, ""
			}
			if diff := cmp.Diff(want, states(r)); diff != "" || r.Info.ID != id {
				t.Errorf("shutdown %t: it comes back as %q, tasks (-want +got)\n%s", shutdown, r.Info.ID, diff)
			}
		})
	}
}

// After a restart of the machine, what ran is gone but for what is on record.
func TestF35ARebootIsRecognised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz := newFakeMaster(), newFakeContainerizer()
		cfg := agent.Config{Containerizer: cz, WorkDir: t.TempDir()}
		_, stop := again(t, m, cfg, "boot-1")
		m.send(run(command("ran", "sleep"), command("slow", "slow")))
		synctest.Wait()
		_ = stop()
		r, stop := again(t, m, cfg, "boot-1")
		if diff := cmp.Diff(map[proffer.TaskID]string{"ran": "TASK_RUNNING", "slow": "TASK_DROPPED"}, states(r)); diff != "" {
			t.Errorf("on the same boot (-want +got)\n%s", diff)
		}
		_ = stop()
		r, _ = again(t, m, cfg, "boot-2")
		if r.Info.ID != "A1" {
			t.Errorf("the agent comes back as %q", r.Info.ID)
		}
		if diff := cmp.Diff(map[proffer.TaskID]string{"ran": "TASK_GONE", "slow": "TASK_DROPPED"}, states(r)); diff != "" {
			t.Errorf("on another (-want +got)\n%s", diff)
		}
		if end := m.end(t, "ran"); end.Reason != proffer.ReasonAgentRestarted {
			t.Errorf("status %s", end)
		}
		synctest.Wait()
		if left, _ := cz.List(t.Context()); len(left) > 0 {
			t.Errorf("container %s is left", left[0].ID)
		}
	})
}

// An agent that cannot write ends, and goes on once it can.
func TestAStoreThatFailsEndsTheAgent(t *testing.T) {
	m, cz, dir := newFakeMaster(), newFakeContainerizer(), t.TempDir()
	cfg := agent.Config{Containerizer: cz, WorkDir: dir}
	a, ctx, cancel := newAgent(t, m, cfg)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	m.register(t)
	m.send(run(command("t", "sleep")))
	m.status(t, "t", proffer.TaskStarting)
	m.status(t, "t", proffer.TaskRunning)
	m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: fence})
	m.next(t) // now it is not writing
	path := filepath.Join(dir, "agent.db")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for i := range 100 { // one of them is too many
		m.send(run(command(proffer.TaskID(fmt.Sprintf("late-%d", i)), "sleep")))
	}
	if err := <-done; !errors.Is(err, agent.ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("Run: %v, want ErrCorrupt with the file", err)
	}
	if err := runError(t, m, cfg); !errors.Is(err, agent.ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("Run of the next: %v, want ErrCorrupt with the file", err)
	}
	if len(cz.signals) > 0 {
		t.Errorf("containers were sent %q", cz.signals)
	}
	if err := os.WriteFile(path, sound, 0o600); err != nil {
		t.Fatal(err)
	}
	r, _ := again(t, m, cfg, "")
	if got := states(r)["t"]; got != "TASK_RUNNING" {
		t.Errorf("task t is %q", got)
	}
}

func TestACheckpointIsNotForgotten(t *testing.T) {
	m, dir := newFakeMaster(), t.TempDir()
	_, stop := again(t, m, agent.Config{WorkDir: dir}, "")
	_ = stop() // its context has ended
	a, err := agent.New(agent.Config{Master: m, WorkDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "set Config.Checkpoint") || !strings.Contains(err.Error(), dir) {
		t.Errorf("Run without a checkpoint where there is one: %v", err)
	}
}

func TestACheckpointOfANewerVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "agent.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Write(t.Context(), map[string][]byte{"agent": {0x08, 99, 0x12, 0}}), store.Close()); err != nil {
		t.Fatal(err)
	}
	if err := runError(t, newFakeMaster(), agent.Config{WorkDir: dir}); !errors.Is(err, agent.ErrNewer) || !strings.Contains(err.Error(), "start that version") {
		t.Errorf("Run: %v, want ErrNewer with what to do", err)
	}
}

// A task that cannot be killed is a state of its own: the kills of others end
// in time, and a restart of the agent changes nothing.
func TestF24AStuckKillHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz := newFakeMaster(), newFakeContainerizer()
		cfg := agent.Config{Containerizer: cz, WorkDir: t.TempDir()}
		_, stop := again(t, m, cfg, "")
		tasks := []*proffer.TaskInfo{command("stuck", "undead")}
		for i := range 50 {
			tasks = append(tasks, command(proffer.TaskID(fmt.Sprintf("t%d", i)), "deaf"))
		}
		m.send(run(tasks...))
		synctest.Wait()
		for _, task := range tasks {
			m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: task.ID})
		}
		begin := time.Now()
		for _, task := range tasks[1:] {
			if end := m.end(t, task.ID); end.State != proffer.TaskKilled {
				t.Errorf("status %s", end)
			}
		}
		if took := time.Since(begin); took > proffer.DefaultKillGrace+time.Second {
			t.Errorf("the other kills took %v", took)
		}
		synctest.Wait() // for the acknowledgements to arrive
		_ = stop()
		r, _ := again(t, m, cfg, "")
		if diff := cmp.Diff(map[proffer.TaskID]string{"stuck": "TASK_KILLING"}, states(r)); diff != "" {
			t.Errorf("tasks (-want +got)\n%s", diff)
		}
		for {
			u, ok := m.next(t).(*protocol.StatusUpdate)
			if !ok || u.Status.TaskID != "stuck" {
				t.Fatalf("%+v came", u)
			}
			m.send(&protocol.Acknowledge{FrameworkID: "F1", TaskID: "stuck", UpdateID: u.Status.UpdateID})
			if u.Status.Reason == proffer.ReasonKillStuck {
				break
			}
		}
		cz.finish(proffer.ExitStatus{Code: 137, Signal: 9})
		if end := m.end(t, "stuck"); end.State != proffer.TaskKilled {
			t.Errorf("status %s", end)
		}
	})
}
