package schedulertest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

// What the master does: the defaults of a real one.
const (
	agentTimeout      = 75 * time.Second
	reregisterTimeout = 10 * time.Minute
)

// master is a real master's state machine, with what outlives it: its registry
// and the fact that others know where it is. All is guarded by the cluster's
// mutex.
type master struct {
	cluster     *Cluster
	core        *mastercore.Core // nil while it is down
	registry    store[mastercore.Effect]
	connections map[uint64]*connection // whose end here is open
	skew        time.Duration          // of its clock
	nextSkew    time.Duration          // after the next restart
	due         timer                  // never set: the master tells its deadline itself
}

func (m *master) init(c *Cluster) {
	m.cluster, m.connections = c, make(map[uint64]*connection)
	m.registry = store[mastercore.Effect]{
		cluster: c, name: "the registry", carryOut: m.carryOut, wrote: func() func() { return func() {} }, after: c.drainTold, crash: m.crash,
		risk: func(f *Faults) float64 { return f.MasterCrashStep },
	}
	m.registry.init()
	m.due.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		m.advance()
	}
}

// now is the time on the master's clock.
func (m *master) now() time.Time { return m.cluster.Now().Add(m.skew) }

// start begins a master on what its registry has.
func (m *master) start() error {
	c := m.cluster
	cfg := mastercore.Config{
		Offers: c.cfg.Offers, KeepCompleted: c.cfg.KeepCompleted,
		AgentTimeout: agentTimeout, ReregisterTimeout: reregisterTimeout,
	}
	m.skew = m.nextSkew
	var core *mastercore.Core
	var err error
	if c.cfg.Forgetful {
		core, err = mastercore.New(cfg)
	} else {
		core, err = mastercore.Recover(cfg, m.now(), maps.Clone(m.registry.records))
	}
	if err != nil {
		return err
	}
	m.core = core
	for _, role := range c.cfg.roles() {
		if err := core.SetWeight(role, c.cfg.Weights[role]); err != nil {
			return fmt.Errorf("schedulertest: Config.Weights: %w", err)
		}
	}
	m.step()
	return nil
}

// crash ends the master, as a killed process: what it did not write is lost.
func (m *master) crash(why string) {
	if m.core == nil {
		return
	}
	c := m.cluster
	c.happens("master", "crashes: "+why, nil)
	c.stats.MasterCrashes++
	m.core = nil
	m.registry.lose()
	for _, id := range slices.Sorted(maps.Keys(m.connections)) {
		m.connections[id].closeMaster()
	}
	if c.history != nil {
		c.history.masterEnded()
	}
	c.chaos.masterDown()
}

// take gives the master what has arrived.
func (m *master) take(in *input) {
	switch {
	case m.core == nil:
	case in.closed != 0 && in.conn.agent != nil:
		m.core.Unlink(m.now(), mastercore.LinkID(in.conn.id))
	case in.closed != 0:
		m.core.Disconnect(m.now(), mastercore.SessionID(in.conn.id))
		m.ended(in.conn)
	case !in.conn.masterOpen:
	case in.conn.agent != nil:
		m.core.FromAgent(m.now(), mastercore.LinkID(in.conn.id), in.message.(protocol.ToMaster))
	default:
		if h := m.cluster.history; h != nil {
			h.answered(in.message.(scheduler.Call))
		}
		m.cluster.watchCall(in.message.(scheduler.Call))
		m.core.Call(m.now(), mastercore.SessionID(in.conn.id), in.message.(scheduler.Call))
	}
}

func (m *master) ended(conn *connection) {
	if h := m.cluster.history; h != nil {
		h.sessionEnded(conn)
	}
}

// advance has the master do what is due.
func (m *master) advance() {
	if m.core != nil {
		m.core.Advance(m.now())
		m.step()
	}
}

// step makes durable what the master wants remembered, and carries out what it
// wants done.
func (m *master) step() {
	m.registry.commit(m.core.Changes(), m.core.Effects())
	m.cluster.drainTold()
}

func (m *master) carryOut(effects []mastercore.Effect) {
	for i := range effects {
		e := &effects[i]
		id := uint64(e.Link)
		if id == 0 {
			id = uint64(e.Session)
		}
		conn, ok := m.connections[id]
		if h := m.cluster.history; h != nil {
			h.effect(conn, e.Event)
		}
		switch {
		case !ok: // it has been closed meanwhile
		case e.End != nil:
			conn.toPeer.post(&scheduler.ErrorEvent{Err: e.End})
			conn.closeMaster()
			m.ended(conn)
		case e.Link != 0:
			conn.toPeer.post(e.Message)
		default:
			m.cluster.watchEvent(e.Event)
			conn.toPeer.post(e.Event)
		}
		if m.core == nil {
			return // it has crashed of what that caused
		}
	}
}

// deadline returns when the master has something to do.
func (m *master) deadline() (time.Duration, bool) {
	if m.core == nil {
		return 0, false
	}
	at, ok := m.core.Deadline()
	return max(at.Add(-m.skew).Sub(m.cluster.cfg.Start), m.cluster.elapsed()), ok
}

// reachable reports whether the peer can reach the master.
func (m *master) reachable(p *peer) bool { return m.core != nil && p.cut == 0 }
