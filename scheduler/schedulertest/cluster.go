package schedulertest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

// Cluster is a master with simulated agents on a virtual clock. Make one with
// [New], start frameworks with [Cluster.Go] and let time pass with
// [Cluster.Run] and its like. It is the [scheduler.Master] of its frameworks.
//
// A Cluster belongs to one goroutine at a time, but for Now, which may be
// called from any.
type Cluster struct {
	cfg    Config
	now    atomic.Int64 // nanoseconds since the start
	timers timers
	agents []*agent

	masterDue timer // never set: the master tells its deadline itself

	programs []*Framework // that have not ended
	watched  []*Framework // those of programs whose context can end
	current  *Framework   // that works now
	closed   bool
	launched int // frameworks so far

	// mu guards what drivers may reach from goroutines of their own.
	mu       sync.Mutex
	core     *mastercore.Core
	ids      uint64 // of sessions and links
	inputs   []input
	due      bool // the master is to advance without an input
	sessions map[mastercore.SessionID]*session
	ready    []*session // with something to receive, in order
	refused  []error    // agents that the master did not admit
	stats    Stats
	spare    []input
}

var _ scheduler.Master = (*Cluster)(nil)

// input is one thing on its way to the master: a call of a session, or a
// message of an agent.
type input struct {
	session mastercore.SessionID
	call    scheduler.Call
	agent   *agent
	message protocol.ToMaster
}

// New returns a cluster whose agents have registered, or an error that names
// every invalid field of cfg.
func New(cfg Config) (*Cluster, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	core, err := mastercore.New(mastercore.Config{Offers: cfg.Offers, KeepCompleted: cfg.KeepCompleted, AgentTimeout: agentTimeout, ReregisterTimeout: reregisterTimeout})
	if err != nil {
		return nil, fmt.Errorf("schedulertest: Config.Offers: %w", err)
	}
	c := &Cluster{cfg: cfg, core: core, sessions: make(map[mastercore.SessionID]*session)}
	c.masterDue.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.advance(c.Now())
	}
	for _, role := range cfg.roles() {
		if err := core.SetWeight(role, cfg.Weights[role]); err != nil {
			return nil, fmt.Errorf("schedulertest: Config.Weights: %w", err)
		}
	}
	for _, info := range cfg.Agents {
		c.ids++
		g := newAgent(c, mastercore.LinkID(c.ids), info)
		c.agents = append(c.agents, g)
		g.core.Connected()
		g.drain()
	}
	c.settle()
	if err := errors.Join(c.refused...); err != nil {
		return nil, err
	}
	return c, nil
}

// Now returns the time on the cluster's clock.
func (c *Cluster) Now() time.Time { return c.cfg.Start.Add(c.elapsed()) }

func (c *Cluster) elapsed() time.Duration { return time.Duration(c.now.Load()) }

// Stats returns what has happened so far.
func (c *Cluster) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// At has f called when the clock comes to t, after what the cluster itself does
// at that time; at once, in this sense, if t has passed. Functions of the same
// time are called in the order in which they were scheduled. It may be called
// from callbacks, and f may call drivers.
func (c *Cluster) At(t time.Time, f func()) {
	c.timers.set(&timer{test: true, fire: f}, max(t.Sub(c.cfg.Start), c.elapsed()))
}

// After has f called when d has passed, see [Cluster.At].
func (c *Cluster) After(d time.Duration, f func()) { c.At(c.Now().Add(d), f) }

// Close ends the cluster: the programs of all frameworks return, drivers with
// [scheduler.ErrMasterClosed]. It waits for them. Closing twice is closing
// once; from a callback it is [ErrInCallback].
func (c *Cluster) Close() error {
	if c.current != nil {
		return fmt.Errorf("close: %w", ErrInCallback)
	}
	c.closed = true
	for len(c.programs) > 0 {
		c.programs[0].end()
	}
	return nil
}

// settle has the master and the agents answer one another until neither has
// anything left to say.
func (c *Cluster) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.inputs) > 0 || c.due {
		c.due = false
		batch := c.inputs
		c.inputs = c.spare[:0]
		now := c.Now()
		for i := range batch {
			if in := &batch[i]; in.agent != nil {
				c.core.FromAgent(now, in.agent.link, in.message)
			} else {
				c.watchCall(in.call)
				c.core.Call(now, in.session, in.call)
			}
		}
		clear(batch)
		c.spare = batch
		c.advance(now)
	}
}

// advance has the master do what is due and delivers what it says.
func (c *Cluster) advance(now time.Time) {
	c.core.Advance(now)
	c.deliver()
}

// deliver carries out what the master wants done.
func (c *Cluster) deliver() {
	var told []*agent
	for _, e := range c.core.Effects() {
		if e.Link != 0 {
			if g := c.agentOf(e.Link); g.deliver(e.Message) {
				told = append(told, g)
			}
			continue
		}
		c.tell(e)
	}
	for _, g := range told {
		g.told = false
		g.drain()
	}
}

// agentOf returns the agent of a link. Links are numbered like agents, before
// there is any session.
func (c *Cluster) agentOf(id mastercore.LinkID) *agent { return c.agents[id-1] }

func (c *Cluster) tell(e mastercore.Effect) {
	s, ok := c.sessions[e.Session]
	if !ok {
		return // it was closed
	}
	if e.End != nil {
		s.ended = e.End
		delete(c.sessions, e.Session)
	} else {
		c.watchEvent(e.Event)
		s.pending = append(s.pending, e.Event)
	}
	if !s.queued {
		s.queued = true
		c.ready = append(c.ready, s)
	}
}
