// Package mastercore is the core of the master: a state machine of frameworks,
// agents and tasks around the allocator. It has no goroutine, lock, clock or
// I/O. Its owner (the master, a simulator, a test) feeds it what arrives, with
// the time, calls Advance when Deadline has come, and carries out the effects.
//
// A Core belongs to one goroutine at a time.
package mastercore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
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

// Core is the state of a master.
type Core struct {
	cfg       Config
	allocator *offers.Allocator

	frameworks map[proffer.FrameworkID]*framework
	sessions   map[SessionID]*framework
	removed    ring[proffer.FrameworkID] // frameworks that are gone for good

	agents map[proffer.AgentID]*agent
	links  map[LinkID]*agent

	failovers     []*framework // disconnected ones, waiting for their time-out
	nextFramework uint64
	nextAgent     uint64
	nextTask      uint64
	effects       []Effect
	offered       []*framework // those with a batch, in the order of their first offer
}

// New returns a core without agents and frameworks.
func New(cfg Config) (*Core, error) {
	cfg.Offers.IDPrefix = cfg.IDPrefix + "O"
	a, err := offers.New(cfg.Offers)
	if err != nil {
		return nil, err
	}
	return &Core{
		cfg: cfg, allocator: a,
		frameworks: make(map[proffer.FrameworkID]*framework),
		sessions:   make(map[SessionID]*framework),
		removed:    newRing[proffer.FrameworkID](cfg.KeepCompleted),
		agents:     make(map[proffer.AgentID]*agent),
		links:      make(map[LinkID]*agent),
	}, nil
}

// Deadline returns when Advance has something to do, and false if only a
// further input can change that.
func (c *Core) Deadline() (time.Time, bool) {
	at, ok := c.allocator.Deadline()
	for _, f := range c.failovers {
		if !ok || f.expires.Before(at) {
			at, ok = f.expires, true
		}
	}
	return at, ok
}

// Advance does what is due at now. It is to be called after every batch of
// inputs, too: what they caused in the allocator is delivered by it.
func (c *Core) Advance(now time.Time) {
	for i := 0; i < len(c.failovers); {
		if f := c.failovers[i]; !f.expires.After(now) {
			c.remove(now, f) // takes it out of the list
			continue
		}
		i++
	}
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

// send delivers a message to an agent that is connected.
func (c *Core) send(g *agent, m protocol.ToAgent) {
	c.effects = append(c.effects, Effect{Link: g.link, Message: m})
}

// mustRelease is for what the core's own books say is in use; that the
// allocator's say otherwise is a bug of ours.
func (c *Core) mustRelease(now time.Time, g *agent, u offers.Usage) {
	if err := c.allocator.Release(now, g.info.ID, u); err != nil {
		panic(fmt.Sprintf("mastercore: %v", err))
	}
}

func (c *Core) newID(kind string, n *uint64) string {
	*n++
	return c.cfg.IDPrefix + kind + strconv.FormatUint(*n, 10)
}
