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

// careful is a scheduler that makes so many reports, whatever becomes of the
// tasks: it launches again what did not finish, and counts no task twice, as
// statuses come at least once.
type careful struct {
	waiting, launched, made int
	open                    map[proffer.TaskID]bool
}

func (w *careful) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	need := resources.MustParse("cpus:2")
	for _, o := range list {
		if w.waiting > 0 && o.Resources.Contains(need) {
			w.waiting--
			w.launched++
			id := proffer.TaskID(fmt.Sprintf("report-%d", w.launched))
			if err := d.Accept(o.ID, proffer.TaskInfo{ID: id, Resources: need, Command: proffer.Shell("make report")}); err != nil {
				w.waiting++ // nothing was sent
				continue
			}
			w.open[id] = true
		}
	}
	return nil
}

func (w *careful) StatusUpdate(_ context.Context, _ *scheduler.Driver, status proffer.TaskStatus) error {
	if !status.State.Terminal() || !w.open[status.TaskID] {
		return nil
	}
	delete(w.open, status.TaskID)
	if status.State == proffer.TaskFinished {
		w.made++
	} else {
		w.waiting++
	}
	return nil
}

// Everything goes wrong for a day, and every report is made all the same. The
// same seed gives the same day.
func Example_faults() {
	c, err := schedulertest.New(schedulertest.Config{
		Agents: schedulertest.Agents(3, resources.MustParse("cpus:4;mem:8GiB")),
		Seed:   1,
		Faults: schedulertest.Faults{
			Loss: 0.01, Delay: 0.1, AgentCrash: time.Hour, AgentReboot: 6 * time.Hour, AgentPartition: time.Hour, MasterCrash: 3 * time.Hour,
		},
		Lifetime: func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) { return time.Hour, proffer.ExitStatus{} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mine := &careful{waiting: 100, open: make(map[proffer.TaskID]bool)}
	d, err := scheduler.New(mine, scheduler.Config{Name: "careful", Master: c})
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Go(context.Background(), d.Run)
	fmt.Println(c.RunFor(24*time.Hour), c.Err())
	fmt.Println(c.StopFaults())
	fmt.Println(c.RunFor(24*time.Hour), c.Verify())
	fmt.Println(mine.made, "reports were made,", mine.launched, "launched; the master crashed:", c.Stats().MasterCrashes > 0)
	fmt.Println(c.Close())
	// Output:
	// reached <nil>
	// <nil>
	// reached <nil>
	// 100 reports were made, 109 launched; the master crashed: true
	// <nil>
}

// What happens is text, which can be kept as a golden file: here the life of
// one report, while its agent is cut off for a minute.
func ExampleReplay() {
	trace, err := schedulertest.Replay(schedulertest.Config{
		Agents: schedulertest.Agents(1, resources.MustParse("cpus:2")),
	}, func(c *schedulertest.Cluster) error {
		d, err := scheduler.New(&nightly{waiting: 1}, scheduler.Config{Name: "nightly", Master: c})
		if err != nil {
			return err
		}
		c.Go(context.Background(), d.Run)
		c.RunFor(50 * time.Second)
		if err := c.Partition("agent-1", schedulertest.BothWays); err != nil {
			return err
		}
		c.RunFor(time.Minute)
		if err := c.Heal("agent-1"); err != nil {
			return err
		}
		c.Run()
		return nil
	})
	fmt.Print(trace, err)
	// Output:
	//           0s agent-1: starts
	//           0s agent-1 → master: Register "agent-1" with 0 tasks
	//           0s master → agent-1: Registered as agent-1
	//           0s nightly: subscribes
	//           0s master → nightly: Subscribed as F1
	//          2ms master → nightly: Offers O1 of agent-1 with cpus:2
	//          2ms nightly → master: Accept O1 Launch report-1 with cpus:2
	//          2ms master → agent-1: RunTasks F1/report-1
	//          2ms agent-1: task starts: F1/report-1
	//          2ms agent-1 → master: StatusUpdate F1/report-1 TASK_STARTING update 1
	//          2ms master → nightly: Update report-1 TASK_STARTING update 1
	//          2ms nightly → master: Acknowledge report-1 update 1
	//          2ms master → agent-1: Acknowledge F1/report-1 update 1
	//          2ms agent-1 → master: StatusUpdate F1/report-1 TASK_RUNNING update 2
	//          2ms master → nightly: Update report-1 TASK_RUNNING update 2
	//          2ms nightly → master: Acknowledge report-1 update 2
	//          2ms master → agent-1: Acknowledge F1/report-1 update 2
	//          50s agent-1: cut off both ways
	//     1m0.002s agent-1: task ends: exit status 0: F1/report-1
	//     1m0.002s agent-1 → master: StatusUpdate F1/report-1 TASK_FINISHED (REASON_COMMAND_EXITED) update 3 (cut off)
	//    1m10.002s agent-1 → master: StatusUpdate F1/report-1 TASK_FINISHED (REASON_COMMAND_EXITED) update 3 (cut off)
	//    1m30.002s agent-1 → master: StatusUpdate F1/report-1 TASK_FINISHED (REASON_COMMAND_EXITED) update 3 (cut off)
	//        1m50s agent-1: no longer cut off
	//         2m5s agent-1 → master: keepalive
	//         2m5s agent-1: connection broken, finds the master: wire: connection is broken: after envelope 3 came 8
	//         2m5s agent-1: finds its connection broken: the other end has closed it
	// 2m5.300390593s agent-1 → master: Register "agent-1" with 1 tasks, F1/report-1 TASK_FINISHED
	// 2m5.300390593s master → agent-1: Registered as agent-1
	// 2m5.300390593s agent-1 → master: StatusUpdate F1/report-1 TASK_FINISHED (REASON_COMMAND_EXITED) update 3
	// 2m5.300390593s master → nightly: Update report-1 TASK_FINISHED (REASON_COMMAND_EXITED) update 3
	// 2m5.300390593s nightly → master: Teardown
	// 2m5.300390593s nightly → master: Acknowledge report-1 update 3
	// 2m5.300390593s master → nightly: Error scheduler: framework has been removed: F1
	// 2m5.300390593s nightly: finds its connection broken: the other end has closed it
	// 2m5.300390593s master → agent-1: ShutdownFramework F1
	// 2m5.300390593s agent-1 → master: FrameworkEnded F1
	// <nil>
}
