package schedulertest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proffer-go/proffer"
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
	master master
	agents []*agent
	byID   map[proffer.AgentID]*agent

	programs []*Framework // that have not ended
	watched  []*Framework // those of programs whose context can end
	awaiting []*Framework // those that can see whether the master can be reached
	current  *Framework   // that works now
	closed   bool
	launched int // frameworks so far

	// mu guards what drivers may reach from goroutines of their own.
	mu     sync.Mutex
	ids    uint64 // of connections
	inputs []input
	due    bool       // the master is to advance without an input
	told   []*agent   // by the master, which have not acted on it yet
	ready  []*session // with something to receive, in order
	stats  Stats
	spare  []input

	refusals []error // of agents that the master did not admit

	faults    Faults // in force
	random    *rand.Rand
	chaos     chaos
	history   *history // nil when nothing is checked
	violation error
}

var _ scheduler.Master = (*Cluster)(nil)

// input is one thing that has come to an end of a connection and waits for its
// turn: a message to the master, or that the end at which the way leads has
// been closed.
type input struct {
	conn    *connection
	message any
	closed  Way
	why     string
}

// New returns a cluster whose agents have registered, or an error that names
// every invalid field of cfg.
func New(cfg Config) (*Cluster, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Cluster{cfg: cfg, random: rand.New(rand.NewPCG(cfg.Seed, 0)), byID: make(map[proffer.AgentID]*agent)}
	if !cfg.Unchecked {
		c.history = newHistory(c)
	}
	c.master.init(c)
	c.chaos.init(c)
	if err := c.master.start(); err != nil {
		if strings.HasPrefix(err.Error(), "schedulertest") {
			return nil, err
		}
		return nil, fmt.Errorf("schedulertest: Config.Offers: %w", err)
	}
	for i, info := range cfg.Agents {
		g := newAgent(c, i+1, info)
		c.agents = append(c.agents, g)
		c.byID[info.ID] = g
		g.start()
	}
	c.settle()
	if err := errors.Join(c.refusals...); err != nil {
		return nil, err
	}
	c.faults = cfg.Faults
	c.chaos.begin()
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
	c.drainTold()
	for len(c.inputs) > 0 || c.due {
		c.due = false
		batch := c.inputs
		c.inputs = c.spare[:0]
		for i := range batch {
			c.take(&batch[i])
		}
		clear(batch)
		c.spare = batch
		c.master.advance()
	}
}

func (c *Cluster) take(in *input) {
	switch {
	case in.closed != FromMaster:
		c.master.take(in)
	case in.conn.agent != nil:
		if in.conn.agent.conn == nil { // it has no other meanwhile
			in.conn.agent.disconnected()
		}
	default:
		in.conn.session.lost(in.why)
	}
}

// drainTold lets the agents act that the master has told something.
func (c *Cluster) drainTold() {
	for _, g := range c.told {
		g.told = false
		g.drain()
	}
	clear(c.told)
	c.told = c.told[:0]
}
