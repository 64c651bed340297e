package schedulertest

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// Observer watches a cluster: each function that is set is called when that
// happens, with the time on the cluster's clock, in the order in which things
// happen. The functions must not call the cluster or a driver.
type Observer struct {
	// OfferMade tells of an offer that is on its way to its framework.
	OfferMade func(now time.Time, o *offers.Offer)

	// OfferDeclined tells that a framework gave an offer back unused.
	OfferDeclined func(now time.Time, id proffer.OfferID)

	// OfferRescinded tells that the master took an offer back.
	OfferRescinded func(now time.Time, id proffer.OfferID)

	// TaskStarted tells that a task runs on its agent.
	TaskStarted func(now time.Time, t *Task)

	// TaskEnded tells that nothing of the task runs any more, and how it
	// exited. Its resources are free after it.
	TaskEnded func(now time.Time, t *Task, exit proffer.ExitStatus)
}

// Task is a task that runs, or ran, on a simulated agent. It is shared and must
// not be changed.
type Task struct {
	FrameworkID proffer.FrameworkID
	AgentID     proffer.AgentID
	Info        *proffer.TaskInfo
	Started     time.Time
}

// Stats counts what has happened on a cluster since it was made.
type Stats struct {
	Offers   int // made
	Accepts  int // calls that accept offers
	Declines int // offers that were given back unused
	Rescinds int // offers that the master took back
	Started  int // tasks
	Ended    int // tasks

	Messages      int // sent between the master and its agents and frameworks
	Lost          int // of them
	AgentCrashes  int // and reboots
	MasterCrashes int
}

// watchEvent counts what the master tells a framework.
func (c *Cluster) watchEvent(e scheduler.Event) {
	switch e := e.(type) {
	case *scheduler.OffersEvent:
		c.stats.Offers += len(e.Offers)
		if made := c.cfg.Observer.OfferMade; made != nil {
			for _, o := range e.Offers {
				made(c.Now(), o)
			}
		}
	case *scheduler.RescindEvent:
		c.stats.Rescinds++
		if rescinded := c.cfg.Observer.OfferRescinded; rescinded != nil {
			rescinded(c.Now(), e.OfferID)
		}
	}
}

// watchCall counts what a framework asks of the master.
func (c *Cluster) watchCall(call scheduler.Call) {
	switch call := call.(type) {
	case *scheduler.AcceptCall, *scheduler.AcceptAllCall:
		c.stats.Accepts++
	case *scheduler.DeclineCall:
		c.stats.Declines += len(call.OfferIDs)
		if declined := c.cfg.Observer.OfferDeclined; declined != nil {
			for _, id := range call.OfferIDs {
				declined(c.Now(), id)
			}
		}
	}
}

func (c *Cluster) watchStart(w *work) {
	c.stats.Started++
	c.happens(w.machine.agent.name, "task starts", w.task)
	if c.history != nil {
		c.history.started(w)
	}
	if started := c.cfg.Observer.TaskStarted; started != nil {
		started(c.Now(), w.task)
	}
}

func (c *Cluster) watchEnd(w *work, exit proffer.ExitStatus) {
	c.stats.Ended++
	c.happens(w.machine.agent.name, "task ends: "+exit.String(), w.task)
	if c.history != nil {
		c.history.ended(w)
	}
	if ended := c.cfg.Observer.TaskEnded; ended != nil {
		ended(c.Now(), w.task, exit)
	}
}
