package agentcore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore/internal/record"
	"github.com/proffer-go/proffer/internal/due"
)

func (r *recovery) framework(id proffer.FrameworkID) *framework {
	if f, ok := r.frameworks[id]; ok {
		return f
	}
	return r.addFramework(id)
}

// claim returns the container of that id if there is one, and has it be wanted.
func (r *recovery) claim(id proffer.ContainerID) (Found, bool) {
	f, ok := r.found[id]
	delete(r.found, id)
	return f, ok
}

func (r *recovery) recoverExecutor(x *executorRecord) {
	m := x.record
	e := r.addExecutor(r.framework(x.framework), x.info, m.GetRole(), m.GetUser())
	e.name, e.container = proffer.ContainerID(m.GetContainerId()), decodeContainer(m.GetContainer())
	e.registered, e.asked, e.late = m.GetRegistered(), m.GetAsked(), m.GetLate()
}

// addTask adds a task as it was. What runs it is dealt with once all are there.
func (r *recovery) addTask(x *taskRecords) error {
	p := x.progress
	if p == nil {
		return record.Corrupt(x.key, fmt.Errorf("there is no record of its progress"))
	}
	r.launched = max(r.launched, x.task.GetNumber()) - 1
	t := r.Core.addTask(r.framework(x.framework), x.info)
	t.number, t.group = x.task.GetNumber(), x.task.GetGroup()
	t.role, t.user, t.container = x.task.GetRole(), x.task.GetUser(), proffer.ContainerID(x.task.GetContainerId())
	t.state, t.made, t.newest = proffer.TaskState(p.GetState()), p.GetStatuses(), x.newest
	t.handed.over, t.handed.update = p.GetHandedOver(), p.GetUpdate()
	slices.SortFunc(x.statuses, func(a, b *proffer.TaskStatus) int { return cmp.Compare(a.UpdateID, b.UpdateID) })
	if len(x.statuses) > 0 {
		t.head, t.rest = x.statuses[0], x.statuses[1:]
	}
	switch {
	case t.state.Terminal() && t.info.Command != nil:
	case t.info.Command != nil:
		r.addCommand(t, p)
	case t.info.Executor != nil:
		t.executor = t.framework.executors[t.info.Executor.ID]
		if k := p.GetKill(); k != nil {
			grace := time.Duration(k.GetGrace())
			t.handed.kill = &grace
		}
		if r.addLimit(t); t.limit != nil && p.Started != nil {
			t.limit.started = r.when(p.GetStarted())
		}
	}
	return nil
}

// addCommand makes the command of a task as it was.
func (r *recovery) addCommand(t *task, p *record.Progress) {
	var g *group
	if t.group > 0 {
		if g = r.groups[t.group]; g == nil {
			g = new(group)
			r.groups[t.group] = g
		}
	}
	k := r.Core.addCommand(t, g)
	k.name, k.container = t.container, decodeContainer(p.GetContainer())
	k.running = k.container != nil
	if p.Started != nil {
		k.started = r.when(p.GetStarted())
	}
	if s := t.newest; s != nil {
		k.health.verdict = s.Health
		if s.Check != nil && k.check != nil {
			k.check = s.Check
		}
	}
	if m := p.GetKill(); m != nil {
		k.why, k.detail, k.early, k.stuck = cause(m.GetCause()), string(m.GetDetail()), m.GetEarly(), m.GetStuck()
		k.asked = r.when(m.GetAsked())
		k.graceEnd = k.asked.Add(time.Duration(m.GetGrace()))
		if m.GetForced() {
			k.forced = r.now
		}
	}
}

// resolve goes on with everything, and ends what cannot go on.
func (r *recovery) resolve() {
	for _, f := range r.sortedFrameworks() {
		for _, e := range f.sortedExecutors() {
			r.resumeExecutor(e)
		}
		for _, t := range f.sortedTasks() {
			switch {
			case t.state.Terminal():
			case t.command != nil:
				r.resumeCommand(t.command)
			case t.executor == nil && t.handed.over:
				r.end(r.now, t, proffer.TaskGone, proffer.ReasonExecutorTerminated, "nothing is known of its executor")
			case t.executor == nil:
				r.end(r.now, t, proffer.TaskDropped, proffer.ReasonAgentRestarted, neverStarted)
			}
		}
		f.settle(r.Core)
	}
	for _, id := range slices.Sorted(maps.Keys(r.found)) {
		r.addOrphan(id, r.found[id].Container.Sandbox)
	}
}

const neverStarted = "the agent was started again before the task was"

func (r *recovery) resumeCommand(k *command) {
	found, ok := r.claim(k.name)
	switch {
	case ok && r.booted && !found.Exited:
		// Its processes are gone, and so is whoever saw them end.
		r.found[k.name] = found
		k.lost(r.Core, r.now, "the machine was restarted while it ran")
	case ok:
		r.adoptCommand(k, found)
	case k.why != alive:
		k.gone(r.Core, r.now, k.killedStatus())
	case !k.running:
		k.gone(r.Core, r.now, proffer.TaskStatus{State: proffer.TaskDropped, Reason: proffer.ReasonAgentRestarted, Message: neverStarted})
	case r.booted:
		k.lost(r.Core, r.now, "the machine was restarted while it ran")
	default:
		k.lost(r.Core, r.now, "the agent was started again, and its container is not there any more")
	}
}

// lost ends a command of which nobody will know how it ended.
func (k *command) lost(c *Core, now time.Time, why string) {
	status := proffer.TaskStatus{State: proffer.TaskGone, Reason: proffer.ReasonAgentRestarted, Message: why}
	if k.why != alive {
		status = k.killedStatus()
	}
	k.gone(c, now, status)
}

// adoptCommand goes on with a container. One that has ended meanwhile reports
// that like any other.
func (r *recovery) adoptCommand(k *command, found Found) {
	c := r.Core
	t := k.task
	k.id = c.beginRun(k, Adopt, &Start{
		FrameworkID: t.framework.id, User: t.user, Task: t.info, Container: k.name, Sandbox: found.Container.Sandbox,
	})
	if !k.running {
		k.launched(c, r.now, k.started, &found.Container)
		return
	}
	switch {
	case k.why == alive:
		k.watch(c, r.now)
		if k.probed() {
			c.act(k.id, StartProbes)
		}
	case !k.forced.IsZero():
		k.force(c, r.now)
	default:
		if k.graceEnd.After(r.now) { // the signal may never have been sent
			c.act(k.id, Terminate)
		}
		k.wait(c, r.now)
	}
}

// resumeExecutor waits for an executor to come back, if it can.
func (r *recovery) resumeExecutor(e *agentExecutor) {
	c := r.Core
	found, ok := r.claim(e.name)
	if !ok || r.booted {
		if ok {
			r.found[e.name] = found
		}
		r.endExecutor(e)
		return
	}
	start := e.start()
	start.Sandbox = found.Container.Sandbox
	e.id = c.beginRun(e, Adopt, start)
	e.container = &found.Container
	for _, t := range e.framework.sortedTasks() {
		if t.executor != e || t.state.Terminal() {
			continue
		}
		if !t.handed.over {
			e.queue = append(e.queue, t)
		}
		if l := t.limit; l != nil && !l.started.IsZero() {
			c.alarms.Set(&l.alarm, l.started.Add(t.info.MaxCompletionTime))
		}
	}
	switch {
	case e.late || e.asked && !e.registered:
		e.force(c, r.now)
	case e.asked:
		e.phase = terminating
		c.tell(e.id, executor.ShutdownEvent{Grace: c.cfg.ShutdownGrace / 5 * 4})
		c.alarms.Set(&e.alarm, r.now.Add(c.cfg.ShutdownGrace))
	case e.registered:
		e.phase = returning
		c.awaited++
		c.alarms.Set(&e.alarm, r.now.Add(c.cfg.ReregistrationTimeout))
	default:
		c.alarms.Set(&e.alarm, r.now.Add(c.cfg.RegistrationTimeout))
	}
}

// endExecutor ends the tasks of an executor that is gone.
func (r *recovery) endExecutor(e *agentExecutor) {
	for _, t := range e.framework.sortedTasks() {
		if t.executor != e {
			continue
		}
		switch {
		case t.state.Terminal():
		case !t.handed.over:
			r.end(r.now, t, proffer.TaskDropped, proffer.ReasonAgentRestarted, neverStarted)
		case r.booted:
			r.end(r.now, t, proffer.TaskGone, proffer.ReasonAgentRestarted, "the machine was restarted while it ran")
		case e.info.Command == nil:
			r.end(r.now, t, proffer.TaskGone, proffer.ReasonExecutorTerminated, "the agent was started again, and its executor was a part of it")
		default:
			r.end(r.now, t, proffer.TaskGone, proffer.ReasonExecutorTerminated, "the agent was started again, and the container of its executor is not there any more")
		}
		t.executor = nil
	}
	delete(e.framework.executors, e.info.ID)
	r.change(executorKey(e.framework.id, e.info.ID), nil)
}

// orphan is a container that no task wants: what it was for has ended by the
// agent's word, or never began.
type orphan struct {
	id    RunID
	name  proffer.ContainerID
	alarm due.Alarm
}

func (c *Core) addOrphan(name proffer.ContainerID, sandbox string) {
	o := &orphan{name: name}
	o.alarm.Ring = func(now time.Time) { o.kill(c, now) }
	o.id = c.beginRun(o, Adopt, &Start{Container: name, Sandbox: sandbox})
	o.kill(c, c.begin)
}

func (o *orphan) kill(c *Core, now time.Time) {
	c.act(o.id, Kill)
	c.alarms.Set(&o.alarm, now.Add(c.cfg.KillStuckAfter))
}

// report implements run.
func (o *orphan) report(c *Core, _ time.Time, r Report) {
	if _, ok := r.(*Exited); ok {
		c.alarms.Stop(&o.alarm)
		delete(c.runs, o.id)
		c.remove(o.name)
	}
}
