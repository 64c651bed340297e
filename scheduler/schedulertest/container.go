package schedulertest

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
)

// work is a task that runs: when its time has come, ended is called.
type work struct {
	machine *machine
	task    *Task
	alarm   timer
}

// begin starts a task. Ended is called with the mutex held; drain follows.
func (w *work) begin(m *machine, id proffer.FrameworkID, info *proffer.TaskInfo, ended func(exit proffer.ExitStatus)) {
	c := m.agent.cluster
	w.machine, w.task = m, &Task{FrameworkID: id, AgentID: m.agent.id, Info: info, Started: c.Now()}
	m.used.add(info.Resources)
	run, exit := c.cfg.Lifetime(info)
	c.watchStart(w)
	if run < 0 {
		return
	}
	w.alarm.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		ended(exit)
		m.agent.drain()
	}
	c.timers.set(&w.alarm, c.elapsed()+run)
}

// finish ends a task, by itself or not.
func (w *work) finish(exit proffer.ExitStatus) {
	c := w.machine.agent.cluster
	c.timers.stop(&w.alarm)
	w.machine.used.remove(w.task.Info.Resources)
	c.watchEnd(w, exit)
}

// container is that of a command.
type container struct {
	work
	id     agentcore.RunID // to the agent that watches it; 0 for none
	status proffer.ContainerStatus
	ended  bool
	exit   *proffer.ExitStatus // of one that has ended; nil where nobody saw it
	health timer
}

func (m *machine) startCommand(id agentcore.RunID, s *agentcore.Start) {
	k := &container{id: id, status: proffer.ContainerStatus{ID: s.Container}}
	m.add(id, s.Container, k)
	k.begin(m, s.FrameworkID, s.Task, k.end)
	status := k.status
	m.agent.report(id, agentcore.Launched{Container: &status})
}

func (k *container) end(exit proffer.ExitStatus) {
	if k.ended {
		return
	}
	k.ended, k.exit = true, &exit
	k.machine.agent.cluster.timers.stop(&k.health)
	k.finish(exit)
	k.tellEnd()
}

// tellEnd tells the agent that watches it.
func (k *container) tellEnd() {
	if k.id == 0 {
		return
	}
	r := &agentcore.Exited{Exit: k.exit}
	if k.exit == nil {
		r.Message = "it ended with its machine"
	}
	id := k.id
	k.id = 0
	delete(k.machine.runs, id)
	k.machine.agent.report(id, r)
}

func (k *container) attach(id agentcore.RunID) {
	if k.id = id; k.ended {
		k.tellEnd()
	}
}

func (k *container) detach() {
	k.machine.agent.cluster.timers.stop(&k.health)
	k.id = 0
}

func (k *container) vanish() {
	if !k.ended {
		k.ended = true
		k.finish(killed)
	}
}

func (k *container) found() agentcore.Found {
	return agentcore.Found{Container: k.status, Exited: k.exit != nil}
}

// probe tells that the task is well, or for how long it is not.
func (k *container) probe() {
	c, info := k.machine.agent.cluster, k.task.Info
	if info.HealthCheck != nil {
		k.probeHealth()
		if c.faults.Unhealthy > 0 {
			interval := info.HealthCheck.Interval
			if interval == 0 {
				interval = proffer.DefaultCheckInterval
			}
			k.health.fire = func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.faults.Unhealthy > 0 {
					c.timers.set(&k.health, c.elapsed()+max(interval, time.Second))
				}
				k.probeHealth()
				k.machine.agent.drain()
			}
			c.timers.set(&k.health, c.elapsed()+max(interval, time.Second))
		}
	}
	check := info.Check
	if check == nil {
		return
	}
	var result proffer.CheckResult
	switch {
	case check.Command != nil:
		result.ExitCode = new(int)
	case check.HTTP != nil:
		status := 200
		result.HTTPStatus = &status
	default:
		connected := true
		result.Connected = &connected
	}
	k.machine.agent.report(k.id, &agentcore.Checked{Result: result})
}

func (k *container) probeHealth() {
	c, r := k.machine.agent.cluster, &agentcore.HealthProbed{}
	if c.chance(c.faults.Unhealthy) {
		r.Problem = "simulated to be unwell"
	}
	k.machine.agent.report(k.id, r)
}
