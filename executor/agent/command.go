package agent

import (
	"context"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
)

// command is the run of a command task.
type command struct {
	container
	task      *proffer.TaskInfo
	probing   context.Context //nolint:containedctx // of the probes
	endProbes context.CancelFunc
}

func (a *Agent) startCommand(id agentcore.RunID, s *agentcore.Start) {
	if a.cfg.Containerizer == nil {
		a.report(id, &agentcore.LaunchFailed{Message: noContainerizer})
		return
	}
	c := &command{task: s.Task}
	c.init(a, id, string(s.Task.ID))
	c.probing, c.endProbes = context.WithCancel(a.life)
	a.runs[id] = c
	a.work.Go(func() {
		defer c.callOff()
		a.report(id, c.run(s))
	})
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
	return c.see(c.spec(s, sandbox, s.Task.Command, s.Task.Resources), func() func() {
		finish := c.agent.follow(s.FrameworkID, s.Task.ID, sandbox)
		return func() {
			c.endProbes()
			finish()
		}
	})
}
