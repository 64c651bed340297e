package master_test

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
)

// one launches one task and ends.
type one struct{ launched bool }

func (s *one) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if s.launched {
		return nil
	}
	s.launched = true
	return d.Accept(list[0].ID, proffer.TaskInfo{
		ID: "task-1", Resources: resources.MustParse("cpus:1"), Executor: &proffer.ExecutorInfo{ID: "e", Name: "greet"},
	})
}

func (s *one) StatusUpdate(_ context.Context, d *scheduler.Driver, status proffer.TaskStatus) error {
	fmt.Println(status)
	if status.State.Terminal() {
		return d.Teardown()
	}
	return nil
}

// A cluster put together by hand: a master with a policy and weights of one's
// choice, an agent with an executor, and a framework. Package
// scheduler/embedded does the same in one call.
func ExampleNew() {
	m, err := master.New(master.Config{Offers: offers.Config{Policy: policy.FIFO()}, Weights: map[string]float64{"batch": 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	a, err := agent.New(agent.Config{
		Master: m, WorkDir: dir, Resources: resources.MustParse("cpus:4;mem:1024"),
		Executors: map[string]executor.Executor{
			"greet": executor.Func(func(context.Context, proffer.TaskInfo) error { return nil }),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := scheduler.New(&one{}, scheduler.Config{Name: "example", Master: m, Roles: []string{"batch"}})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, end := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	running.Go(func() { _ = a.Run(ctx) })
	fmt.Println("ended:", d.Run(ctx))
	end()
	running.Wait()
	// Output:
	// task-1 TASK_RUNNING
	// task-1 TASK_FINISHED
	// ended: <nil>
}
