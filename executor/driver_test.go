package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
)

// recorder writes down its callbacks.
type recorder struct {
	calls  []string
	driver *executor.Driver
	fail   error
}

func (r *recorder) add(format string, args ...any) error {
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
	return r.fail
}

func (r *recorder) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	r.driver = d
	return r.add("launch %s", task.ID)
}

func (r *recorder) Kill(_ context.Context, _ *executor.Driver, id proffer.TaskID, grace time.Duration) error {
	return r.add("kill %s within %v", id, grace)
}

// full has the optional methods, too.
type full struct{ recorder }

func (r *full) Registered(_ context.Context, _ *executor.Driver, info executor.Info) error {
	return r.add("registered on %s", info.Agent.ID)
}

func (r *full) Message(_ context.Context, _ *executor.Driver, data []byte) error {
	return r.add("message %s", data)
}

func (r *full) Shutdown(_ context.Context, _ *executor.Driver, grace time.Duration) {
	_ = r.add("shutdown within %v", grace)
}

func events() []executor.Event {
	return []executor.Event{
		executor.RegisteredEvent{Info: &executor.Info{Agent: proffer.AgentInfo{ID: "A1"}}},
		launch("t1"),
		&executor.MessageEvent{Data: []byte("hello")},
		&executor.KillEvent{TaskID: "t1", Grace: time.Second},
		shutdown(5 * time.Second),
		launch("after the end"),
	}
}

func TestServeCallsInOrder(t *testing.T) {
	r := &full{}
	if err := serve(t, r, newScript(events()...))(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	want := []string{"registered on A1", "launch t1", "message hello", "kill t1 within 1s", "shutdown within 5s"}
	if diff := cmp.Diff(want, r.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestOptionalMethodsAreOptional(t *testing.T) {
	r := &recorder{}
	if err := serve(t, r, newScript(events()...))(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	want := []string{"launch t1", "kill t1 within 1s"}
	if diff := cmp.Diff(want, r.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestErrorOfLaunchFailsTheTask(t *testing.T) {
	s := newScript(launch("t1"), shutdown(0))
	r := &recorder{fail: errors.New("no licence")}
	serve(t, r, s)
	want := &proffer.TaskStatus{TaskID: "t1", State: proffer.TaskFailed, Message: "no licence"}
	if diff := cmp.Diff(want, s.status(t)); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestServeEndsWithItsContextAndSession(t *testing.T) {
	s := newScript()
	broken := errors.New("broken")
	s.events.Close(broken)
	if err := serve(t, &recorder{}, s)(); !errors.Is(err, broken) {
		t.Errorf("Serve on a broken session: %v, want %v", err, broken)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := executor.Serve(ctx, &recorder{}, newScript(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Serve with an ended context: %v, want %v", err, context.Canceled)
	}
	s = newScript()
	s.events.Close(executor.ErrShutdown)
	if err := serve(t, &recorder{}, s)(); err != nil {
		t.Errorf("Serve on a session that was shut down: %v, want nil", err)
	}
}

func TestDriverRefusesWhatIsWrong(t *testing.T) {
	s := newScript(launch("t1"), shutdown(0))
	r := &recorder{}
	if err := serve(t, r, s)(); err != nil {
		t.Fatal(err)
	}
	large := make([]byte, proffer.MaxDataSize+1)
	for _, tc := range []struct {
		name   string
		status proffer.TaskStatus
		want   string
	}{
		{"no task", proffer.TaskStatus{State: proffer.TaskRunning}, "task id is empty"},
		{"not its state", proffer.TaskStatus{TaskID: "t", State: proffer.TaskUnreachable}, "TASK_UNREACHABLE is not for an executor"},
		{"staging", proffer.TaskStatus{TaskID: "t"}, "TASK_STAGING is not for an executor"},
		{"no reason of ours", proffer.TaskStatus{TaskID: "t", State: proffer.TaskRunning, Reason: 200}, "reason 200"},
		{"no health of ours", proffer.TaskStatus{TaskID: "t", State: proffer.TaskRunning, Health: 7}, "health 7"},
		{"large data", proffer.TaskStatus{TaskID: "t", State: proffer.TaskRunning, Data: large}, "1048577 bytes"},
		{"large message", proffer.TaskStatus{TaskID: "t", State: proffer.TaskRunning, Message: string(large)}, "1048577 bytes"},
	} {
		if err := r.driver.Update(tc.status); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: Update: %v, want an error with %q", tc.name, err, tc.want)
		}
	}
	if err := r.driver.SendMessage(large); err == nil || !strings.Contains(err.Error(), "1048577 bytes") {
		t.Errorf("SendMessage of too much: %v", err)
	}
	if len(s.calls) != 0 {
		t.Errorf("%+v was sent all the same", <-s.calls)
	}
	data := []byte("hello")
	if err := r.driver.SendMessage(data); err != nil {
		t.Fatal(err)
	}
	data[0] = 'j' // the driver has a copy
	if diff := cmp.Diff(executor.Call(&executor.MessageCall{Data: []byte("hello")}), <-s.calls); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}
