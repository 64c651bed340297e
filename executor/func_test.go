package executor_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
)

// behave does what the id of the task says.
func behave(ctx context.Context, task proffer.TaskInfo) error {
	switch task.ID {
	case "fails":
		return errors.New("out of luck")
	case "panics":
		panic("out of its mind")
	case "panics-by-mistake":
		_ = task.Labels["x"][5]
	case "waits":
		<-ctx.Done()
	case "waits-and-says-so":
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return nil
}

func TestFuncTellsHowItEnded(t *testing.T) {
	s := newScript()
	serve(t, executor.Func(behave), s)
	for _, tc := range []struct {
		task    proffer.TaskID
		kill    bool
		want    proffer.TaskState
		message string
	}{
		{task: "ends", want: proffer.TaskFinished},
		{task: "fails", want: proffer.TaskFailed, message: "out of luck"},
		{task: "panics", want: proffer.TaskFailed, message: "panic: out of its mind"},
		{task: "panics-by-mistake", want: proffer.TaskFailed, message: "index out of range"},
		{task: "waits", kill: true, want: proffer.TaskKilled},
		{task: "waits-and-says-so", kill: true, want: proffer.TaskKilled, message: executor.ErrKilled.Error()},
	} {
		s.events.Put(launch(tc.task))
		if got := s.status(t); got.TaskID != tc.task || got.State != proffer.TaskRunning {
			t.Errorf("%s: the first status is %v", tc.task, got)
		}
		if tc.kill {
			s.events.Put(&executor.KillEvent{TaskID: tc.task})
			if got := s.status(t); got.State != proffer.TaskKilling {
				t.Errorf("%s: the second status is %v", tc.task, got)
			}
		}
		got := s.status(t)
		if got.TaskID != tc.task || got.State != tc.want || !strings.Contains(got.Message, tc.message) {
			t.Errorf("%s: the last status is %v, want %s with %q", tc.task, got, tc.want, tc.message)
		}
		if strings.HasPrefix(string(tc.task), "panics") && !strings.Contains(got.Message, "behave") {
			t.Errorf("%s: the message does not name the function that panicked:\n%s", tc.task, got.Message)
		}
	}
	s.events.Put(&executor.KillEvent{TaskID: "ends"}, shutdown(0)) // it has ended: nothing happens
}

// Two sessions share the function, not its tasks.
func TestFuncKeepsSessionsApart(t *testing.T) {
	f := executor.Func(behave)
	one, two := newScript(launch("waits")), newScript(launch("waits"))
	waitOne, waitTwo := serve(t, f, one), serve(t, f, two)
	for _, s := range []*script{one, two} {
		if got := s.status(t); got.State != proffer.TaskRunning {
			t.Fatalf("the first status is %v", got)
		}
	}
	one.events.Put(shutdown(0))
	if err := waitOne(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if got := one.status(t); got.State != proffer.TaskKilled {
		t.Errorf("after the shutdown: %v, want TASK_KILLED", got)
	}
	if len(two.calls) != 0 {
		t.Errorf("the other session has got %+v", <-two.calls)
	}
	two.events.Put(shutdown(0))
	if err := waitTwo(); err != nil {
		t.Errorf("Serve: %v", err)
	}
}
