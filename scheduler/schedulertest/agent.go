package schedulertest

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
)

// What a simulated agent allows things to take: the defaults of a real one.
const (
	statusRetryMin      = 10 * time.Second
	statusRetryMax      = 10 * time.Minute
	registrationTimeout = time.Minute
	shutdownGrace       = 5 * time.Second
	killStuckAfter      = 30 * time.Second
)

// What the master does.
const (
	agentTimeout      = 75 * time.Second
	reregisterTimeout = 10 * time.Minute
)

// agent is a real agent's state machine over simulated containers. All is
// guarded by the cluster's mutex.
type agent struct {
	cluster *Cluster
	id      proffer.AgentID
	link    mastercore.LinkID
	core    *agentcore.Core
	runs    map[agentcore.RunID]simulated
	alarm   timer              // when core has something to do
	told    bool               // by the master, in this step
	effects []agentcore.Effect // a copy, as carrying one out makes others
}

// simulated is a run: a command's container, or an executor.
type simulated interface {
	// end has it end at once.
	end(exit proffer.ExitStatus)
}

func newAgent(c *Cluster, link mastercore.LinkID, info proffer.AgentInfo) *agent {
	g := &agent{
		cluster: c, id: info.ID, link: link,
		core: agentcore.New(agentcore.Config{
			Info:           info,
			StatusRetryMin: statusRetryMin, StatusRetryMax: statusRetryMax,
			RegistrationTimeout: registrationTimeout, ShutdownGrace: shutdownGrace, KillStuckAfter: killStuckAfter,
		}),
		runs: make(map[agentcore.RunID]simulated),
	}
	g.alarm.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		g.core.Advance(c.Now())
		g.drain()
	}
	return g
}

// deliver takes a message from the master; drain is to follow. It returns
// whether it is the first one of this step.
func (g *agent) deliver(m protocol.ToAgent) bool {
	switch m := m.(type) {
	case *protocol.Registered:
		g.id = m.AgentID
	case *protocol.Refused:
		g.cluster.refused = append(g.cluster.refused, refusal(g.id, m.Message))
	}
	g.core.FromMaster(g.cluster.Now(), m)
	first := !g.told
	g.told = true
	return first
}

// drain does what the core wants done until it wants nothing more.
func (g *agent) drain() {
	for {
		g.effects = append(g.effects[:0], g.core.Effects()...)
		if len(g.effects) == 0 {
			break
		}
		for i := range g.effects {
			g.carryOut(&g.effects[i])
		}
		clear(g.effects)
	}
	if at, ok := g.core.Deadline(); ok {
		g.wake(at.Sub(g.cluster.cfg.Start))
	} else {
		g.cluster.timers.stop(&g.alarm)
	}
}

func (g *agent) wake(at time.Duration) {
	if !g.alarm.Set() || g.alarm.at != at {
		g.cluster.timers.set(&g.alarm, at)
	}
}

func (g *agent) carryOut(e *agentcore.Effect) {
	switch {
	case e.Message != nil:
		g.cluster.inputs = append(g.cluster.inputs, input{agent: g, message: e.Message})
		return
	case e.Note != nil:
		g.note(e.Note)
		return
	}
	switch e.Action {
	case agentcore.StartCommand:
		g.startCommand(e.Run, e.Start)
	case agentcore.StartExecutor:
		g.startExecutor(e.Run)
	case agentcore.Tell:
		if x, ok := g.runs[e.Run].(*simulatedExecutor); ok {
			x.handle(e.Event)
		}
	case agentcore.Terminate:
		g.signal(e.Run, terminated)
	case agentcore.Kill:
		g.signal(e.Run, killed)
	case agentcore.StartProbes:
		if k, ok := g.runs[e.Run].(*container); ok {
			k.probe()
		}
	default: // probes need no end: there is one of each
	}
}

func (g *agent) signal(id agentcore.RunID, exit proffer.ExitStatus) {
	if r, ok := g.runs[id]; ok {
		r.end(exit)
	}
}

// report tells the core what became of a run; drain is to follow.
func (g *agent) report(id agentcore.RunID, r agentcore.Report) {
	g.core.Report(g.cluster.Now(), id, r)
}
