package executor_test

import (
	"context"
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
)

// greeter is an executor: all its tasks share what it holds, here a counter.
type greeter struct{ greeted int }

func (g *greeter) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	g.greeted++ // callbacks come one at a time: no lock
	return d.Update(proffer.TaskStatus{
		TaskID: task.ID, State: proffer.TaskFinished, Message: fmt.Sprintf("hello %s, you are number %d", task.Data, g.greeted),
	})
}

func (g *greeter) Kill(context.Context, *executor.Driver, proffer.TaskID, time.Duration) error {
	return nil // its tasks have ended when Launch returns
}

// printer is a session for the example: it launches two tasks, prints what
// comes back, and shuts down.
type printer struct{ events []executor.Event }

func (p *printer) Send(call executor.Call) error {
	if u, ok := call.(executor.UpdateCall); ok {
		fmt.Println(u.Status)
	}
	return nil
}

func (p *printer) Receive(<-chan struct{}) ([]executor.Event, error) { return p.events, nil }

// An executor of one's own, and a session that plays its agent: so executors
// are tested. As a program of its own its main function is
// executor.Main(&greeter{}).
func ExampleServe() {
	session := &printer{events: []executor.Event{
		executor.LaunchEvent{Task: &proffer.TaskInfo{ID: "t1", Data: []byte("Ada")}},
		executor.LaunchEvent{Task: &proffer.TaskInfo{ID: "t2", Data: []byte("Alan")}},
		executor.ShutdownEvent{Grace: time.Second},
	}}
	if err := executor.Serve(context.Background(), &greeter{}, session, nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// t1 TASK_FINISHED: hello Ada, you are number 1
	// t2 TASK_FINISHED: hello Alan, you are number 2
}

// An executor in a process of its own. The agent starts it with the first task
// that has this executor:
//
//	proffer.ExecutorInfo{ID: "greeter", Command: proffer.Args("/usr/local/bin/greeter")}
func ExampleMain() {
	executor.Main(&greeter{})
}
