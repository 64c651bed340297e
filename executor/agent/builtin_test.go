package agent_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/protocol"
)

// moody does what the id of its task says.
type moody struct{}

func (moody) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	switch task.ID {
	case "panics":
		panic("out of its mind")
	case "talks":
		if err := d.SendMessage([]byte("hello")); err != nil {
			return err
		}
	}
	return d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskRunning})
}

func (moody) Kill(_ context.Context, d *executor.Driver, id proffer.TaskID, grace time.Duration) error {
	return d.Update(proffer.TaskStatus{TaskID: id, State: proffer.TaskKilled, Message: grace.String()})
}

func (moody) Message(_ context.Context, d *executor.Driver, data []byte) error {
	return d.SendMessage([]byte(strings.ToUpper(string(data))))
}

// Shutdown does not return in time.
func (moody) Shutdown(ctx context.Context, _ *executor.Driver, _ time.Duration) { <-ctx.Done() }

var executors = map[string]executor.Executor{"moody": moody{}, "go": executor.Func(
	func(_ context.Context, task proffer.TaskInfo) error {
		if task.ID == "panics" {
			panic("out of its mind")
		}
		return nil
	})}

func TestFunctionAsATask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		startAgent(t, m, agent.Config{Executors: executors})
		m.send(run(builtin("t1", "go")))
		got := m.status(t, "t1", proffer.TaskRunning)
		if got.ExecutorID != "go" || got.Source != proffer.SourceExecutor || got.AgentID != "A1" || got.Time.IsZero() {
			t.Errorf("status %+v", got)
		}
		m.status(t, "t1", proffer.TaskFinished)
		m.send(run(builtin("panics", "go")))
		m.status(t, "panics", proffer.TaskRunning)
		if got := m.status(t, "panics", proffer.TaskFailed); !strings.HasPrefix(got.Message, "panic: out of its mind") {
			t.Errorf("status %s", got)
		}
		m.send(run(builtin("t2", "go")))
		m.status(t, "t2", proffer.TaskRunning)
		m.status(t, "t2", proffer.TaskFinished)
	})
}

func TestMessagesBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		startAgent(t, m, agent.Config{Executors: executors})
		m.send(run(builtin("talks", "moody")))
		if got := m.next(t).(*protocol.ExecutorMessage); string(got.Data) != "hello" || got.ExecutorID != "moody" || got.FrameworkID != "F1" {
			t.Errorf("message %+v", got)
		}
		m.status(t, "talks", proffer.TaskRunning)
		m.send(&protocol.FrameworkMessage{FrameworkID: "F1", ExecutorID: "moody", Data: []byte("hello")})
		if got := m.next(t).(*protocol.ExecutorMessage); string(got.Data) != "HELLO" {
			t.Errorf("answer %q", got.Data)
		}
		m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: "talks"})
		if got := m.status(t, "talks", proffer.TaskKilled); got.Message != "3s" {
			t.Errorf("status %s", got)
		}
	})
}

// A built-in executor that panics has crashed, and nobody else has.
func TestPanicOfAnExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		startAgent(t, m, agent.Config{Executors: executors})
		m.send(run(builtin("t1", "moody")))
		m.status(t, "t1", proffer.TaskRunning)
		m.send(run(builtin("panics", "moody")))
		for _, id := range []proffer.TaskID{"t1", "panics"} {
			got := m.status(t, id, proffer.TaskFailed)
			if got.Reason != proffer.ReasonExecutorTerminated || !strings.Contains(got.Message, "panic: out of its mind") {
				t.Errorf("status %s", got)
			}
		}
		if got := m.next(t).(*protocol.ExecutorExited); got.ExecutorID != "moody" {
			t.Errorf("%+v", got)
		}
		m.send(run(builtin("t2", "moody")))
		m.status(t, "t2", proffer.TaskRunning)
	})
}

func TestShutdownHasItsGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		startAgent(t, m, agent.Config{Executors: executors, Containerizer: newFakeContainerizer()})
		deaf := command("t2", "deaf")
		deaf.KillGrace = time.Hour
		m.send(run(builtin("t1", "moody"), deaf))
		for range 3 { // one running, the other starting and running
			u := m.next(t).(*protocol.StatusUpdate)
			m.send(&protocol.Acknowledge{FrameworkID: "F1", TaskID: u.Status.TaskID, UpdateID: u.Status.UpdateID})
		}
		start := time.Now()
		m.send(&protocol.ShutdownFramework{FrameworkID: "F1"})
		if got := m.next(t).(*protocol.FrameworkEnded); got.FrameworkID != "F1" {
			t.Errorf("%+v", got)
		}
		if took := time.Since(start); took != agent.DefaultShutdownGrace {
			t.Errorf("the framework ended after %v", took)
		}
	})
}

func TestUnknownExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMaster()
		startAgent(t, m, agent.Config{Executors: executors})
		m.send(run(builtin("t1", "unheard-of")))
		got := m.status(t, "t1", proffer.TaskError)
		if got.Reason != proffer.ReasonTaskInvalid || !strings.Contains(got.Message, `"unheard-of"`) || !strings.Contains(got.Message, `["go" "moody"]`) {
			t.Errorf("status %s", got)
		}
	})
}
