package agentcore

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
)

// command is the container of one command task:
//
//	launching → running → gone
//
// A kill asks it to end (SIGTERM), then ends it (SIGKILL), and tries again when
// that does not help. Of several kills the shortest grace counts, from the
// first of them. A kill that comes before the command runs calls the launch
// off.
type command struct {
	id        RunID
	name      proffer.ContainerID
	task      *task
	group     *group // nil without one
	running   bool
	container *proffer.ContainerStatus
	started   time.Time // when it began to run, or was to

	why      cause     // of the kill; alive without one
	detail   string    // what made it necessary, for people
	asked    time.Time // when the first kill came
	graceEnd time.Time // when SIGKILL is due
	forced   time.Time // when SIGKILL was last tried; zero before
	early    bool      // killed before it ran
	stuck    bool      // complained about

	health health
	check  *proffer.CheckResult
	alarm  due.Alarm
}

// cause is why a command was killed. The first one counts. The numbers are
// those of the checkpoint.
type cause uint8

const (
	alive cause = iota
	byRequest
	byShutdown // of its framework
	byGroup
	byHealthCheck
	byMaxCompletion
)

func (c *Core) addCommand(t *task, g *group) *command {
	k := &command{task: t, group: g}
	k.alarm.Ring = func(now time.Time) { k.ring(c, now) }
	t.command = k
	if g != nil {
		g.members = append(g.members, k)
	}
	if t.info.Check != nil {
		k.check = new(proffer.CheckResult)
	}
	t.framework.commands++
	return k
}

func (c *Core) launchCommand(now time.Time, t *task, g *group) {
	k := c.addCommand(t, g)
	k.name, k.started = t.container, now
	k.id = c.beginRun(k, StartCommand, &Start{FrameworkID: t.framework.id, User: t.user, Task: t.info, Container: k.name})
	k.tell(c, now, proffer.TaskStatus{State: proffer.TaskStarting})
}

// tell makes a status with what is known of the task.
func (k *command) tell(c *Core, now time.Time, s proffer.TaskStatus) {
	s.Source = proffer.SourceAgent
	s.Health, s.Check, s.Container = k.health.verdict, k.check, k.container
	c.update(now, k.task, &s)
}

// report implements run.
func (k *command) report(c *Core, now time.Time, r Report) {
	switch r := r.(type) {
	case Launched:
		k.launched(c, now, now, r.Container)
	case *LaunchFailed:
		k.launchFailed(c, now, r)
	case *Exited:
		k.exited(c, now, r)
	case *HealthProbed:
		k.healthProbed(c, now, r.Problem)
	case *Checked:
		k.checked(c, now, r.Result)
	default:
	}
}

func (k *command) launched(c *Core, now, started time.Time, container *proffer.ContainerStatus) {
	k.running, k.container, k.started = true, container, started
	if k.why != alive {
		k.force(c, now) // the launch was faster than the kill
		return
	}
	k.watch(c, now)
	k.tell(c, now, proffer.TaskStatus{State: proffer.TaskRunning})
	if k.probed() {
		c.act(k.id, StartProbes)
	}
}

// watch lets the command run for as long as it may.
func (k *command) watch(c *Core, now time.Time) {
	k.health.start(now, k.task.info.HealthCheck)
	if d := k.task.info.MaxCompletionTime; d > 0 {
		c.alarms.Set(&k.alarm, k.started.Add(d))
	}
}

func (k *command) probed() bool { return k.task.info.HealthCheck != nil || k.task.info.Check != nil }

// kill ends the command because of why, within grace.
func (k *command) kill(c *Core, now time.Time, why cause, grace time.Duration) {
	c.touch(k.task)
	if k.why != alive {
		if end := k.asked.Add(grace); k.forced.IsZero() && end.Before(k.graceEnd) {
			k.graceEnd = end
			k.wait(c, now)
		}
		return
	}
	k.why, k.asked, k.graceEnd, k.early = why, now, now.Add(grace), !k.running
	switch why {
	case byGroup:
		k.detail = k.group.culprit
	case byHealthCheck:
		k.detail = k.health.problem
	default:
	}
	k.tell(c, now, proffer.TaskStatus{State: proffer.TaskKilling, Message: k.reason()})
	if k.early {
		k.force(c, now)
		return
	}
	if k.probed() {
		c.act(k.id, StopProbes)
	}
	if grace > 0 {
		c.act(k.id, Terminate)
	}
	k.wait(c, now)
}

// wait lets the grace pass.
func (k *command) wait(c *Core, now time.Time) {
	if k.graceEnd.After(now) {
		c.alarms.Set(&k.alarm, k.graceEnd)
		return
	}
	k.force(c, now)
}

func (k *command) force(c *Core, now time.Time) {
	k.forced = now
	c.touch(k.task)
	c.act(k.id, Kill)
	c.alarms.Set(&k.alarm, now.Add(c.cfg.KillStuckAfter))
}

// ring does what is due: of the three, only one waits at a time.
func (k *command) ring(c *Core, now time.Time) {
	switch {
	case k.why == alive:
		k.kill(c, now, byMaxCompletion, graceOf(k.task.info, nil))
	case k.forced.IsZero():
		k.force(c, now)
	default:
		if !k.stuck {
			k.stuck = true
			k.tell(c, now, proffer.TaskStatus{
				State: proffer.TaskKilling, Reason: proffer.ReasonKillStuck,
				Message: fmt.Sprintf("SIGKILL has not ended it within %v; trying on", c.cfg.KillStuckAfter),
			})
		}
		k.force(c, now)
	}
}

func (k *command) launchFailed(c *Core, now time.Time, r *LaunchFailed) {
	status := proffer.TaskStatus{State: proffer.TaskFailed, Reason: proffer.ReasonContainerLaunchFailed, Message: r.Message}
	switch {
	case k.why != alive:
		status = k.killedStatus()
	case r.Invalid:
		status.State, status.Reason = proffer.TaskError, proffer.ReasonTaskInvalid
	}
	k.gone(c, now, status)
}

func (k *command) exited(c *Core, now time.Time, r *Exited) {
	status := proffer.TaskStatus{State: proffer.TaskFailed, Reason: proffer.ReasonCommandExited, Message: r.Message}
	switch {
	case k.why != alive:
		status = k.killedStatus()
		if r.Exit != nil {
			status.Message += ": " + r.Exit.String()
		}
	case r.Exit == nil:
		status.Reason = proffer.ReasonExecutorTerminated // what watched it is gone
	case r.Exit.Success():
		status.State, status.Message = proffer.TaskFinished, r.Exit.String()
	case r.Exit.OOM:
		status.Reason, status.Message = proffer.ReasonContainerLimitationMemory, r.Exit.String()
	default:
		status.Message = r.Exit.String()
	}
	status.Exit = r.Exit
	k.gone(c, now, status)
	c.remove(k.name)
}

// killedStatus returns the end of a command that was killed, however it took
// that.
func (k *command) killedStatus() proffer.TaskStatus {
	s := proffer.TaskStatus{State: proffer.TaskKilled, Message: k.reason()}
	switch k.why {
	case byGroup:
		s.Reason = proffer.ReasonTaskGroupMemberEnded
	case byShutdown:
		s.Reason = proffer.ReasonFrameworkRemoved
	case byHealthCheck:
		s.State, s.Reason = proffer.TaskFailed, proffer.ReasonHealthCheckFailed
	case byMaxCompletion:
		s.State, s.Reason = proffer.TaskFailed, proffer.ReasonMaxCompletionTimeReached
	default:
		if k.early {
			s.Reason = proffer.ReasonTaskKilledDuringLaunch
		}
	}
	return s
}

// reason says for people why the command was killed.
func (k *command) reason() string {
	switch k.why {
	case byGroup:
		return "another task of its group ended: " + k.detail
	case byShutdown:
		return "its framework was shut down"
	case byHealthCheck:
		return "unhealthy: " + k.detail
	case byMaxCompletion:
		return fmt.Sprintf("it ran for longer than its maximum of %v", k.task.info.MaxCompletionTime)
	default:
		return "killed by request"
	}
}

// gone makes the last status, ends the others of the group if need be, and
// forgets the container.
func (k *command) gone(c *Core, now time.Time, status proffer.TaskStatus) {
	c.alarms.Stop(&k.alarm)
	delete(c.runs, k.id)
	k.tell(c, now, status)
	f := k.task.framework
	f.commands--
	if k.group != nil && status.State != proffer.TaskFinished {
		k.group.end(c, now, k, status)
	}
	f.settle(c)
}
