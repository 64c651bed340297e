package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

// sums is a scheduler that runs Go functions as tasks, three of them, and
// adds up their results.
type sums struct {
	launched, ended int
}

func (s *sums) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	need := resources.MustParse("cpus:0.1")
	for _, o := range list {
		var tasks []proffer.TaskInfo
		for left, ok := o.Resources.Sub(need); ok && s.launched < 3; left, ok = left.Sub(need) {
			s.launched++
			tasks = append(tasks, proffer.TaskInfo{
				ID: proffer.TaskID(fmt.Sprintf("sum-%d", s.launched)), Resources: need,
				Executor: &proffer.ExecutorInfo{ID: "sums", Name: "sum"},
			})
		}
		if err := d.Accept(o.ID, tasks...); err != nil {
			return err
		}
	}
	return nil
}

func (s *sums) StatusUpdate(_ context.Context, d *scheduler.Driver, status proffer.TaskStatus) error {
	if !status.State.Terminal() {
		return nil
	}
	if s.ended++; s.ended == 3 {
		return d.Teardown()
	}
	return nil
}

var nothing = map[string]executor.Executor{
	"sum": executor.Func(func(context.Context, proffer.TaskInfo) error { return nil }),
}

// A driver keeps a scheduler subscribed to a master: here that of a cluster in
// the same process.
func ExampleNew() {
	cluster, err := embedded.Start(embedded.Config{Resources: resources.MustParse("cpus:1"), Executors: nothing})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := &sums{}
	d, err := scheduler.New(s, scheduler.Config{Name: "sums", Master: cluster})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ended:", d.Run(context.Background()), s.ended, "tasks of", d.FrameworkID())
	fmt.Println("closed:", cluster.Close())
	// Output:
	// ended: <nil> 3 tasks of F1
	// closed: <nil>
}

// What is wrong with a configuration is told all at once.
func ExampleNew_invalid() {
	_, err := scheduler.New(&sums{}, scheduler.Config{Roles: []string{"eng//backend"}})
	fmt.Println(err)
	// Output:
	// scheduler: Config.Master is nil: give it a master, such as that of an embedded cluster
	// scheduler: Config: framework "": name is empty
	// resources: invalid: role "eng//backend" has an empty component: want names separated by single slashes
}

// Middleware sees every event: here it counts them by kind.
func ExampleHandlerFunc() {
	counts := make(map[string]int)
	count := func(next scheduler.Handler) scheduler.Handler {
		return scheduler.HandlerFunc(func(ctx context.Context, d *scheduler.Driver, e scheduler.Event) error {
			if u, ok := e.(*scheduler.UpdateEvent); ok {
				counts[u.Status.State.String()]++
			}
			return next.HandleEvent(ctx, d, e)
		})
	}
	err := embedded.Run(context.Background(),
		embedded.Config{Resources: resources.MustParse("cpus:1"), Executors: nothing}, &sums{},
		scheduler.Config{Name: "sums", Middleware: []func(scheduler.Handler) scheduler.Handler{count}})
	fmt.Println(err, counts)
	// Output: <nil> map[TASK_FINISHED:3 TASK_RUNNING:3]
}

// A scheduler that cannot go on says so: Run returns its error, and the tasks
// live on for the failover time-out.
func ExampleTerminal() {
	broken := errors.New("the database is of a newer version")
	giveUp := func(scheduler.Handler) scheduler.Handler {
		return scheduler.HandlerFunc(func(context.Context, *scheduler.Driver, scheduler.Event) error {
			return scheduler.Terminal(broken)
		})
	}
	err := embedded.Run(context.Background(),
		embedded.Config{Resources: resources.MustParse("cpus:1")}, &sums{},
		scheduler.Config{Name: "sums", Middleware: []func(scheduler.Handler) scheduler.Handler{giveUp}})
	fmt.Println(errors.Is(err, broken), err)
	// Output: true the database is of a newer version
}

// later keeps its offers for another goroutine, and handles statuses there, too.
type later struct {
	offers   chan *offers.Offer
	statuses chan proffer.TaskStatus
}

func (l *later) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		if err := d.Hold(o.ID); err != nil {
			return err
		}
		l.offers <- o
	}
	return nil
}

func (l *later) StatusUpdate(_ context.Context, _ *scheduler.Driver, s proffer.TaskStatus) error {
	l.statuses <- s
	return scheduler.AckLater
}

// Offers can be held and statuses acknowledged outside of the callbacks: a
// scheduler with a loop of its own.
func ExampleDriver_Hold() {
	cluster, err := embedded.Start(embedded.Config{Resources: resources.MustParse("cpus:1"), Executors: nothing})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := &later{offers: make(chan *offers.Offer, 10), statuses: make(chan proffer.TaskStatus, 10)}
	d, err := scheduler.New(l, scheduler.Config{Name: "later", Master: cluster, DefaultFilter: offers.Filter{Refuse: time.Hour}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- d.Run(context.Background()) }()

	o := <-l.offers
	fmt.Println("accept:", d.Accept(o.ID, proffer.TaskInfo{
		ID: "sum-1", Resources: resources.MustParse("cpus:1"), Executor: &proffer.ExecutorInfo{ID: "sums", Name: "sum"},
	}))
	for s := range l.statuses {
		fmt.Println(s)
		if err := d.Acknowledge(s); err != nil {
			fmt.Println(err)
		}
		if s.State.Terminal() {
			break
		}
	}
	fmt.Println("teardown:", d.Teardown(), <-ended, cluster.Close())
	// Output:
	// accept: <nil>
	// sum-1 TASK_RUNNING
	// sum-1 TASK_FINISHED
	// teardown: <nil> <nil> <nil>
}
