package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

// echo is an executor that sends back what it is sent, and ends its task by
// the word "end".
type echo struct{ task proffer.TaskID }

func (e *echo) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	e.task = task.ID
	return d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskRunning})
}

func (e *echo) Kill(_ context.Context, d *executor.Driver, id proffer.TaskID, _ time.Duration) error {
	return d.Update(proffer.TaskStatus{TaskID: id, State: proffer.TaskKilled})
}

func (e *echo) Message(_ context.Context, d *executor.Driver, data []byte) error {
	if string(data) == "end" {
		return d.Update(proffer.TaskStatus{TaskID: e.task, State: proffer.TaskFinished, Data: []byte("result")})
	}
	return d.SendMessage(append([]byte("echo "), data...))
}

// talker launches one task for the executor and talks with it.
type talker struct {
	*jobs
	heard []string
}

func (k *talker) Message(_ context.Context, d *scheduler.Driver, e *scheduler.MessageEvent) error {
	k.heard = append(k.heard, string(e.Data))
	return d.SendMessage(e.AgentID, e.ExecutorID, []byte("end"))
}

// Messages go from the scheduler to its executor and back, through driver,
// master and agent.
func TestMessages(t *testing.T) {
	k := &talker{jobs: newJobs(proffer.TaskInfo{
		ID: "t1", Resources: resources.MustParse("cpus:0.1"), Executor: &proffer.ExecutorInfo{ID: "e1", Name: "echo"},
	})}
	k.onStatus = func(d *scheduler.Driver, s proffer.TaskStatus) {
		if s.State == proffer.TaskRunning {
			if err := d.SendMessage(s.AgentID, s.ExecutorID, []byte("hello")); err != nil {
				t.Error(err)
			}
		}
	}
	err := embedded.Run(within(t), embedded.Config{Executors: map[string]executor.Executor{"echo": &echo{}}}, k, scheduler.Config{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(k.heard) != 1 || k.heard[0] != "echo hello" {
		t.Errorf("the scheduler heard %q", k.heard)
	}
	if s := k.last("t1"); s.State != proffer.TaskFinished || string(s.Data) != "result" || s.ExecutorID != "e1" {
		t.Errorf("%s, data %q, executor %q", s, s.Data, s.ExecutorID)
	}
}
