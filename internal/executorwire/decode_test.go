package executorwire_test

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/executorwire"
	"github.com/proffer-go/proffer/resources"
)

func TestStatusSurvives(t *testing.T) {
	for _, want := range []*proffer.TaskStatus{
		{TaskID: "t1", State: proffer.TaskRunning},
		{
			TaskID: "t1", State: proffer.TaskFailed, Reason: proffer.ReasonCommandExited, Message: "signal: killed",
			Time: time.Unix(1234, 5678), Health: proffer.Unhealthy, Data: []byte{0, 1, 2},
			Check: &proffer.CheckResult{ExitCode: new(0), HTTPStatus: new(200), Connected: new(false)},
			Exit:  &proffer.ExitStatus{Code: 137, Signal: 9, OOM: true},
		},
		{TaskID: "t1", State: proffer.TaskRunning, Health: proffer.Healthy, Check: &proffer.CheckResult{}},
	} {
		got, err := executorwire.DecodeStatus(overTheWire(t, executorwire.EncodeStatus(want), new(executorwire.Update)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
	}
}

func TestTaskSurvives(t *testing.T) {
	executor := &proffer.ExecutorInfo{ID: "e"}
	want := &proffer.TaskInfo{
		ID: "t1", Name: "task", Resources: resources.MustParse("cpus:0.5;ports:[1-2]"), Executor: executor,
		KillGrace: -1, MaxCompletionTime: time.Hour, Labels: map[string]string{"a": "b"}, Data: []byte("data"),
	}
	got, err := executorwire.DecodeTask(overTheWire(t, executorwire.EncodeTask(want), new(executorwire.Task)), executor)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("task (-want +got):\n%s", diff)
	}
}

func TestRegisteredSurvives(t *testing.T) {
	agent := &proffer.AgentInfo{
		ID: "A1", Hostname: "host", Resources: resources.MustParse("cpus:8"),
		Attributes: resources.MustParseAttributes("rack:r1;level:3"),
	}
	executor := &proffer.ExecutorInfo{ID: "e", Name: "name", Labels: map[string]string{"a": "b"}, Data: []byte("data")}
	gotAgent, gotExecutor, err := executorwire.DecodeRegistered(
		overTheWire(t, executorwire.EncodeRegistered(agent, executor), new(executorwire.Registered)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(agent, gotAgent); diff != "" {
		t.Errorf("agent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(executor, gotExecutor); diff != "" {
		t.Errorf("executor (-want +got):\n%s", diff)
	}
}

func overTheWire[T proto.Message](t *testing.T, from, to T) T {
	t.Helper()
	var b bytes.Buffer
	if err := executorwire.Write(&b, from); err != nil {
		t.Fatal(err)
	}
	if err := executorwire.Read(bufio.NewReader(&b), executorwire.MaxSize, to); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestDecodingNamesWhatIsWrong(t *testing.T) {
	decodeStatus := func(u *executorwire.Update) error { _, err := executorwire.DecodeStatus(u); return err }
	decodeTask := func(task *executorwire.Task) error { _, err := executorwire.DecodeTask(task, nil); return err }
	decodeRegistered := func(r *executorwire.Registered) error {
		_, _, err := executorwire.DecodeRegistered(r)
		return err
	}
	for want, err := range map[string]error{
		`unknown task state "RUNNING"`:    decodeStatus(&executorwire.Update{State: "RUNNING"}),
		`unknown reason "WHY_NOT"`:        decodeStatus(&executorwire.Update{State: "TASK_RUNNING", Reason: "WHY_NOT"}),
		"task id is empty":                decodeTask(nil),
		`launch: task "t1": resources`:    decodeTask(&executorwire.Task{Id: "t1", Resources: "cpus"}),
		"registered: agent: resources":    decodeRegistered(&executorwire.Registered{Resources: "cpus"}),
		"registered: agent: resources: ":  decodeRegistered(&executorwire.Registered{Attributes: "rack"}),
		"registered: executor: resources": decodeRegistered(&executorwire.Registered{Executor: &executorwire.Executor{Resources: "x"}}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// FuzzToAgent feeds an agent's decoder.
func FuzzToAgent(f *testing.F) {
	for _, m := range []*executorwire.ToAgent{
		{Content: &executorwire.ToAgent_Register{Register: &executorwire.Register{Version: 1, Token: "t"}}},
		{Number: 1, Content: &executorwire.ToAgent_Update{Update: executorwire.EncodeStatus(&proffer.TaskStatus{TaskID: "t", State: proffer.TaskRunning})}},
		{Number: 2, Received: 3, Content: &executorwire.ToAgent_Message{Message: &executorwire.Message{Data: []byte("x")}}},
	} {
		f.Add(encode(f, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := executorwire.NewToAgent()
		if executorwire.Read(bufio.NewReader(bytes.NewReader(b)), executorwire.MaxRegisterSize, m) != nil {
			return
		}
		s, err := executorwire.DecodeStatus(m.GetUpdate())
		if err != nil {
			return
		}
		again, err := executorwire.DecodeStatus(executorwire.EncodeStatus(s))
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("status (-first +second):\n%s", diff)
		}
	})
}

// FuzzToExecutor feeds an executor's decoder.
func FuzzToExecutor(f *testing.F) {
	task := &proffer.TaskInfo{ID: "t", Resources: resources.MustParse("cpus:1")}
	for _, m := range []*executorwire.ToExecutor{
		{Number: 1, Content: &executorwire.ToExecutor_Launch{Launch: &executorwire.Launch{Task: executorwire.EncodeTask(task)}}},
		{Content: &executorwire.ToExecutor_Registered{Registered: executorwire.EncodeRegistered(&proffer.AgentInfo{ID: "A1"}, &proffer.ExecutorInfo{ID: "e"})}},
	} {
		f.Add(encode(f, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := executorwire.NewToExecutor()
		if executorwire.Read(bufio.NewReader(bytes.NewReader(b)), executorwire.MaxSize, m) != nil {
			return
		}
		if r := m.GetRegistered(); r != nil {
			_, _, _ = executorwire.DecodeRegistered(r) // it may be wrong, but must not panic
		}
		decoded, err := executorwire.DecodeTask(m.GetLaunch().GetTask(), nil)
		if err != nil {
			return
		}
		again, err := executorwire.DecodeTask(executorwire.EncodeTask(decoded), nil)
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if diff := cmp.Diff(decoded, again); diff != "" {
			t.Errorf("task (-first +second):\n%s", diff)
		}
	})
}

func encode(f *testing.F, m proto.Message) []byte {
	f.Helper()
	var b bytes.Buffer
	if err := executorwire.Write(&b, m); err != nil {
		f.Fatal(err)
	}
	return b.Bytes()
}
