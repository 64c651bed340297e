package agent_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
)

// waiting is a scheduler that launches one task and tells its states.
type waiting struct {
	task   proffer.TaskInfo
	states chan proffer.TaskStatus
}

func (s *waiting) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if s.task.ID == "" {
		return nil
	}
	err := d.Accept(list[0].ID, s.task)
	s.task.ID = ""
	return err
}

func (s *waiting) StatusUpdate(_ context.Context, _ *scheduler.Driver, status proffer.TaskStatus) error {
	s.states <- status
	return nil
}

// An agent with a checkpoint ends, its task runs on and ends while there is no
// agent, and the next agent tells how.
func ExampleConfig_checkpoint() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, done := context.WithCancel(context.Background())
	defer done()
	m, err := master.New(master.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := &waiting{states: make(chan proffer.TaskStatus, 10), task: proffer.TaskInfo{
		ID: "t1", Resources: resources.MustParse("cpus:1"),
		Command: proffer.Shell("until test -e " + filepath.Join(dir, "go") + "; do sleep 0.01; done; exit 7"),
	}}
	d, err := scheduler.New(s, scheduler.Config{Name: "example", Master: m})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan struct{}, 2)
	go func() { _ = m.Run(ctx); ended <- struct{}{} }()
	go func() { _ = d.Run(ctx); ended <- struct{}{} }()

	stop := startCheckpointed(dir, m) // the first agent
	for status := range s.states {
		if status.State == proffer.TaskRunning {
			break
		}
	}
	fmt.Println("running")
	if err := stop(); err != nil {
		fmt.Println(err)
	}

	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		fmt.Println(err)
	}
	stop = startCheckpointed(dir, m) // the second
	for status := range s.states {
		if status.State.Terminal() {
			fmt.Println(status)
			break
		}
	}
	if err := stop(); err != nil {
		fmt.Println(err)
	}
	done()
	<-ended
	<-ended
	// Output:
	// running
	// t1 TASK_FAILED: exit status 7 (REASON_COMMAND_EXITED)
}

// startCheckpointed starts an agent below dir, as a program does that is
// started again and again.
func startCheckpointed(dir string, m *master.Master) (stop func() error) {
	containers, err := process.New(process.Config{Root: filepath.Join(dir, "containers")})
	if err != nil {
		return func() error { return err }
	}
	a, err := agent.New(agent.Config{
		Master: m, WorkDir: filepath.Join(dir, "work"), Checkpoint: true, Containerizer: containers,
		Resources: resources.MustParse("cpus:2;mem:512"),
	})
	if err != nil {
		return func() error { return errors.Join(err, containers.Close()) }
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return func() error {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			return errors.Join(err, containers.Close())
		}
		return containers.Close()
	}
}
