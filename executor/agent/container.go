package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/internal/agentcore"
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

// init names the container. The name is used once: it has the nonce of the
// agent and the number of the run.
func (c *container) init(a *Agent, id agentcore.RunID, of string) {
	c.agent, c.id = a, id
	c.name = proffer.ContainerID(fmt.Sprintf("%s-%s-%d", clean(of), a.nonce, id))
	c.launch, c.callOff = context.WithCancel(a.life)
}

// clean makes text fit for the names of files and control groups, wherever
// they are.
func clean(text string) string {
	const enough = 60
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, text[:min(len(text), enough)])
}

// spec returns what to launch, with what all containers have in their
// environment.
func (c *container) spec(s *agentcore.Start, sandbox string, command *proffer.CommandInfo, res resources.Resources) containerizer.Spec {
	labels := map[string]string{"framework": string(s.FrameworkID), "agent": c.agent.nonce}
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
// the last report.
func (c *container) see(spec containerizer.Spec, started func() (ended func())) agentcore.Report {
	cz := c.agent.cfg.Containerizer
	launched, err := cz.Launch(c.launch, spec)
	if err != nil {
		return launchFailed(err)
	}
	c.agent.report(c.id, agentcore.Launched{Container: &proffer.ContainerStatus{
		ID: launched.ID, PID: launched.PID, Sandbox: launched.Sandbox,
	}})
	if c.launch.Err() != nil { // the launch was faster than the kill
		c.complain("kill", cz.Kill(c.agent.life, spec.ID))
	}
	ended := started()
	exit, err := cz.Wait(c.agent.life, spec.ID)
	ended()
	if err := cz.Remove(c.agent.life, spec.ID); err != nil && c.agent.life.Err() == nil {
		c.agent.log.Warn("container not removed", zap.String("container_id", string(spec.ID)), zap.Error(err))
	}
	if err != nil {
		return &agentcore.Exited{Message: err.Error()}
	}
	return &agentcore.Exited{Exit: &exit}
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
	c.callOff()
	if c.killing.Swap(true) {
		return // that one is stuck; a second would be, too
	}
	c.agent.work.Go(func() {
		err := c.agent.cfg.Containerizer.Kill(c.agent.life, c.name)
		c.killing.Store(false)
		c.complain("kill", err)
	})
}

// terminate sends SIGTERM.
func (c *container) terminate() {
	c.agent.work.Go(func() {
		c.complain("signal", c.agent.cfg.Containerizer.Signal(c.agent.life, c.name, syscall.SIGTERM))
	})
}

// complain logs an error, unless the container has ended or the launch was
// called off in time.
func (c *container) complain(what string, err error) {
	if err != nil && !errors.Is(err, containerizer.ErrUnknownContainer) && c.agent.life.Err() == nil {
		c.agent.log.Warn("container does not take a "+what, zap.String("container_id", string(c.name)), zap.Error(err))
	}
}
