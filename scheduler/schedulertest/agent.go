package schedulertest

import (
	"maps"
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
)

// What a simulated agent allows things to take: the defaults of a real one.
const (
	statusRetryMin      = 10 * time.Second
	statusRetryMax      = 10 * time.Minute
	registrationTimeout = time.Minute
	shutdownGrace       = 5 * time.Second
	killStuckAfter      = 30 * time.Second

	reregistrationTimeout = 10 * time.Second
)

// agent is a real agent's state machine, with what outlives it: its checkpoint
// and its machine. All is guarded by the cluster's mutex.
type agent struct {
	peer
	cluster    *Cluster
	number     int
	info       proffer.AgentInfo
	id         proffer.AgentID // also of one that is down
	core       *agentcore.Core // nil while it is down
	checkpoint store[agentcore.Effect]
	machine    machine
	skew       time.Duration      // of its clock
	nextSkew   time.Duration      // after the next restart
	alarm      timer              // when core has something to do
	reconnect  timer              // when it tries to reach the master
	told       bool               // by the master, in this step
	effects    []agentcore.Effect // a copy, as carrying one out makes others
	acks       []ack              // that it was told and has not written yet
	links      uint64             // connections since its start
	refused    bool               // by the master: it does not come back
}

func newAgent(c *Cluster, number int, info proffer.AgentInfo) *agent {
	g := &agent{cluster: c, number: number, id: info.ID, info: info}
	g.name = string(info.ID)
	if g.name == "" {
		g.name = "agent " + strconv.Itoa(number)
	}
	g.machine.init(g)
	g.checkpoint = store[agentcore.Effect]{
		cluster: c, name: "the checkpoint of " + g.name, carryOut: g.carryOut, wrote: g.keepAcks, after: g.drain, crash: g.crash,
		risk: func(f *Faults) float64 { return f.AgentCrashStep },
	}
	g.checkpoint.init()
	g.alarm.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		g.core.Advance(g.now())
		g.drain()
	}
	g.reconnect.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		g.connect()
	}
	return g
}

// now is the time on the agent's clock.
func (g *agent) now() time.Time { return g.cluster.Now().Add(g.skew) }

// start begins an agent on what its checkpoint has and its machine runs.
func (g *agent) start() {
	if g.core != nil || g.refused {
		return
	}
	c := g.cluster
	g.skew, g.links = g.nextSkew, 0
	cfg := agentcore.Config{
		Info: g.info, Instance: "i" + strconv.Itoa(g.number), BootID: "boot-" + strconv.Itoa(g.machine.boots),
		Uptime:         c.elapsed() - g.machine.booted,
		StatusRetryMin: statusRetryMin, StatusRetryMax: statusRetryMax,
		RegistrationTimeout: registrationTimeout, ReregistrationTimeout: reregistrationTimeout,
		ShutdownGrace: shutdownGrace, KillStuckAfter: killStuckAfter,
	}
	if c.cfg.Forgetful {
		g.core = agentcore.New(cfg)
	} else {
		core, err := agentcore.Recover(cfg, g.now(), maps.Clone(g.checkpoint.records), g.machine.found())
		if err != nil {
			c.violated("%s cannot be started again: %v", g.name, err)
			return
		}
		g.core = core
	}
	c.happens(g.name, "starts", nil)
	g.drain()
	g.connect()
}

// connect opens a connection to the master. While that cannot be reached the
// agent waits: the cluster tells when it can.
func (g *agent) connect() {
	if g.core == nil || g.conn != nil || !g.cluster.master.reachable(&g.peer) {
		return
	}
	conn := g.cluster.connect(&g.peer)
	conn.agent = g
	g.links++
	g.core.Connected()
	g.drain()
}

// disconnected tells that the connection has ended.
func (g *agent) disconnected() {
	if g.core == nil {
		return
	}
	g.core.Disconnected()
	g.drain()
	g.reachAgain()
}

// reachAgain has the agent try to reach the master in a moment.
func (g *agent) reachAgain() {
	if g.core != nil && g.conn == nil && !g.reconnect.Set() {
		g.cluster.timers.set(&g.reconnect, g.cluster.elapsed()+g.cluster.pause())
	}
}

// crash ends the agent, as a killed process: what it runs goes on.
func (g *agent) crash(why string) {
	if g.core != nil {
		g.cluster.stats.AgentCrashes++
		g.stop("crashes: "+why, false)
	}
}

// stop ends the agent; silently, as when its machine loses its power.
func (g *agent) stop(why string, silently bool) {
	if g.core == nil {
		return
	}
	c := g.cluster
	c.happens(g.name, why, nil)
	g.core = nil
	g.checkpoint.lose()
	g.machine.detach()
	c.timers.stop(&g.alarm)
	c.timers.stop(&g.reconnect)
	if g.conn != nil {
		g.conn.closePeer(silently)
	}
	if c.history != nil {
		c.history.agentEnded(g)
	}
	c.chaos.agentDown(g)
}

// arrived takes a message from the master; drain is to follow.
func (g *agent) arrived(message any) {
	switch m := message.(type) {
	case *protocol.Registered:
		g.id, g.name = m.AgentID, string(m.AgentID)
		g.cluster.byID[g.id] = g
	case *protocol.Refused:
		g.cluster.refusals = append(g.cluster.refusals, refusal(g.id, m.Message))
		g.refused = true
		if m.Shutdown {
			g.machine.clear()
		}
		g.stop("is refused: "+m.Message, false)
		return
	}
	g.core.FromMaster(g.now(), message.(protocol.ToAgent))
	if h := g.cluster.history; h != nil {
		h.reached(g, message)
	}
	if !g.told {
		g.told = true
		g.cluster.told = append(g.cluster.told, g)
	}
}

// drain does what the core wants done until it wants nothing more.
func (g *agent) drain() {
	for g.core != nil {
		changes := g.core.Changes()
		g.effects = append(g.effects[:0], g.core.Effects()...)
		if len(changes)+len(g.effects) == 0 {
			break
		}
		g.checkpoint.commit(changes, g.effects)
		clear(g.effects)
	}
	if g.core == nil {
		return
	}
	if g.cluster.cfg.Forgetful {
		g.keepAcks()()
	}
	if at, ok := g.core.Deadline(); ok {
		g.wake(at.Add(-g.skew).Sub(g.cluster.cfg.Start))
	} else {
		g.cluster.timers.stop(&g.alarm)
	}
}

// keepAcks is called when what the agent was told is durable, and what it
// returns when it has acted on everything before.
func (g *agent) keepAcks() func() {
	if len(g.acks) == 0 {
		return func() {}
	}
	acks := g.acks
	g.acks = nil
	return func() { g.cluster.history.kept(acks) }
}

func (g *agent) wake(at time.Duration) {
	if !g.alarm.Set() || g.alarm.at != at {
		g.cluster.timers.set(&g.alarm, at)
	}
}

func (g *agent) carryOut(effects []agentcore.Effect) {
	for i := range effects {
		g.do(&effects[i])
		if g.core == nil {
			return // it has crashed of what that caused
		}
	}
}

func (g *agent) do(e *agentcore.Effect) {
	switch {
	case e.Message != nil:
		if g.conn != nil && e.Number == g.links {
			g.conn.toMaster.post(e.Message)
		}
		return
	case e.Note != nil:
		g.note(e.Note)
		return
	}
	switch e.Action {
	case agentcore.StartCommand:
		g.machine.startCommand(e.Run, e.Start)
	case agentcore.StartExecutor:
		g.machine.startExecutor(e.Run, e.Start)
	case agentcore.Adopt:
		g.machine.adopt(e.Run, e.Start.Container)
	case agentcore.Remove:
		delete(g.machine.boxes, e.Start.Container)
	case agentcore.Tell:
		if x, ok := g.machine.runs[e.Run].(*simulatedExecutor); ok {
			x.handle(e.Event)
		}
	case agentcore.Confirm:
		if x, ok := g.machine.runs[e.Run].(*simulatedExecutor); ok {
			x.confirmed(e.Number)
		}
	case agentcore.Terminate:
		g.machine.signal(e.Run, terminated)
	case agentcore.Kill:
		g.machine.signal(e.Run, killed)
	case agentcore.StartProbes:
		if k, ok := g.machine.runs[e.Run].(*container); ok {
			k.probe()
		}
	case agentcore.StopProbes:
		if k, ok := g.machine.runs[e.Run].(*container); ok {
			g.cluster.timers.stop(&k.health)
		}
	case agentcore.NoAction:
	}
}

// report tells the core what became of a run; drain is to follow.
func (g *agent) report(id agentcore.RunID, r agentcore.Report) {
	if g.core != nil {
		g.core.Report(g.now(), id, r)
	}
}
