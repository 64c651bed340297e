package agentcore

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
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
	task      *task
	group     *group // nil without one
	running   bool
	container *proffer.ContainerStatus

	why      cause     // of the kill; alive without one
	asked    time.Time // when the first kill came
	graceEnd time.Time // when SIGKILL is due
	forced   time.Time // when SIGKILL was last tried; zero before
	early    bool      // killed before it ran
	stuck    bool      // complained about

	health  health
	check   *proffer.CheckResult
	maximum time.Time // when it has run for long enough; zero for never
	alarm
}

// cause is why a command was killed. The first one counts.
type cause uint8

const (
	alive cause = iota
	byRequest
	byShutdown // of its framework
	byGroup
	byHealthCheck
	byMaxCompletion
)

func (c *Core) launchCommand(now time.Time, t *task, user string, g *group) {
	k := &command{task: t, group: g}
	k.owner = k
	t.command = k
	if g != nil {
		g.members = append(g.members, k)
	}
	if t.info.Check != nil {
		k.check = new(proffer.CheckResult)
	}
	t.framework.commands++
	k.id = c.start(k, &Start{FrameworkID: t.framework.id, User: user, Task: t.info})
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
		k.launched(c, now, r.Container)
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

func (k *command) launched(c *Core, now time.Time, container *proffer.ContainerStatus) {
	k.running, k.container = true, container
	if k.why != alive {
		k.force(c, now) // the launch was faster than the kill
		return
	}
	k.health.start(now, k.task.info.HealthCheck)
	if d := k.task.info.MaxCompletionTime; d > 0 {
		k.maximum = now.Add(d)
		c.alarms.set(&k.alarm, k.maximum)
	}
	k.tell(c, now, proffer.TaskStatus{State: proffer.TaskRunning})
	if k.task.info.HealthCheck != nil || k.task.info.Check != nil {
		c.act(k.id, StartProbes)
	}
}

// kill ends the command because of why, within grace.
func (k *command) kill(c *Core, now time.Time, why cause, grace time.Duration) {
	if k.why != alive {
		if end := k.asked.Add(grace); k.forced.IsZero() && end.Before(k.graceEnd) {
			k.graceEnd = end
			k.wait(c, now)
		}
		return
	}
	k.why, k.asked, k.graceEnd, k.early = why, now, now.Add(grace), !k.running
	k.tell(c, now, proffer.TaskStatus{State: proffer.TaskKilling, Message: k.reason()})
	if k.early {
		k.force(c, now)
		return
	}
	if k.task.info.HealthCheck != nil || k.task.info.Check != nil {
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
		c.alarms.set(&k.alarm, k.graceEnd)
		return
	}
	k.force(c, now)
}

func (k *command) force(c *Core, now time.Time) {
	k.forced = now
	c.act(k.id, Kill)
	c.alarms.set(&k.alarm, now.Add(c.cfg.KillStuckAfter))
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
		return "another task of its group ended: " + k.group.culprit
	case byShutdown:
		return "its framework was shut down"
	case byHealthCheck:
		return "unhealthy: " + k.health.problem
	case byMaxCompletion:
		return fmt.Sprintf("it ran for longer than its maximum of %v", k.task.info.MaxCompletionTime)
	default:
		return "killed by request"
	}
}

// gone makes the last status, ends the others of the group if need be, and
// forgets the container.
func (k *command) gone(c *Core, now time.Time, status proffer.TaskStatus) {
	c.alarms.stop(&k.alarm)
	delete(c.runs, k.id)
	k.tell(c, now, status)
	f := k.task.framework
	f.commands--
	if k.group != nil && status.State != proffer.TaskFinished {
		k.group.end(c, now, k, status)
	}
	f.settle(c)
}
