package executor_test

import (
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/mailbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a session that a test plays the agent of.
type script struct {
	events *mailbox.Mailbox[executor.Event]
	buf    []executor.Event
	calls  chan executor.Call
}

func newScript(events ...executor.Event) *script {
	s := &script{events: mailbox.New[executor.Event](), calls: make(chan executor.Call, 100)}
	s.events.Put(events...)
	return s
}

func (s *script) Send(call executor.Call) error {
	s.calls <- call
	return nil
}

func (s *script) Receive(done <-chan struct{}) ([]executor.Event, error) {
	var err error
	s.buf, err = s.events.Receive(done, s.buf)
	return s.buf, err
}

// status returns the next status that the executor tells.
func (s *script) status(t *testing.T) *proffer.TaskStatus {
	t.Helper()
	u, ok := (<-s.calls).(executor.UpdateCall)
	if !ok {
		t.Fatalf("the call is %+v, want an update", u)
	}
	return u.Status
}

// serve runs e with the session; the function waits for its end.
func serve(t *testing.T, e executor.Executor, s *script) (wait func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- executor.Serve(t.Context(), e, s, nil) }()
	wait = sync.OnceValue(func() error { return <-done })
	t.Cleanup(func() { _ = wait() })
	return wait
}

func launch(id proffer.TaskID) executor.Event {
	return executor.LaunchEvent{Task: &proffer.TaskInfo{ID: id}}
}

func shutdown(grace time.Duration) executor.Event { return executor.ShutdownEvent{Grace: grace} }
