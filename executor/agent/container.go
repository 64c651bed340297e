package agent

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/resources"
)

// container is what runs with a container have in common. Calls that may take
// their time have goroutines of their own, so that a container that is stuck
// holds up nobody.
type container struct {
	agent   *Agent
	id      agentcore.RunID
	name    proffer.ContainerID
	launch  context.Context    //nolint:containedctx // of the launch, which may be called off
	callOff context.CancelFunc // ends launch
	killing atomic.Bool        // a kill is under way
}

func (c *container) init(a *Agent, id agentcore.RunID, s *agentcore.Start) {
	c.agent, c.id, c.name = a, id, s.Container
	c.launch, c.callOff = context.WithCancel(a.life)
}

// spec returns what to launch, with what all containers have in their
// environment.
func (c *container) spec(s *agentcore.Start, sandbox string, command *proffer.CommandInfo, res resources.Resources) containerizer.Spec {
	labels := map[string]string{"framework": string(s.FrameworkID), instanceLabel: c.agent.instance}
	env := map[string]string{
		"PROFFER_FRAMEWORK_ID": string(s.FrameworkID),
		"PROFFER_AGENT_ID":     string(s.AgentID),
		"PROFFER_SANDBOX":      sandbox,
	}
	if s.Task != nil {
		labels["task"] = string(s.Task.ID)
		env["PROFFER_TASK_ID"] = string(s.Task.ID)
	}
	if s.Executor != nil {
		labels["executor"] = string(s.Executor.ID)
		env["PROFFER_EXECUTOR_ID"] = string(s.Executor.ID)
	}
	return containerizer.Spec{
		ID: c.name, Command: command, User: s.User, Env: env, Sandbox: sandbox, Resources: res, Labels: labels,
	}
}

// see launches a container and sees it through to its end. Started is called
// once it runs, and the function that returns once it has ended. The result is
// the last report; nil when there is nothing to report.
func (c *container) see(spec containerizer.Spec, started func() (ended func())) agentcore.Report {
	cz := c.agent.cfg.Containerizer
	crashpoint.Hit("agent/launch/prepared")
	launched, err := cz.Launch(c.launch, spec)
	if err != nil {
		return launchFailed(err)
	}
	crashpoint.Hit("agent/launch/launched")
	c.agent.held.add(c.name)
	c.agent.report(c.id, agentcore.Launched{Container: &proffer.ContainerStatus{
		ID: launched.ID, PID: launched.PID, Sandbox: launched.Sandbox,
	}})
	if c.launch.Err() != nil { // the launch was faster than the kill
		c.complain("kill", cz.Kill(c.agent.life, c.name))
	}
	return c.seeOut(started)
}

// seeOut is see for a container that runs already, or has ended.
func (c *container) seeOut(started func() (ended func())) agentcore.Report {
	cz := c.agent.cfg.Containerizer
	ended := started()
	exit, err := cz.Wait(c.agent.life, c.name)
	ended()
	crashpoint.Hit("agent/exit/seen")
	switch {
	case err == nil:
		return &agentcore.Exited{Exit: &exit}
	case c.agent.cfg.Checkpoint && (c.agent.life.Err() != nil || errors.Is(err, containerizer.ErrClosed)):
		return nil // it lives on
	default:
		return &agentcore.Exited{Message: err.Error()}
	}
}

func launchFailed(err error) agentcore.Report {
	invalid := errors.Is(err, containerizer.ErrInvalidSpec)
	if launch := new(containerizer.LaunchError); errors.As(err, &launch) {
		err = launch.Err // without the container's id, which is nobody's concern
	}
	return &agentcore.LaunchFailed{Message: err.Error(), Invalid: invalid}
}

// kill implements run.
func (c *container) kill() {
	crashpoint.Hit("agent/kill/kill")
	c.callOff()
	if c.killing.Swap(true) {
		return // that one is stuck; a second would be, too
	}
	c.agent.work.Go(func() {
		err := c.agent.cfg.Containerizer.Kill(c.agent.life, c.name)
		c.killing.Store(false)
		c.complain("kill", err)
		crashpoint.Hit("agent/kill/killed")
	})
}

// terminate sends SIGTERM.
func (c *container) terminate() {
	crashpoint.Hit("agent/kill/terminate")
	c.agent.work.Go(func() {
		c.complain("signal", c.agent.cfg.Containerizer.Signal(c.agent.life, c.name, syscall.SIGTERM))
		crashpoint.Hit("agent/kill/terminated")
	})
}

// complain logs an error, unless the container has ended or the launch was
// called off in time.
func (c *container) complain(what string, err error) {
	if err != nil && !errors.Is(err, containerizer.ErrUnknownContainer) && c.agent.life.Err() == nil {
		c.agent.log.Warn("container does not take a "+what, zap.String("container_id", string(c.name)), zap.Error(err))
	}
}

// orphan is the run of a container that no task wants.
type orphan struct{ container }

// adopt takes over a container that an earlier agent of the work directory has
// left.
func (a *Agent) adopt(id agentcore.RunID, s *agentcore.Start) {
	crashpoint.Hit("agent/recover/checkpointed")
	switch {
	case s.Task != nil:
		a.adoptCommand(id, s)
	case s.Executor != nil:
		a.adoptProcess(id, s)
	default:
		o := new(orphan)
		o.init(a, id, s)
		a.runs[id] = o
		a.see(id, &o.container, func() agentcore.Report {
			defer a.sandboxes.giveBack(s.Sandbox)
			return o.seeOut(func() func() { return func() {} })
		})
	}
}

// see has f see a container through to its end, and reports that.
func (a *Agent) see(id agentcore.RunID, c *container, f func() agentcore.Report) {
	a.work.Go(func() {
		defer c.callOff()
		if last := f(); last != nil {
			a.report(id, last)
		}
	})
}
