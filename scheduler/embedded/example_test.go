package embedded_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

// once is the smallest scheduler: it launches one task and prints its states.
type once struct {
	task     proffer.TaskInfo
	launched bool
}

func (s *once) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if s.launched {
		return nil // what is not answered is declined
	}
	s.launched = true
	return d.Accept(list[0].ID, s.task)
}

func (s *once) StatusUpdate(_ context.Context, d *scheduler.Driver, status proffer.TaskStatus) error {
	fmt.Println(status)
	if status.State.Terminal() {
		return d.Teardown()
	}
	return nil
}

// A first scheduler: one shell command on a cluster of one agent.
func Example() {
	s := &once{task: proffer.TaskInfo{
		ID: "greeting", Resources: resources.MustParse("cpus:0.1;mem:32"), Command: proffer.Shell("echo Hello; exit 3"),
	}}
	cfg := embedded.Config{Output: func(l embedded.Line) { fmt.Println("its output:", l.Text) }}
	if err := embedded.Run(context.Background(), cfg, s, scheduler.Config{Name: "example"}); err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// greeting TASK_STARTING
	// greeting TASK_RUNNING
	// its output: Hello
	// greeting TASK_FAILED: exit status 3 (REASON_COMMAND_EXITED)
}

// A Go function as a task: it is built into the agents under a name, and a task
// names it. Data carries the input, the status the result.
func Example_goFunction() {
	shout := executor.Func(func(_ context.Context, task proffer.TaskInfo) error {
		fmt.Println(strings.ToUpper(string(task.Data)))
		return nil
	})
	s := &once{task: proffer.TaskInfo{
		ID: "shout-1", Resources: resources.MustParse("cpus:0.1"), Data: []byte("from a function"),
		Executor: &proffer.ExecutorInfo{ID: "shout", Name: "shout"},
	}}
	cfg := embedded.Config{Executors: map[string]executor.Executor{"shout": shout}}
	if err := embedded.Run(context.Background(), cfg, s, scheduler.Config{Name: "example"}); err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// shout-1 TASK_RUNNING
	// FROM A FUNCTION
	// shout-1 TASK_FINISHED
}

// Two tasks that live and die together: one fails, the other is killed.
func Example_taskGroup() {
	need := resources.MustParse("cpus:0.1;mem:32")
	s := &pair{group: proffer.TaskGroup{Tasks: []proffer.TaskInfo{
		{ID: "server", Resources: need, Command: proffer.Shell("sleep 60")},
		{ID: "sidecar", Resources: need, Command: proffer.Shell("exit 1")},
	}}}
	if err := embedded.Run(context.Background(), embedded.Config{}, s, scheduler.Config{Name: "example"}); err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// sidecar TASK_FAILED REASON_COMMAND_EXITED
	// server TASK_KILLED REASON_TASK_GROUP_MEMBER_ENDED
}

type pair struct {
	group           proffer.TaskGroup
	launched, ended int
}

func (p *pair) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	if p.launched++; p.launched > 1 {
		return nil
	}
	return d.AcceptGroup(list[0].ID, p.group)
}

func (p *pair) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if !s.State.Terminal() {
		return nil
	}
	fmt.Println(s.TaskID, s.State, s.Reason)
	if p.ended++; p.ended == len(p.group.Tasks) {
		return d.Teardown()
	}
	return nil
}

// Reading why a task is not placed: every agent has its reason.
func Example_explain() {
	s := &wonderer{need: resources.MustParse("cpus:6;mem:512")}
	cfg := embedded.Config{Agents: 2, Resources: resources.MustParse("cpus:4;mem:1024")}
	if err := embedded.Run(context.Background(), cfg, s, scheduler.Config{Name: "example"}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// framework F1 wants cpus:6;mem:512
	//   A1, role *: agent is too small, short by cpus:2
	//   A2, role *: agent is too small, short by cpus:2
}

type wonderer struct{ need resources.Resources }

func (w *wonderer) ResourceOffers(ctx context.Context, d *scheduler.Driver, _ []*offers.Offer) error {
	why, err := d.Explain(ctx, proffer.TaskInfo{Resources: w.need})
	if err != nil {
		return err
	}
	if len(why.Agents) < 2 {
		return nil // the second agent is on its way
	}
	fmt.Printf("framework %s wants %s\n", why.FrameworkID, why.Wanted)
	for _, a := range why.Agents {
		fmt.Printf("  %s, role %s: %s, short by %s\n", a.AgentID, a.Role, a.Why(), a.Reasons[0].Short)
	}
	return d.Teardown()
}

func (w *wonderer) StatusUpdate(context.Context, *scheduler.Driver, proffer.TaskStatus) error {
	return nil
}

// A health check kills a task that has gone bad; here after its first failure.
func Example_healthCheck() {
	s := &once{task: proffer.TaskInfo{
		ID: "sick", Resources: resources.MustParse("cpus:0.1;mem:64"), Command: proffer.Shell("sleep 60"),
		KillGrace: -1,
		HealthCheck: &proffer.HealthCheck{
			Probe:    proffer.Probe{Command: proffer.Shell("exit 1"), Delay: -1, Interval: 10 * time.Millisecond},
			Failures: 1, Grace: -1,
		},
	}}
	quiet := func(next scheduler.Handler) scheduler.Handler {
		return scheduler.HandlerFunc(func(ctx context.Context, d *scheduler.Driver, e scheduler.Event) error {
			if u, ok := e.(*scheduler.UpdateEvent); ok && u.Status.State.Terminal() {
				fmt.Println(u.Status.State, u.Status.Reason, u.Status.Health)
				return d.Teardown()
			} else if ok {
				return nil // acknowledged, not handled
			}
			return next.HandleEvent(ctx, d, e)
		})
	}
	err := embedded.Run(context.Background(), embedded.Config{}, s, scheduler.Config{
		Name: "example", Middleware: []func(scheduler.Handler) scheduler.Handler{quiet},
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: TASK_FAILED REASON_HEALTH_CHECK_FAILED unhealthy
}
