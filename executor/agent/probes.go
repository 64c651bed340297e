package agent

import (
	"context"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/probe"
)

// startProbes begins with the task's health check and check. They end with the
// container or by stopProbes.
func (c *command) startProbes() {
	prober := &probe.Prober{Clock: c.agent.clock, Exec: c.exec}
	if hc := c.task.HealthCheck; hc != nil {
		c.agent.work.Go(func() {
			prober.Repeat(c.probing, &hc.Probe, func(r probe.Result) {
				c.agent.report(c.id, &agentcore.HealthProbed{Problem: r.Problem})
			})
		})
	}
	if check := c.task.Check; check != nil {
		c.agent.work.Go(func() {
			prober.Repeat(c.probing, &check.Probe, func(r probe.Result) {
				c.agent.report(c.id, &agentcore.Checked{Result: r.Check})
			})
		})
	}
}

func (c *command) stopProbes() { c.endProbes() }

// exec runs a command in the container. What it prints is of no use.
func (c *command) exec(ctx context.Context, info *proffer.CommandInfo) (proffer.ExitStatus, error) {
	r, err := c.agent.cfg.Containerizer.Exec(ctx, c.name, containerizer.ExecSpec{Command: info, MaxOutput: 1})
	return r.Exit, err
}
