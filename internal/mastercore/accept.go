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
	f           *framework
	ids         []proffer.OfferID
	agent       *agent
	role        string
	left        resources.Resources
	used        resources.Resources
	operations  []offers.Operation // on resources
	conversions []offers.Conversion
	launches    []*protocol.RunTasks
	executors   map[proffer.ExecutorID]*proffer.ExecutorInfo // that it starts
	tasks       map[proffer.TaskID]bool                      // that it launches
	refused     []refusedTask
}

// refusedTask is a task that is not launched although the rest may be.
type refusedTask struct {
	id     proffer.TaskID
	reason proffer.Reason
	err    error
}

func (c *Core) accept(now time.Time, f *framework, call *scheduler.AcceptCall) {
	answers := []scheduler.Answer{{OfferIDs: call.OfferIDs, Operations: call.Operations}}
	list, err := c.gatherAll(f, answers)
	if err != nil {
		c.dropAll(now, f, answers, call.Filter, err, nil)
		return
	}
	c.carryOut(now, f, list, answers, call.Filter)
}

// acceptAll launches what the answers say on several agents, or nothing.
func (c *Core) acceptAll(now time.Time, f *framework, call *scheduler.AcceptAllCall) {
	list, err := c.gatherAll(f, call.Answers)
	wrong := make(map[proffer.TaskID]bool)
	for _, a := range list {
		for _, r := range a.refused {
			wrong[r.id] = true
			c.tellRefused(now, f, r.id, a.agent.info.ID, proffer.TaskError, r.reason, r.err.Error())
			if err == nil {
				err = fmt.Errorf("nothing was launched, as task %q of the same answer is wrong", string(r.id))
			}
		}
	}
	if err != nil {
		c.dropAll(now, f, call.Answers, call.Filter, err, wrong)
		return
	}
	c.carryOut(now, f, list, call.Answers, call.Filter)
}

// count returns how many tasks the acceptance launches.
func (a *acceptance) count() int {
	n := 0
	for _, m := range a.launches {
		n += len(m.Tasks)
	}
	return n
}

// gatherAll checks answers without changing anything.
func (c *Core) gatherAll(f *framework, answers []scheduler.Answer) ([]*acceptance, error) {
	launched := make(map[proffer.TaskID]bool)
	var list []*acceptance
	for _, answer := range answers {
		a := &acceptance{f: f, ids: answer.OfferIDs, tasks: launched}
		if err := c.gather(a, answer.OfferIDs); err != nil {
			return nil, err
		}
		for _, op := range answer.Operations {
			switch op := op.(type) {
			case offers.Launch:
				a.checkLaunch(op.Tasks)
			case offers.LaunchGroup:
				a.checkGroup(op.Group.Tasks)
			default:
				if err := a.convert(op); err != nil {
					c.tell(f, &scheduler.OperationsEvent{
						AgentID: a.agent.info.ID, OfferIDs: a.ids, Operations: resourceOperations(answer.Operations), Err: err,
					})
					return nil, err
				}
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// carryOut takes the offers and sends the tasks.
func (c *Core) carryOut(now time.Time, f *framework, list []*acceptance, answers []scheduler.Answer, filter offers.Filter) {
	taken := make([]offers.Answer, len(list))
	for i, a := range list {
		taken[i] = offers.Answer{OfferIDs: a.ids, Conversions: a.conversions, Used: a.used, Filter: filter, Tasks: a.count()}
	}
	switch err := c.allocator.AcceptAll(now, taken...); {
	case errors.Is(err, offers.ErrOperation):
		for _, a := range list {
			if len(a.operations) > 0 {
				c.tell(f, &scheduler.OperationsEvent{AgentID: a.agent.info.ID, OfferIDs: a.ids, Operations: a.operations, Err: err})
			}
		}
		c.dropAll(now, f, answers, filter, err, nil)
		return
	case err != nil:
		c.report(now, f, err) // a filter out of range: everything else has been checked
		return
	}
	for _, a := range list {
		for _, r := range a.refused {
			c.tellRefused(now, f, r.id, a.agent.info.ID, proffer.TaskError, r.reason, r.err.Error())
		}
		if len(a.operations) > 0 {
			c.tell(f, &scheduler.OperationsEvent{AgentID: a.agent.info.ID, OfferIDs: a.ids, Operations: a.operations})
		}
		if len(a.conversions) > 0 {
			c.recordAgent(a.agent)
		}
		for id, info := range a.executors {
			a.agent.executors[executorKey{f.info.ID, id}] = &executor{info: info, role: a.role}
		}
		for _, m := range a.launches {
			for _, info := range m.Tasks {
				t := c.addTask(f, a.agent, info, a.role)
				t.holds = true
				c.recordTask(t) // the intent, before the launch is sent
			}
			c.send(a.agent, m)
		}
	}
}

// dropAll tells that nothing of the answers was launched, and gives their
// offers back. A race between offer and launch is nobody's fault: the framework
// may launch the tasks again, but for those that it was told are wrong.
func (c *Core) dropAll(now time.Time, f *framework, answers []scheduler.Answer, filter offers.Filter, why error, wrong map[proffer.TaskID]bool) {
	for _, answer := range answers {
		for _, op := range answer.Operations {
			for _, t := range tasksOf(op) {
				if wrong[t.ID] {
					continue
				}
				c.tellRefused(now, f, t.ID, "", proffer.TaskDropped, proffer.ReasonInvalidOffers, why.Error())
			}
		}
		c.decline(now, f, answer.OfferIDs, filter)
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

// convert carries an operation on resources out on what is left.
func (a *acceptance) convert(op offers.Operation) error {
	v, err := offers.Convert(op, a.role)
	if err != nil {
		return err
	}
	rest, ok := a.left.Sub(v.Consumed)
	if !ok {
		return fmt.Errorf("%w: %T: %s", offers.ErrOperation, op, a.left.Shortage(v.Consumed))
	}
	if a.left, err = rest.Add(v.Converted); err != nil {
		return fmt.Errorf("%w: %T: %w", offers.ErrOperation, op, err)
	}
	a.operations = append(a.operations, op)
	a.conversions = append(a.conversions, v)
	return nil
}

func resourceOperations(all []offers.Operation) []offers.Operation {
	var list []offers.Operation
	for _, op := range all {
		if tasksOf(op) == nil {
			list = append(list, op)
		}
	}
	return list
}

// checkLaunch takes every valid task into the acceptance; each of the others
// is to be told its error.
func (a *acceptance) checkLaunch(tasks []proffer.TaskInfo) {
	m := &protocol.RunTasks{FrameworkID: a.f.info.ID, User: a.f.info.User, Role: a.role, Tasks: make([]*proffer.TaskInfo, 0, len(tasks))}
	for i := range tasks {
		t := &tasks[i]
		if reason, err := a.take(t); err != nil {
			a.refused = append(a.refused, refusedTask{t.ID, reason, err})
			continue
		}
		m.Tasks = append(m.Tasks, t)
	}
	if len(m.Tasks) > 0 {
		a.launches = append(a.launches, m)
	}
}

// checkGroup takes all tasks of a group into the acceptance, or none.
func (a *acceptance) checkGroup(tasks []proffer.TaskInfo) {
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
		delete(a.tasks, tasks[i].ID)
	}
	for i := range tasks {
		a.refused = append(a.refused, refusedTask{tasks[i].ID, reason, err})
	}
}

// take checks a task and takes its resources out of what is left.
func (a *acceptance) take(t *proffer.TaskInfo) (proffer.Reason, error) {
	if err := t.Validate(); err != nil {
		return proffer.ReasonTaskInvalid, err
	}
	if a.f.tasks[t.ID] != nil || a.f.ended.has(t.ID) || a.tasks[t.ID] {
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
	a.tasks[t.ID] = true
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
