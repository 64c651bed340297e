// Package mastercore is the core of the master: a state machine of frameworks,
// agents and tasks around the allocator. It has no goroutine, lock, clock or
// I/O. Its owner (the master, a simulator, a test) feeds it what arrives, with
// the time, calls Advance when Deadline has come, and carries out the effects.
//
// A Core belongs to one goroutine at a time.
package mastercore

import (
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/internal/store"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// The owner numbers sessions and links, from 1, and never uses one twice.
type (
	// SessionID names a session of a framework.
	SessionID uint64
	// LinkID names a connection of an agent.
	LinkID uint64
)

// Config configures a Core.
type Config struct {
	Offers offers.Config // of the allocator

	// IDPrefix begins the ids of frameworks, agents and offers, so that those
	// of one master are never those of another.
	IDPrefix string

	// AgentTimeout is from the break of an agent's link until the agent is
	// unreachable; ReregisterTimeout from a restart of the master until agents
	// that have not come back are.
	AgentTimeout, ReregisterTimeout time.Duration

	// KeepCompleted is how many ended frameworks, and ended task ids of each
	// framework, are remembered to refuse their reuse.
	KeepCompleted int
}

// Effect is one thing for the owner to do, in order: to deliver an event to a
// session, or a message on a link. End, with a session, ends it with that
// error after what was delivered before.
type Effect struct {
	Session SessionID
	Event   scheduler.Event
	End     error

	Link    LinkID
	Message protocol.ToAgent
}

// Core is the state of a master. What has to outlive it is in its [Changes],
// which are to be durable before the effects of the same step are carried out.
type Core struct {
	cfg       Config
	allocator *offers.Allocator

	frameworks map[proffer.FrameworkID]*framework
	sessions   map[SessionID]*framework
	removed    ring[proffer.FrameworkID, struct{}] // frameworks that are gone for good

	agents    map[proffer.AgentID]*agent
	instances map[string]*agent // by the name that they have given themselves
	links     map[LinkID]*agent

	roles    map[string]*role // of which operators want something
	alarms   due.Alarms
	removals uint64 // of frameworks, so far

	nextFramework uint64
	nextAgent     uint64
	nextTask      uint64
	incarnation   uint64 // of the master on this registry, from 1

	durable bool // there is a registry
	changes store.Changes
	effects []Effect
	offered []*framework // those with a batch, in the order of their first offer
}

// New returns a core without agents and frameworks, which forgets everything
// when it ends.
func New(cfg Config) (*Core, error) { return newCore(cfg, cfg.IDPrefix+"O") }

func newCore(cfg Config, offerPrefix string) (*Core, error) {
	cfg.Offers.IDPrefix = offerPrefix
	a, err := offers.New(cfg.Offers)
	if err != nil {
		return nil, err
	}
	return &Core{
		cfg: cfg, allocator: a,
		frameworks: make(map[proffer.FrameworkID]*framework),
		sessions:   make(map[SessionID]*framework),
		removed:    newRing[proffer.FrameworkID, struct{}](cfg.KeepCompleted),
		agents:     make(map[proffer.AgentID]*agent),
		instances:  make(map[string]*agent),
		links:      make(map[LinkID]*agent),
		roles:      make(map[string]*role),
	}, nil
}

// Deadline returns when Advance has something to do, and false if only a
// further input can change that.
func (c *Core) Deadline() (time.Time, bool) {
	at, ok := c.allocator.Deadline()
	if alarm, set := c.alarms.Next(); set && (!ok || alarm.Before(at)) {
		return alarm, true
	}
	return at, ok
}

// Advance does what is due at now. It is to be called after every batch of
// inputs, too: what they caused in the allocator is delivered by it.
func (c *Core) Advance(now time.Time) {
	c.alarms.RingUntil(now)
	changes := c.allocator.Advance(now)
	for _, o := range changes.Rescinded {
		if f := c.frameworks[o.FrameworkID]; f != nil {
			c.tell(f, &scheduler.RescindEvent{OfferID: o.ID})
		}
	}
	for _, o := range changes.RescindedInverse {
		if f := c.frameworks[o.FrameworkID]; f != nil {
			c.tell(f, &scheduler.RescindInverseEvent{ID: o.ID})
		}
	}
	for _, o := range changes.InverseOffers {
		c.tell(c.frameworks[o.FrameworkID], &scheduler.InverseOfferEvent{Offer: o})
	}
	for _, e := range changes.Evictions {
		c.evict(e)
	}
	for _, o := range changes.Offers {
		f := c.frameworks[o.FrameworkID]
		if len(f.batch) == 0 {
			c.offered = append(c.offered, f)
		}
		f.batch = append(f.batch, o)
	}
	for _, f := range c.offered {
		c.tell(f, &scheduler.OffersEvent{Offers: f.batch})
		f.batch = nil
	}
	c.offered = c.offered[:0]
}

// Effects returns what is to be done since the last call. The slice is good
// until the next input.
func (c *Core) Effects() []Effect {
	effects := c.effects
	c.effects = c.effects[:0]
	return effects
}

// Explain tells why the framework of a session is not offered wanted.
func (c *Core) Explain(id SessionID, wanted resources.Resources) (offers.Explanation, error) {
	f, ok := c.sessions[id]
	if !ok {
		return offers.Explanation{}, scheduler.ErrNotSubscribed
	}
	return c.allocator.Explain(f.info.ID, wanted)
}

// tell delivers an event to a framework that is connected.
func (c *Core) tell(f *framework, e scheduler.Event) {
	if f.session != 0 {
		c.effects = append(c.effects, Effect{Session: f.session, Event: e})
	}
}

// newID returns an id of a kind that is not in use, whatever became of the
// record of those that were given out.
func (c *Core) newID(kind string, n *uint64, used func(id string) bool) string {
	for {
		*n++
		if id := c.cfg.IDPrefix + kind + strconv.FormatUint(*n, 10); !used(id) {
			c.recordMaster()
			return id
		}
	}
}
