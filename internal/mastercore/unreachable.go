package mastercore

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
)

// lose gives up waiting for an agent: it is unreachable until it comes back.
func (c *Core) lose(now time.Time, g *agent) {
	why := fmt.Sprintf("the agent has been out of reach for %v", c.cfg.AgentTimeout)
	if g.state == recovering {
		why = fmt.Sprintf("the agent has not come back within %v of the master's start", c.cfg.ReregisterTimeout)
	}
	c.withdraw(now, g)
	g.state, g.since = unreachable, now
	c.recordAgent(g)
	for _, t := range g.sortedTasks() {
		c.strand(now, t, "agent "+string(g.info.ID)+": "+why)
	}
	c.tellFailure(g, why)
	c.answerQuestions(now)
}

// strand tells that a task is out of reach, or its end if that is what its
// framework or its policy makes of it.
func (c *Core) strand(now time.Time, t *task, why string) {
	t.asked = false
	policy := t.policy()
	switch {
	case t.given:
	case t.waits && t.status.State.Terminal():
		c.conclude(now, t, t.latest, proffer.ReasonAgentRemoved, why)
	case t.latest.Terminal():
		// Told, but not forgotten: should the framework not hear of it, nobody
		// else can tell, and the agent comes back with statuses of it.
		c.giveUp(now, t, t.latest, why)
	case !t.framework.info.PartitionAware:
		c.giveUp(now, t, proffer.TaskLost, why)
	case policy.GiveUpAfter == proffer.AtOnce:
		c.giveUp(now, t, proffer.TaskGone, why+"; it is killed if it comes back")
	default:
		t.latest = proffer.TaskUnreachable
		c.tellRefused(now, t.framework, t.info.ID, t.agent.info.ID, proffer.TaskUnreachable, proffer.ReasonAgentRemoved, why)
		c.awaitTask(now, t)
	}
}

// awaitTask has a task that is out of reach given up in its time.
func (c *Core) awaitTask(now time.Time, t *task) {
	after := t.policy().GiveUpAfter
	if after <= 0 {
		return
	}
	if t.patience == nil {
		t.patience = &due.Alarm{Ring: func(now time.Time) {
			c.giveUp(now, t, proffer.TaskGone, fmt.Sprintf("out of reach for %v: given up, and killed if it comes back", after))
		}}
	}
	c.alarms.Set(t.patience, now.Add(after))
}

// MarkGone declares that an agent is gone for good, with its tasks. One that is
// connected ends what it runs; one that comes back does so then.
func (c *Core) MarkGone(now time.Time, id proffer.AgentID) error {
	g, ok := c.agents[id]
	if !ok {
		return fmt.Errorf("mark gone: %w: %s", offers.ErrUnknownAgent, id)
	}
	const why = "an operator declared the agent gone"
	c.send(g, &protocol.Refused{Message: why, Shutdown: true})
	c.withdraw(now, g)
	g.state = gone
	c.recordAgent(g)
	for _, t := range g.sortedTasks() {
		c.conclude(now, t, proffer.TaskGoneByOperator, proffer.ReasonAgentRemoved, "agent "+string(id)+": "+why)
	}
	c.tellFailure(g, why)
	c.answerQuestions(now)
	return nil
}
