package agent_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/executorwire"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

// actVariable has the test binary act as an executor, of the kind that it
// names.
const actVariable = "PROFFER_TEST_EXECUTOR"

func actAsExecutor() {
	switch kind := os.Getenv(actVariable); kind {
	case "":
	case "good":
		executor.Main(good{})
	default:
		os.Exit(misbehave(kind))
	}
}

// good is an executor in a process of its own.
type good struct{}

func (good) Registered(_ context.Context, d *executor.Driver, info executor.Info) error {
	return d.SendMessage([]byte(fmt.Sprintf("%s %s %s on %s with %s", info.FrameworkID, info.Executor.ID, info.Executor.Data, info.Agent.ID, info.Agent.Resources)))
}

func (good) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	switch task.ID {
	case "crash":
		os.Exit(7)
	case "fail":
		return fmt.Errorf("out of luck with %s", task.Data)
	case "large":
		if err := d.SendMessage(make([]byte, 10<<20)); err != nil {
			return err
		}
	}
	return d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskRunning, Data: []byte(task.Resources.String())})
}

func (good) Kill(_ context.Context, d *executor.Driver, id proffer.TaskID, grace time.Duration) error {
	return d.Update(proffer.TaskStatus{TaskID: id, State: proffer.TaskKilled, Message: grace.String()})
}

func (good) Message(_ context.Context, d *executor.Driver, data []byte) error {
	return d.SendMessage([]byte(strings.ToUpper(string(data))))
}

func (good) Shutdown(_ context.Context, d *executor.Driver, _ time.Duration) {
	_ = d.SendMessage([]byte("goodbye"))
}

// The exit codes of those that misbehave.
const (
	exitRefused = 10 // in so many words, as expected
	exitOther   = 11
)

// misbehave is an executor that breaks the protocol. It returns its exit code.
func misbehave(kind string) int {
	if kind == "mute" {
		select {}
	}
	conn, err := net.Dial("unix", os.Getenv(executorwire.SocketVariable))
	if err != nil {
		return exitOther
	}
	defer func() { _ = conn.Close() }()
	hello := executorwire.NewToAgent()
	register := &executorwire.Register{
		Version: executorwire.Version, Token: os.Getenv(executorwire.TokenVariable),
		FrameworkId: os.Getenv(executorwire.FrameworkVariable), ExecutorId: os.Getenv(executorwire.ExecutorVariable),
	}
	hello.Content = &executorwire.ToAgent_Register{Register: register}
	in := bufio.NewReader(conn)
	switch kind {
	case "garbage":
		_, err = conn.Write([]byte(strings.Repeat("garbage ", 100)))
	case "stranger":
		register.Token = strings.Repeat("0", len(register.Token))
		err = executorwire.Write(conn, hello)
	case "other":
		register.ExecutorId = "somebody-else"
		err = executorwire.Write(conn, hello)
	case "future":
		register.Version = 99
		err = executorwire.Write(conn, hello)
	default:
		if err := executorwire.Write(conn, hello); err != nil {
			return exitOther
		}
		if err := executorwire.Read(in, executorwire.MaxSize, executorwire.NewToExecutor()); err != nil {
			return exitOther
		}
		err = misbehaveAdmitted(kind, conn)
	}
	if err != nil {
		return exitOther
	}
	for {
		answer := executorwire.NewToExecutor()
		if err := executorwire.Read(in, executorwire.MaxSize, answer); err != nil {
			fmt.Println(err)
			return exitOther
		}
		if r := answer.GetRefused(); r != nil {
			fmt.Println(r.GetReason())
			return exitRefused
		}
	}
}

func misbehaveAdmitted(kind string, conn net.Conn) error {
	m := executorwire.NewToAgent()
	m.Number = 1
	switch kind {
	case "deserter":
		m.Content = &executorwire.ToAgent_Message{Message: &executorwire.Message{Data: []byte("farewell")}}
		if err := errors.Join(executorwire.Write(conn, m), conn.Close()); err != nil {
			return err
		}
		select {}
	case "huge": // the size alone is enough
		_, err := conn.Write(protowire.AppendVarint(nil, 10<<20))
		return err
	case "gap":
		m.Number = 5
		m.Content = &executorwire.ToAgent_Message{Message: &executorwire.Message{}}
	case "unheard-of":
		m.Content = &executorwire.ToAgent_Update{Update: &executorwire.Update{TaskId: "t", State: "TASK_SOMETHING"}}
	case "unreachable":
		m.Content = &executorwire.ToAgent_Update{Update: &executorwire.Update{TaskId: "t", State: "TASK_UNREACHABLE"}}
	case "acknowledges-too-much":
		m.Received = 99
	}
	return executorwire.Write(conn, m)
}

// custom is a task for an executor that is this test binary.
func custom(t *testing.T, id proffer.TaskID, kind string) *proffer.TaskInfo {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := proffer.Args(self)
	c.Env = map[string]string{actVariable: kind}
	return &proffer.TaskInfo{
		ID: id, Resources: resources.MustParse("cpus:0.1"), Data: []byte("data"),
		Executor: &proffer.ExecutorInfo{ID: proffer.ExecutorID(kind), Command: c, Data: []byte("own-data")},
	}
}

// startRealAgent runs an agent with real processes.
func startRealAgent(t *testing.T, cfg agent.Config) (m *fakeMaster, stop func() error) {
	t.Helper()
	cz, err := process.New(process.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cz.Close(); err != nil {
			t.Errorf("close the containerizer: %v", err)
		}
	})
	m = newFakeMaster()
	cfg.Containerizer, cfg.Resources = cz, resources.MustParse("cpus:8;mem:1024")
	return m, startAgent(t, m, cfg)
}

func (m *fakeMaster) message(t *testing.T, want string) {
	t.Helper()
	got, ok := m.next(t).(*protocol.ExecutorMessage)
	if !ok || string(got.Data) != want {
		t.Errorf("%+v came, want the message %q", got, want)
	}
}

func TestExecutorProcess(t *testing.T) {
	m, _ := startRealAgent(t, agent.Config{})
	m.send(run(custom(t, "t1", "good")))
	m.message(t, "F1 good own-data on A1 with cpus:8;mem:1024")
	got := m.status(t, "t1", proffer.TaskRunning)
	if got.Container == nil || got.Container.PID == 0 || got.ExecutorID != "good" || string(got.Data) != "cpus:0.1" {
		t.Errorf("status %+v", got)
	}
	m.send(&protocol.FrameworkMessage{FrameworkID: "F1", ExecutorID: "good", Data: []byte("hello")})
	m.message(t, "HELLO")
	m.send(run(custom(t, "fail", "good")))
	if got := m.status(t, "fail", proffer.TaskFailed); got.Message != "out of luck with data" {
		t.Errorf("status %s", got)
	}
	m.send(run(custom(t, "large", "good")))
	if got := m.status(t, "large", proffer.TaskFailed); !strings.Contains(got.Message, "message has 10485760 bytes") {
		t.Errorf("status %s", got)
	}
	grace := 2 * time.Second
	m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: "t1", Grace: &grace})
	if got := m.status(t, "t1", proffer.TaskKilled); got.Message != "2s" {
		t.Errorf("status %s", got)
	}
	m.send(&protocol.ShutdownExecutor{FrameworkID: "F1", ExecutorID: "good"})
	m.message(t, "goodbye")
	if got := m.next(t).(*protocol.ExecutorExited); !got.Exit.Success() {
		t.Errorf("%+v", got)
	}
}

func TestExecutorProcessCrashes(t *testing.T) {
	m, _ := startRealAgent(t, agent.Config{})
	m.send(run(custom(t, "t1", "good")))
	m.next(t) // its greeting
	m.status(t, "t1", proffer.TaskRunning)
	m.send(run(custom(t, "crash", "good")))
	for _, id := range []proffer.TaskID{"t1", "crash"} {
		got := m.status(t, id, proffer.TaskFailed)
		if got.Reason != proffer.ReasonExecutorTerminated || got.Exit == nil || got.Exit.Code != 7 {
			t.Errorf("status %s, exit %v", got, got.Exit)
		}
	}
	if got := m.next(t).(*protocol.ExecutorExited); got.Exit.Code != 7 {
		t.Errorf("%+v", got)
	}
	m.send(run(custom(t, "t2", "good")))
	m.next(t)
	m.status(t, "t2", proffer.TaskRunning)
}

func TestExecutorProcessMisbehaves(t *testing.T) {
	m, _ := startRealAgent(t, agent.Config{})
	for kind, want := range map[string]string{
		"garbage":               "proto",
		"stranger":              "the token is wrong",
		"other":                 "not of \"somebody-else\"",
		"future":                "protocol version 99",
		"huge":                  "size",
		"gap":                   "record 5 follows record 0",
		"unheard-of":            "TASK_SOMETHING",
		"unreachable":           "TASK_UNREACHABLE is not for an executor",
		"acknowledges-too-much": "record 99 is acknowledged",
	} {
		id := proffer.TaskID("task-" + kind)
		m.send(run(custom(t, id, kind)))
		got := m.end(t, id)
		if got.Container == nil {
			t.Fatalf("%s: %s", kind, got)
		}
		output, err := os.ReadFile(got.Container.Sandbox + "/stdout")
		if err != nil {
			t.Error(err)
		}
		if got.State != proffer.TaskFailed || got.Exit == nil || got.Exit.Code != exitRefused || !strings.Contains(string(output), want) {
			t.Errorf("%s: %s; the executor was told %q, want %q", kind, got, output, want)
		}
	}
	m.send(run(custom(t, "t1", "good")))
	if got := m.next(t).(*protocol.ExecutorExited); got.Exit.Code != exitRefused {
		t.Errorf("%+v", got)
	}
}

func TestExecutorProcessNeverRegisters(t *testing.T) {
	m, _ := startRealAgent(t, agent.Config{RegistrationTimeout: 200 * time.Millisecond})
	m.send(run(custom(t, "t1", "mute")))
	if got := m.end(t, "t1"); got.State != proffer.TaskFailed || got.Reason != proffer.ReasonExecutorRegistrationTimeout {
		t.Errorf("status %s", got)
	}
}

// A work directory with a name that is too long for sockets is no obstacle,
// and leaves nothing elsewhere.
func TestExecutorProcessFarDown(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	dir := t.TempDir() + strings.Repeat("/a-long-name", 10)
	m, stop := startRealAgent(t, agent.Config{WorkDir: dir})
	m.send(run(custom(t, "t1", "good")))
	m.next(t)
	m.status(t, "t1", proffer.TaskRunning)
	if err := stop(); !strings.Contains(err.Error(), "canceled") {
		t.Errorf("Run: %v", err)
	}
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "proffer-agent-") {
			t.Errorf("%s is left in %s", e.Name(), temp)
		}
	}
}

// An executor that does not come back after a restart of the agent is ended,
// and its tasks are gone; the agent registers once that is decided. One that
// does goes on.
func TestExecutorsComeBackAfterARestart(t *testing.T) {
	dir := t.TempDir()
	leaveNothing(t, dir)
	cz, err := process.New(process.Config{Root: filepath.Join(dir, "containers"), Cgroups: process.CgroupsOff})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cz.Close(); err != nil {
			t.Error(err)
		}
	})
	m := newFakeMaster()
	cfg := agent.Config{
		Containerizer: cz, WorkDir: filepath.Join(dir, "work"), Resources: resources.MustParse("cpus:8;mem:1024"),
		ReregistrationTimeout: 3 * time.Second,
	}
	_, stop := again(t, m, cfg, "")
	m.send(run(custom(t, "stays", "good"), custom(t, "left", "deserter")))
	for seen := 0; seen < 2; {
		switch message := m.next(t).(type) {
		case *protocol.StatusUpdate:
			seen++
		case *protocol.ExecutorMessage:
			if string(message.Data) == "farewell" {
				seen++
			}
		default:
		}
	}
	_ = stop()
	begin := time.Now()
	r, _ := again(t, m, cfg, "")
	if took := time.Since(begin); took < cfg.ReregistrationTimeout {
		t.Errorf("the agent registered after %v, before the executors had had their time", took)
	}
	if diff := cmp.Diff(map[proffer.TaskID]string{"stays": "TASK_RUNNING", "left": "TASK_STAGING"}, states(r)); diff != "" {
		t.Errorf("tasks (-want +got)\n%s", diff)
	}
	if end := m.end(t, "left"); end.State != proffer.TaskGone || end.Reason != proffer.ReasonExecutorReregistrationTimeout {
		t.Errorf("status %s", end)
	}
	m.send(&protocol.FrameworkMessage{FrameworkID: "F1", ExecutorID: "good", Data: []byte("hello")})
	m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: "stays"})
	if end := m.end(t, "stays"); end.State != proffer.TaskKilled {
		t.Errorf("status %s", end)
	}
	m.send(&protocol.ShutdownExecutor{FrameworkID: "F1", ExecutorID: "good"})
	for {
		if e, ok := m.next(t).(*protocol.ExecutorExited); ok && e.ExecutorID == "good" {
			break
		}
	}
}
