package agent_test

import (
	"context"
	"fmt"
	"os"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
)

// once is a scheduler that launches one task and ends when the task does.
type once struct {
	task proffer.TaskInfo
	done context.CancelFunc
}

func (s *once) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if s.task.ID == "" {
		return nil
	}
	err := d.Accept(list[0].ID, s.task)
	s.task.ID = ""
	return err
}

func (s *once) StatusUpdate(_ context.Context, _ *scheduler.Driver, status proffer.TaskStatus) error {
	fmt.Println(status)
	if status.State.Terminal() {
		s.done()
	}
	return nil
}

// A Go function as a task: the agent has it built in under a name, and a task
// names it.
func ExampleAgent_function() {
	ctx, done := context.WithCancel(context.Background())
	defer done()
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	m, err := master.New(master.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := agent.New(agent.Config{
		Master: m, WorkDir: dir, Resources: resources.MustParse("cpus:2;mem:512"),
		Executors: map[string]executor.Executor{
			"greet": executor.Func(func(_ context.Context, task proffer.TaskInfo) error {
				fmt.Printf("hello %s\n", task.Data)
				return nil
			}),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := scheduler.New(&once{done: done, task: proffer.TaskInfo{
		ID: "t1", Resources: resources.MustParse("cpus:1"), Data: []byte("world"),
		Executor: &proffer.ExecutorInfo{ID: "greeter", Name: "greet"},
	}}, scheduler.Config{Name: "example", Master: m})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan struct{}, 2)
	go func() { _ = m.Run(ctx); ended <- struct{}{} }()
	go func() { _ = a.Run(ctx); ended <- struct{}{} }()
	_ = d.Run(ctx)
	<-ended
	<-ended
	// Unordered output:
	// hello world
	// t1 TASK_RUNNING
	// t1 TASK_FINISHED
}
