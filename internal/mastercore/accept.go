package mastercore

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// acceptance is one accept while it is carried out: first every operation is
// checked against what is left, then the offers are taken, then the tasks are
// sent.
type acceptance struct {
	f         *framework
	agent     *agent
	role      string
	left      resources.Resources
	used      resources.Resources
	launches  []*protocol.RunTasks
	executors map[proffer.ExecutorID]*proffer.ExecutorInfo // that it starts
	ids       map[proffer.TaskID]bool                      // that it launches
}

func (c *Core) accept(now time.Time, f *framework, call *scheduler.AcceptCall) {
	a := &acceptance{f: f}
	if err := c.gather(a, call.OfferIDs); err != nil {
		// The race between offer and launch is nobody's fault: the tasks were
		// never launched, and the framework may launch them again.
		for _, op := range call.Operations {
			for _, t := range tasksOf(op) {
				c.tellRefused(now, f, t.ID, "", proffer.TaskDropped, proffer.ReasonInvalidOffers, err.Error())
			}
		}
		c.decline(now, f, call.OfferIDs, call.Filter)
		return
	}
	for _, op := range call.Operations {
		switch op := op.(type) {
		case offers.Launch:
			c.checkLaunch(now, a, op.Tasks)
		case offers.LaunchGroup:
			c.checkGroup(now, a, op.Group.Tasks)
		}
	}
	if err := c.allocator.Accept(now, call.OfferIDs, a.used, call.Filter); err != nil {
		c.report(now, f, err) // a filter out of range: everything else has been checked
		return
	}
	for id, info := range a.executors {
		a.agent.executors[executorKey{f.info.ID, id}] = &executor{info: info, role: a.role}
	}
	for _, m := range a.launches {
		for _, info := range m.Tasks {
			f.add(&task{info: info, framework: f, agent: a.agent, role: a.role, latest: proffer.TaskStaging, holds: true})
		}
		c.send(a.agent, m)
	}
}

// gather finds the agent and sums up what the offers hold.
func (c *Core) gather(a *acceptance, ids []proffer.OfferID) error {
	if len(ids) == 0 {
		return errors.New("no offer is named")
	}
	for _, id := range ids {
		o, ok := c.allocator.Offer(id)
		if !ok || o.FrameworkID != a.f.info.ID {
			return fmt.Errorf("offer %s is no longer valid", id)
		}
		g := c.agents[o.AgentID]
		if a.agent != nil && (a.agent != g || a.role != o.Role) {
			return fmt.Errorf("offers %s and %s are of different agents or roles", ids[0], id)
		}
		sum, err := a.left.Add(o.Resources)
		if err != nil {
			return fmt.Errorf("offers %v: %w", ids, err)
		}
		a.agent, a.role, a.left = g, o.Role, sum
	}
	return nil
}

// checkLaunch takes every valid task into the acceptance; each of the others
// is told its error.
func (c *Core) checkLaunch(now time.Time, a *acceptance, tasks []proffer.TaskInfo) {
	m := &protocol.RunTasks{FrameworkID: a.f.info.ID, User: a.f.info.User, Role: a.role, Tasks: make([]*proffer.TaskInfo, 0, len(tasks))}
	for i := range tasks {
		t := &tasks[i]
		if reason, err := a.take(t); err != nil {
			c.tellRefused(now, a.f, t.ID, a.agent.info.ID, proffer.TaskError, reason, err.Error())
			continue
		}
		m.Tasks = append(m.Tasks, t)
	}
	if len(m.Tasks) > 0 {
		a.launches = append(a.launches, m)
	}
}

// checkGroup takes all tasks of a group into the acceptance, or none.
func (c *Core) checkGroup(now time.Time, a *acceptance, tasks []proffer.TaskInfo) {
	before, taken, m := *a, 0, &protocol.RunTasks{FrameworkID: a.f.info.ID, User: a.f.info.User, Role: a.role, Group: true}
	group := proffer.TaskGroup{Tasks: tasks}
	reason, err := proffer.ReasonTaskGroupInvalid, group.Validate()
	for i := 0; i < len(tasks) && err == nil; i++ {
		m.Tasks = append(m.Tasks, &tasks[i])
		if reason, err = a.take(&tasks[i]); err == nil {
			taken++
		}
	}
	if err == nil {
		a.launches = append(a.launches, m)
		return
	}
	a.left, a.used = before.left, before.used
	for i := range taken {
		delete(a.ids, tasks[i].ID)
	}
	for i := range tasks {
		c.tellRefused(now, a.f, tasks[i].ID, a.agent.info.ID, proffer.TaskError, reason, err.Error())
	}
}

// take checks a task and takes its resources out of what is left.
func (a *acceptance) take(t *proffer.TaskInfo) (proffer.Reason, error) {
	if err := t.Validate(); err != nil {
		return proffer.ReasonTaskInvalid, err
	}
	if a.f.tasks[t.ID] != nil || a.f.ended.has(t.ID) || a.ids[t.ID] {
		return proffer.ReasonTaskInvalid, fmt.Errorf("task id %q has been used before: a task that is run again needs a new id", string(t.ID))
	}
	need, starts := t.Resources, false
	if t.Executor != nil {
		running, err := a.executor(t.Executor)
		if err != nil {
			return proffer.ReasonTaskInvalid, err
		}
		if starts = !running; starts {
			if need, err = need.Add(t.Executor.Resources); err != nil {
				return proffer.ReasonTaskInvalid, err
			}
		}
	}
	left, ok := a.left.Sub(need)
	if !ok {
		return proffer.ReasonInsufficientResources, fmt.Errorf("%s are left of the offers, the task needs %s", a.left, need)
	}
	used, err := a.used.Add(need)
	if err != nil {
		return proffer.ReasonTaskInvalid, err
	}
	a.left, a.used = left, used
	if starts {
		if a.executors == nil {
			a.executors = make(map[proffer.ExecutorID]*proffer.ExecutorInfo)
		}
		a.executors[t.Executor.ID] = t.Executor
	}
	if a.ids == nil {
		a.ids = make(map[proffer.TaskID]bool)
	}
	a.ids[t.ID] = true
	return proffer.ReasonNone, nil
}

// executor reports whether the executor runs already, or is started by this
// acceptance. One of the same id must be described alike.
func (a *acceptance) executor(info *proffer.ExecutorInfo) (running bool, err error) {
	var known *proffer.ExecutorInfo
	if e, ok := a.agent.executors[executorKey{a.f.info.ID, info.ID}]; ok {
		known = e.info
	} else if known, ok = a.executors[info.ID]; !ok {
		return false, nil
	}
	if known != info && !reflect.DeepEqual(known, info) {
		return false, fmt.Errorf("executor %q runs with another description: give a changed executor a new id", string(info.ID))
	}
	return true, nil
}

func tasksOf(op offers.Operation) []proffer.TaskInfo {
	switch op := op.(type) {
	case offers.Launch:
		return op.Tasks
	case offers.LaunchGroup:
		return op.Group.Tasks
	default:
		return nil
	}
}
