package agent

import (
	"context"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/crashpoint"
)

// command is the run of a command task.
type command struct {
	container
	task      *proffer.TaskInfo
	probing   context.Context //nolint:containedctx // of the probes
	endProbes context.CancelFunc
}

func (a *Agent) newCommand(id agentcore.RunID, s *agentcore.Start) *command {
	c := &command{task: s.Task}
	c.init(a, id, s)
	c.probing, c.endProbes = context.WithCancel(a.life)
	a.runs[id] = c
	return c
}

func (a *Agent) startCommand(id agentcore.RunID, s *agentcore.Start) {
	crashpoint.Hit("agent/launch/checkpointed")
	if a.cfg.Containerizer == nil {
		a.report(id, &agentcore.LaunchFailed{Message: noContainerizer})
		return
	}
	c := a.newCommand(id, s)
	a.see(id, &c.container, func() agentcore.Report { return c.run(s) })
}

const noContainerizer = "the agent has no containerizer: it runs no commands, only the executors that are built in"

// run returns the last report.
func (c *command) run(s *agentcore.Start) agentcore.Report {
	defer c.endProbes()
	sandbox, err := c.agent.sandboxes.take(s.FrameworkID, string(s.Task.ID))
	if err != nil {
		return &agentcore.LaunchFailed{Message: err.Error()}
	}
	defer c.agent.sandboxes.giveBack(sandbox)
	return c.see(c.spec(s, sandbox, s.Task.Command, s.Task.Resources), c.started(s, sandbox))
}

func (a *Agent) adoptCommand(id agentcore.RunID, s *agentcore.Start) {
	c := a.newCommand(id, s)
	a.see(id, &c.container, func() agentcore.Report {
		defer c.endProbes()
		defer a.sandboxes.giveBack(s.Sandbox)
		return c.seeOut(c.started(s, s.Sandbox))
	})
}

func (c *command) started(s *agentcore.Start, sandbox string) func() (ended func()) {
	return func() func() {
		finish := c.agent.follow(s, sandbox)
		return func() {
			c.endProbes()
			finish()
		}
	}
}
