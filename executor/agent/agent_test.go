package agent_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

func TestMain(m *testing.M) {
	actAsExecutor()
	actAsVictim()
	actAsListener()
	goleak.VerifyTestMain(m)
}

func TestConfigNamesEverythingThatIsWrong(t *testing.T) {
	_, err := agent.New(agent.Config{
		WorkDir: "relative", Executors: map[string]executor.Executor{"x": nil},
		ShutdownGrace: -1, StatusRetryMin: time.Hour, StatusRetryMax: time.Minute,
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"Master is nil", `WorkDir "relative"`, `Executors["x"]`, "ShutdownGrace -1ns", "StatusRetryMax 1m0s"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestResourcesOfTheMachine(t *testing.T) {
	m := newFakeMaster()
	a, err := agent.New(agent.Config{Master: m, WorkDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	info := m.next(t).(*protocol.Register).Info
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if r := info.Resources; info.Hostname == "" || r.CPUs() <= 0 || r.Mem() <= 0 || r.Disk() <= 0 || len(r.Ports()) == 0 {
		t.Errorf("the agent registers with %+v", info)
	}
	if err := a.Run(ctx); !errors.Is(err, agent.ErrAlreadyRun) {
		t.Errorf("a second Run: %v, want %v", err, agent.ErrAlreadyRun)
	}
}

func TestRunEndsWhenTheMasterDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		stop := startAgent(t, m, agent.Config{})
		m.send(&protocol.Refused{Message: "wrong network"})
		synctest.Wait()
		if err := stop(); !errors.Is(err, agent.ErrRefused) || !strings.Contains(err.Error(), "wrong network") {
			t.Errorf("Run of a refused agent: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		stop := startAgent(t, m, agent.Config{})
		m.mu.Lock()
		m.closed = errors.New("the master is closed")
		m.mu.Unlock()
		m.breakLink()
		time.Sleep(time.Minute)
		if err := stop(); !errors.Is(err, m.closed) {
			t.Errorf("Run without a master: %v, want %v", err, m.closed)
		}
	})
}

func TestAgentReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		startAgent(t, m, agent.Config{Containerizer: newFakeContainerizer()})
		m.send(run(command("t1", "sleep")))
		m.status(t, "t1", proffer.TaskStarting)
		running := m.next(t).(*protocol.StatusUpdate)
		m.breakLink()

		register := m.next(t).(*protocol.Register)
		if register.Info.ID != "A1" || len(register.Tasks) != 1 || register.Tasks[0].Task.ID != "t1" || register.Tasks[0].State != proffer.TaskRunning {
			t.Errorf("the agent registers again with %+v", register)
		}
		again := m.next(t).(*protocol.StatusUpdate)
		if again.Status != running.Status {
			t.Errorf("after that %s comes, want %s again", again.Status, running.Status)
		}
		start := time.Now()
		if again = m.next(t).(*protocol.StatusUpdate); again.Status != running.Status || time.Since(start) != agent.DefaultStatusRetryMin {
			t.Errorf("%s after %v, want %s again after 10 s", again.Status, time.Since(start), running.Status)
		}
	})
}

func TestRunEndsWhatItStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, cz := newFakeMaster(), newFakeContainerizer()
		ended := make(chan struct{})
		stop := startAgent(t, m, agent.Config{Containerizer: cz, Executors: map[string]executor.Executor{
			"go": executor.Func(func(ctx context.Context, _ proffer.TaskInfo) error {
				<-ctx.Done()
				time.Sleep(time.Second) // Run waits for it
				close(ended)
				return nil
			}),
		}})
		m.send(run(command("t1", "deaf"), command("t2", "slow"), command("t4", "late"), builtin("t3", "go")))
		for range 4 { // each tells that it begins
			m.next(t)
		}
		synctest.Wait()
		if err := stop(); !errors.Is(err, context.Canceled) || errors.Is(err, agent.ErrLeftBehind) {
			t.Errorf("Run: %v", err)
		}
		select {
		case <-ended:
		default:
			t.Error("Run has left a function running")
		}
		if left, _ := cz.List(t.Context()); len(left) > 0 {
			t.Errorf("Run has left %s", left[0].ID)
		}
	})
}

func TestRunGivesUpOnWhatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		stop := startAgent(t, m, agent.Config{Containerizer: newFakeContainerizer()})
		m.send(run(command("t1", "undead")))
		m.status(t, "t1", proffer.TaskStarting)
		m.status(t, "t1", proffer.TaskRunning)
		start := time.Now()
		if err := stop(); !errors.Is(err, agent.ErrLeftBehind) {
			t.Errorf("Run: %v, want %v", err, agent.ErrLeftBehind)
		}
		if took := time.Since(start); took != 2*agent.DefaultKillStuckAfter {
			t.Errorf("Run gave up after %v", took)
		}
	})
}

// builtin is a task for an executor that is built in.
func builtin(id proffer.TaskID, name string) *proffer.TaskInfo {
	return &proffer.TaskInfo{
		ID: id, Resources: resources.MustParse("cpus:0.1"),
		Executor: &proffer.ExecutorInfo{ID: proffer.ExecutorID(name), Name: name},
	}
}
