package schedulertest_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// crew is a framework that runs jobs, each until it has finished: one that ends
// otherwise is run again, under a new task id.
type crew struct {
	rng        *rand.Rand
	suppressed bool
	state      *crewState // survives the program
}

// crewState is what a framework would keep in its database.
type crewState struct {
	id         proffer.FrameworkID
	unfinished map[proffer.TaskID]proffer.AgentID
	numbers    int
	left       int
	finished   int
	lostOnly   bool
}

func (w *crew) Unfinished(context.Context) ([]scheduler.TaskRef, error) {
	var refs []scheduler.TaskRef
	for _, id := range slices.Sorted(maps.Keys(w.state.unfinished)) {
		refs = append(refs, scheduler.TaskRef{TaskID: id, AgentID: w.state.unfinished[id]})
	}
	return refs, nil
}

func (w *crew) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		var tasks []proffer.TaskInfo
		rest := o.Resources
		for w.state.left > 0 && len(tasks) < 3 {
			task := w.task()
			less, ok := rest.Sub(task.Resources)
			if !ok {
				w.state.numbers--
				break
			}
			rest = less
			w.state.left--
			w.state.unfinished[task.ID] = o.AgentID // the intent, in the database
			tasks = append(tasks, task)
		}
		if len(tasks) == 0 {
			continue
		}
		if err := w.launch(d, o, tasks); err != nil {
			for _, t := range tasks { // nothing was sent
				delete(w.state.unfinished, t.ID)
				w.state.left++
			}
		}
	}
	if w.state.left == 0 {
		w.suppressed = true
		return d.Suppress()
	}
	return nil
}

// launch launches tasks each on its own, or as a group.
func (w *crew) launch(d *scheduler.Driver, o *offers.Offer, tasks []proffer.TaskInfo) error {
	commands := !slices.ContainsFunc(tasks, func(t proffer.TaskInfo) bool { return t.Executor != nil })
	if commands && len(tasks) > 1 && w.rng.IntN(4) == 0 {
		return d.AcceptGroup(o.ID, proffer.TaskGroup{Tasks: tasks})
	}
	return d.Accept(o.ID, tasks...)
}

// again puts a job back, and asks for offers if there are none. A session that
// has ended begins with offers, see Subscribed.
func (w *crew) again(d *scheduler.Driver) {
	w.state.left++
	if w.suppressed {
		w.suppressed = d.Revive() != nil
	}
}

// Subscribed: what was suppressed in an earlier session is not in this one.
func (w *crew) Subscribed(context.Context, *scheduler.Driver, *scheduler.SubscribedEvent) error {
	w.suppressed = false
	return nil
}

func (w *crew) task() proffer.TaskInfo {
	w.state.numbers++
	t := proffer.TaskInfo{
		ID:        proffer.TaskID(fmt.Sprintf("job-%d", w.state.numbers)),
		Resources: resources.MustParse(fmt.Sprintf("cpus:%d;mem:%d", 1+w.rng.IntN(2), 100*(1+w.rng.IntN(5)))),
		Command:   proffer.Shell("work"),
	}
	switch w.rng.IntN(9) {
	case 0:
		t.Unreachable = &proffer.UnreachablePolicy{GiveUpAfter: proffer.AtOnce}
	case 1:
		t.Unreachable = &proffer.UnreachablePolicy{GiveUpAfter: 2 * time.Minute}
	case 2:
		t.Unreachable = &proffer.UnreachablePolicy{KillOnReturn: true}
	case 3:
		t.HealthCheck = &proffer.HealthCheck{Probe: proffer.Probe{TCP: &proffer.TCPProbe{Port: 80}}}
	case 4:
		t.MaxCompletionTime = 4 * time.Minute
	case 5:
		t.Command, t.Executor = nil, &proffer.ExecutorInfo{ID: "own", Command: proffer.Shell("executor"), Resources: resources.MustParse("mem:10")}
		t.Resources = resources.MustParse("cpus:1;mem:100")
	case 6:
		t.Command, t.Executor = nil, &proffer.ExecutorInfo{ID: "built-in", Name: "built in", Resources: resources.MustParse("mem:20")}
		t.Resources = resources.MustParse("cpus:1;mem:100")
	}
	return t
}

func (w *crew) StatusUpdate(_ context.Context, d *scheduler.Driver, s proffer.TaskStatus) error {
	if _, ok := w.state.unfinished[s.TaskID]; !ok {
		return nil // of a task that is done with
	}
	switch {
	case s.State == proffer.TaskFinished:
		w.state.finished++
		delete(w.state.unfinished, s.TaskID)
	case s.State.Terminal(), s.State == proffer.TaskUnknown:
		delete(w.state.unfinished, s.TaskID)
		w.again(d)
	case w.rng.IntN(40) == 0:
		return fmt.Errorf("the database is down")
	case s.State == proffer.TaskRunning && w.rng.IntN(30) == 0:
		return d.Kill(s.TaskID)
	}
	return nil
}

// Load and Store make the state an IDStore, too.
func (s *crewState) Load(context.Context) (proffer.FrameworkID, error) { return s.id, nil }

func (s *crewState) Store(_ context.Context, id proffer.FrameworkID) error {
	s.id = id
	return nil
}
