package executor_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/executorwire"
)

// fakeAgent is the agent's end of the socket, with one connection at a time.
type fakeAgent struct {
	t        *testing.T
	listener net.Listener
	conn     net.Conn
	in       *bufio.Reader
}

func newFakeAgent(t *testing.T) *fakeAgent {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	t.Setenv(executorwire.SocketVariable, path)
	t.Setenv(executorwire.TokenVariable, "secret")
	t.Setenv(executorwire.FrameworkVariable, "F1")
	t.Setenv(executorwire.ExecutorVariable, "e")
	return &fakeAgent{t: t, listener: listener}
}

// accept waits for the executor and answers its register.
func (a *fakeAgent) accept(answer *executorwire.ToExecutor) *executorwire.ToAgent {
	a.t.Helper()
	conn, err := a.listener.Accept()
	if err != nil {
		a.t.Fatal(err)
	}
	a.conn, a.in = conn, bufio.NewReader(conn)
	a.t.Cleanup(func() { _ = conn.Close() })
	hello := a.next()
	a.write(answer)
	return hello
}

func (a *fakeAgent) next() *executorwire.ToAgent {
	a.t.Helper()
	m := executorwire.NewToAgent()
	if err := executorwire.Read(a.in, executorwire.MaxSize, m); err != nil {
		a.t.Fatal(err)
	}
	return m
}

// content returns the next record that does more than acknowledge.
func (a *fakeAgent) content() *executorwire.ToAgent {
	a.t.Helper()
	for {
		if m := a.next(); m.GetContent() != nil {
			return m
		}
	}
}

func (a *fakeAgent) write(m *executorwire.ToExecutor) {
	a.t.Helper()
	if err := executorwire.Write(a.conn, m); err != nil {
		a.t.Fatal(err)
	}
}

func registered(received uint64) *executorwire.ToExecutor {
	return &executorwire.ToExecutor{Received: received, Content: &executorwire.ToExecutor_Registered{
		Registered: executorwire.EncodeRegistered(&proffer.AgentInfo{ID: "A1"}, &proffer.ExecutorInfo{ID: "e"}),
	}}
}

func wireLaunch(number uint64, id string) *executorwire.ToExecutor {
	return &executorwire.ToExecutor{Number: number, Content: &executorwire.ToExecutor_Launch{
		Launch: &executorwire.Launch{Task: &executorwire.Task{Id: id, Resources: "cpus:1"}},
	}}
}

func wireShutdown(number, received uint64) *executorwire.ToExecutor {
	return &executorwire.ToExecutor{Number: number, Received: received, Content: &executorwire.ToExecutor_Shutdown{
		Shutdown: &executorwire.Shutdown{Grace: int64(time.Second)},
	}}
}

// runs tells that each of its tasks runs, and counts their launches.
type runs struct {
	mu       sync.Mutex
	launched []proffer.TaskID
}

func (r *runs) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	r.mu.Lock()
	r.launched = append(r.launched, task.ID)
	r.mu.Unlock()
	return d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskRunning})
}

func (r *runs) Kill(context.Context, *executor.Driver, proffer.TaskID, time.Duration) error {
	return nil
}

func startRun(t *testing.T, ctx context.Context, e executor.Executor) (wait func() error) { //nolint:revive // t first, as everywhere in tests
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- executor.Run(ctx, e, nil) }()
	wait = sync.OnceValue(func() error { return <-done })
	return wait
}

// What a connection lost comes again on the next, and nothing comes twice.
func TestRunSurvivesLostConnections(t *testing.T) {
	a, r := newFakeAgent(t), &runs{}
	wait := startRun(t, t.Context(), r)
	hello := a.accept(registered(0))
	want := &executorwire.Register{Version: 1, Token: "secret", FrameworkId: "F1", ExecutorId: "e"}
	if got := hello.GetRegister(); got.String() != want.String() {
		t.Errorf("register %v, want %v", got, want)
	}
	a.write(wireLaunch(1, "t1"))
	if m := a.content(); m.GetNumber() != 1 || m.GetUpdate().GetTaskId() != "t1" {
		t.Errorf("record %v", m)
	}
	_ = a.conn.Close() // the update is not acknowledged

	if hello = a.accept(registered(0)); hello.GetReceived() != 1 {
		t.Errorf("the executor has received %d records, want 1", hello.GetReceived())
	}
	a.write(wireLaunch(1, "t1")) // the agent is not sure
	a.write(wireLaunch(2, "t2"))
	if m := a.content(); m.GetNumber() != 1 || m.GetUpdate().GetTaskId() != "t1" {
		t.Errorf("record %v, want the first again", m)
	}
	if m := a.content(); m.GetNumber() != 2 || m.GetUpdate().GetTaskId() != "t2" {
		t.Errorf("record %v", m)
	}
	a.write(wireShutdown(3, 2))
	if err := wait(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if diff := cmp.Diff([]proffer.TaskID{"t1", "t2"}, r.launched); diff != "" {
		t.Errorf("launches (-want +got):\n%s", diff)
	}
}

// An agent that was started again learns which tasks there are, and gets what
// the one before it did not confirm.
func TestRunSurvivesARestartOfTheAgent(t *testing.T) {
	a, r := newFakeAgent(t), &runs{}
	wait := startRun(t, t.Context(), r)
	session := func(name string, received uint64) *executorwire.ToExecutor {
		m := registered(received)
		m.GetRegistered().Session = name
		return m
	}
	a.accept(session("one", 0))
	for i, id := range []string{"t1", "t2", "t3"} {
		a.write(wireLaunch(uint64(i+1), id))
		if m := a.content(); m.GetUpdate().GetSequence() != uint64(i+1) {
			t.Errorf("update %v, want sequence %d", m, i+1)
		}
	}
	a.write(&executorwire.ToExecutor{Received: 2})
	a.write(&executorwire.ToExecutor{Number: 4, Content: &executorwire.ToExecutor_Kill{Kill: &executorwire.Kill{TaskId: "t1"}}})
	for a.next().GetReceived() < 4 {
	}
	_ = a.conn.Close()

	hello := a.accept(session("two", 0))
	if got := hello.GetRegister().GetSession(); got != "one" {
		t.Errorf("the executor speaks of session %q, want one", got)
	}
	m := a.content()
	if diff := cmp.Diff([]string{"t1", "t2", "t3"}, m.GetTasks().GetIds()); diff != "" || m.GetNumber() != 1 {
		t.Errorf("record %d, tasks (-want +got):\n%s", m.GetNumber(), diff)
	}
	if m = a.content(); m.GetNumber() != 2 || m.GetUpdate().GetTaskId() != "t3" || m.GetUpdate().GetSequence() != 3 {
		t.Errorf("record %v, want the update of t3 again", m)
	}
	a.write(wireLaunch(1, "t4")) // numbered anew
	if m = a.content(); m.GetNumber() != 3 || m.GetUpdate().GetTaskId() != "t4" || m.GetUpdate().GetSequence() != 4 {
		t.Errorf("record %v, want the update of t4", m)
	}
	_ = a.conn.Close()

	// And again, before anything was confirmed.
	a.accept(session("three", 0))
	if diff := cmp.Diff([]string{"t1", "t2", "t3", "t4"}, a.content().GetTasks().GetIds()); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	for _, id := range []string{"t3", "t4"} {
		if m = a.content(); m.GetUpdate().GetTaskId() != id {
			t.Errorf("record %v, want the update of %s", m, id)
		}
	}
	a.write(wireShutdown(1, 3))
	if err := wait(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if diff := cmp.Diff([]proffer.TaskID{"t1", "t2", "t3", "t4"}, r.launched); diff != "" {
		t.Errorf("launches (-want +got):\n%s", diff)
	}
}

func TestRunDeliversItsLastWords(t *testing.T) {
	a := newFakeAgent(t)
	wait := startRun(t, t.Context(), executor.Func(func(ctx context.Context, _ proffer.TaskInfo) error {
		<-ctx.Done()
		return nil
	}))
	a.accept(registered(0))
	a.write(wireLaunch(1, "t1"))
	a.content()
	a.write(wireShutdown(2, 1))
	m := a.content()
	if m.GetUpdate().GetState() != "TASK_KILLED" {
		t.Errorf("record %v, want TASK_KILLED", m)
	}
	a.write(&executorwire.ToExecutor{Received: m.GetNumber()})
	if err := wait(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunEndsForGoodReason(t *testing.T) {
	t.Setenv(executorwire.SocketVariable, "")
	if err := executor.Run(t.Context(), &runs{}, nil); !errors.Is(err, executor.ErrNoAgent) {
		t.Errorf("Run without an agent: %v", err)
	}
	a := newFakeAgent(t)
	refusal := &executorwire.ToExecutor{Content: &executorwire.ToExecutor_Refused{Refused: &executorwire.Refused{Reason: "the token is wrong"}}}
	for _, tc := range []struct {
		name   string
		answer *executorwire.ToExecutor
		then   *executorwire.ToExecutor
		want   string
		is     error
	}{
		{"refused", refusal, nil, "the token is wrong", executor.ErrRefused},
		{"refused later", registered(0), refusal, "the token is wrong", executor.ErrRefused},
		{"no answer", wireLaunch(1, "t1"), nil, "answers a register with", nil},
		{"acknowledges what was never sent", registered(7), nil, "record 7 is acknowledged", nil},
		{"a gap", registered(0), wireLaunch(3, "t1"), "record 3 follows record 0", nil},
	} {
		wait := startRun(t, t.Context(), &runs{})
		a.accept(tc.answer)
		if tc.then != nil {
			a.write(tc.then)
		}
		err := wait()
		if err == nil || !strings.Contains(err.Error(), tc.want) || (tc.is != nil && !errors.Is(err, tc.is)) {
			t.Errorf("%s: Run: %v, want %q", tc.name, err, tc.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait := startRun(t, ctx, &runs{})
	a.accept(registered(0))
	cancel()
	if err := wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run with an ended context: %v", err)
	}
}

// A launch that cannot be understood fails its task, and nothing else.
func TestRunRejectsALaunch(t *testing.T) {
	a := newFakeAgent(t)
	wait := startRun(t, t.Context(), &runs{})
	a.accept(registered(0))
	a.write(&executorwire.ToExecutor{Number: 1, Content: &executorwire.ToExecutor_Launch{
		Launch: &executorwire.Launch{Task: &executorwire.Task{Id: "t1", Resources: "cpus"}},
	}})
	m := a.content().GetUpdate()
	if m.GetState() != "TASK_ERROR" || m.GetReason() != "REASON_TASK_INVALID" || !strings.Contains(m.GetMessage(), "cpus") {
		t.Errorf("update %v", m)
	}
	a.write(wireShutdown(2, 1))
	if err := wait(); err != nil {
		t.Errorf("Run: %v", err)
	}
}
