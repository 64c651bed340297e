package schedulertest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// nightly is the scheduler under test: it runs so many reports of an hour each
// and ends.
type nightly struct{ waiting, running int }

func (n *nightly) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	need := resources.MustParse("cpus:2")
	for _, o := range list {
		if n.waiting == 0 || !o.Resources.Contains(need) {
			continue
		}
		task := proffer.TaskInfo{ID: proffer.TaskID(fmt.Sprintf("report-%d", n.waiting)), Resources: need, Command: proffer.Shell("make report")}
		if err := d.Accept(o.ID, task); err != nil {
			return err
		}
		n.waiting--
		n.running++
	}
	return nil
}

func (n *nightly) StatusUpdate(_ context.Context, d *scheduler.Driver, status proffer.TaskStatus) error {
	if !status.State.Terminal() {
		return nil
	}
	if n.running--; n.running+n.waiting == 0 {
		return d.Teardown()
	}
	return nil
}

// A scheduler is tested over a night, in no time.
func Example() {
	c, err := schedulertest.New(schedulertest.Config{
		Agents: schedulertest.Agents(2, resources.MustParse("cpus:4;mem:8GiB")),
		Lifetime: func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return time.Hour, proffer.ExitStatus{}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := scheduler.New(&nightly{waiting: 10}, scheduler.Config{Name: "nightly", Master: c, DefaultFilter: offers.Filter{Refuse: time.Second}})
	if err != nil {
		fmt.Println(err)
		return
	}
	begin := c.Now()
	f := c.Go(context.Background(), d.Run)
	fmt.Println("stopped:", c.Run(), f.Err())
	fmt.Println("took", c.Now().Sub(begin).Round(time.Minute), "for", c.Stats().Ended, "tasks")
	fmt.Println("closed:", c.Close())
	// Output:
	// stopped: ended <nil>
	// took 3h0m0s for 10 tasks
	// closed: <nil>
}

// What happens at a certain time is scheduled like everything else.
func ExampleCluster_After() {
	c, err := schedulertest.New(schedulertest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	begin := c.Now()
	c.After(24*time.Hour, func() { fmt.Println("a day later:", c.Now().Sub(begin)) })
	fmt.Println(c.RunFor(time.Hour), c.Now().Sub(begin))
	fmt.Println(c.Run(), c.Now().Sub(begin))
	fmt.Println(c.Close())
	// Output:
	// reached 1h0m0s
	// a day later: 24h0m0s
	// idle 24h0m0s
	// <nil>
}

// An observer sees what happens to everybody.
func ExampleObserver() {
	c, err := schedulertest.New(schedulertest.Config{
		Agents: schedulertest.Agents(1, resources.MustParse("cpus:2")),
		Observer: schedulertest.Observer{
			TaskStarted: func(now time.Time, t *schedulertest.Task) {
				fmt.Println(now.Format(time.TimeOnly), t.Info.ID, "starts on", t.AgentID)
			},
			TaskEnded: func(now time.Time, t *schedulertest.Task, exit proffer.ExitStatus) {
				fmt.Println(now.Format(time.TimeOnly), t.Info.ID, "ends:", exit)
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := scheduler.New(&nightly{waiting: 2}, scheduler.Config{Name: "nightly", Master: c})
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Go(context.Background(), d.Run)
	fmt.Println(c.Run())
	fmt.Println(c.Close())
	// Output:
	// 00:00:00 report-2 starts on agent-1
	// 00:01:00 report-2 ends: exit status 0
	// 00:01:00 report-1 starts on agent-1
	// 00:02:00 report-1 ends: exit status 0
	// ended
	// <nil>
}
