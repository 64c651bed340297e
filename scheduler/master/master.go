package master

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/internal/writeahead"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/registry"
)

// Master is a master in this process. Make one with [New]; it works while
// [Master.Run] does. It implements [scheduler.Master], and is what agents of
// package executor/agent connect to. All methods are safe for concurrent use.
type Master struct {
	log      *zap.Logger
	clock    clock.Clock
	registry registry.Registry // nil without one
	inputs   *mailbox.Mailbox[input]
	ids      atomic.Uint64 // of sessions and links
	ran      atomic.Bool
	closed   chan struct{}

	// Of Run alone.
	core     *mastercore.Core
	ahead    *writeahead.Log[effect]
	effects  []effect // of the last Take
	decided  []effect // in this step
	answers  []effect // of this step
	sessions map[mastercore.SessionID]*session
	links    map[mastercore.LinkID]*link
	touched  []flusher // those with something to deliver
	waiters  []*waiter
}

var (
	_ scheduler.Master = (*Master)(nil)
	_ protocol.Master  = (*Master)(nil)
)

// input is one thing that arrived: a call of a session, a message on a link,
// or a request, which is a function to run between two steps of the core.
type input struct {
	session mastercore.SessionID
	call    scheduler.Call
	link    mastercore.LinkID
	message protocol.ToMaster
	request func(now time.Time) (answer func())
}

// effect is what is to be done once what it rests on is in the registry: an
// effect of the core, or an answer to somebody who waits.
type effect struct {
	mastercore.Effect
	answer func()
}

// ErrAlreadyRun means that Run was called a second time.
var ErrAlreadyRun = errors.New("master: Run was called before: make a new master")

// New returns a master that goes on where the last one on the same registry
// ended, or an error that names every invalid field of cfg. It reads the
// registry; nothing else happens before [Master.Run].
func New(cfg Config) (*Master, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	core, err := cfg.core()
	if err != nil {
		return nil, err
	}
	for _, role := range slices.Sorted(maps.Keys(cfg.Weights)) {
		if err := core.SetWeight(role, cfg.Weights[role]); err != nil {
			return nil, fmt.Errorf("master: Config.Weights: %w", err)
		}
	}
	for _, role := range slices.Sorted(maps.Keys(cfg.Priorities)) {
		if err := core.SetPriority(role, cfg.Priorities[role]); err != nil {
			return nil, fmt.Errorf("master: Config.Priorities: %w", err)
		}
	}
	if len(cfg.Quotas) > 0 {
		if err := core.SetQuotas(clock.System.Now(), cfg.Quotas); err != nil {
			return nil, fmt.Errorf("master: Config.Quotas: %w", err)
		}
	}
	return &Master{
		log: cfg.Logger, clock: clock.System, core: core, registry: cfg.Registry,
		inputs:   mailbox.New[input](),
		closed:   make(chan struct{}),
		sessions: make(map[mastercore.SessionID]*session),
		links:    make(map[mastercore.LinkID]*link),
	}, nil
}

// Run does the master's work until ctx ends, and then returns ctx's error, or
// until the registry fails, and then returns that of the registry: a master
// that cannot remember must not go on. Sessions and links end with it; the next
// master on the same registry goes on. Run is called once.
func (m *Master) Run(ctx context.Context) (err error) {
	if m.ran.Swap(true) {
		return ErrAlreadyRun
	}
	var store writeahead.Store
	if m.registry != nil {
		store = m.registry
	}
	m.ahead = writeahead.New[effect](store)
	defer func() { err = errors.Join(err, m.close()) }()
	m.ahead.Add(m.core.Changes(), nil) // that it has begun
	timer := m.clock.NewTimer(time.Hour)
	defer timer.Stop()
	var batch []input
	for {
		var err error
		if batch, err = m.inputs.Take(batch); err != nil {
			return err
		}
		if err := m.step(batch); err != nil {
			return err
		}
		if len(batch) > 0 && ctx.Err() == nil {
			continue // more may have come meanwhile
		}
		wait := time.Hour
		if at, ok := m.core.Deadline(); ok {
			wait = max(at.Sub(m.clock.Now()), 0)
		}
		timer.Reset(wait)
		select {
		case <-m.inputs.Ready():
		case <-m.ahead.Ready():
		case <-timer.C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step feeds a batch of inputs to the core and delivers what it decides, or has
// decided before, as far as that is in the registry.
func (m *Master) step(batch []input) error {
	m.feed(batch)
	var err error
	if m.effects, err = m.ahead.Take(m.effects); err != nil {
		return m.failed(err)
	}
	m.deliver()
	return nil
}

func (m *Master) failed(err error) error {
	m.log.Error("the registry fails", zap.Error(err))
	return fmt.Errorf("master: registry: %w", err)
}

func (m *Master) feed(batch []input) {
	now := m.clock.Now()
	for i := range batch {
		switch in := &batch[i]; {
		case in.call != nil:
			m.core.Call(now, in.session, in.call)
		case in.message != nil:
			m.core.FromAgent(now, in.link, in.message)
		default:
			m.answer(in.request(now))
		}
	}
	m.core.Advance(now)
	m.checkWaiters()
	if crashpoint.Armed() {
		hitDecided(batch)
	}
	changes := m.core.Changes()
	effects := m.core.Effects()
	m.decided = slices.Grow(m.decided[:0], len(effects)+len(m.answers))
	for _, e := range effects {
		m.decided = append(m.decided, effect{Effect: e})
	}
	m.decided = append(m.decided, m.answers...)
	m.ahead.Add(changes, m.decided)
	clear(m.decided)
	clear(m.answers)
	m.answers = m.answers[:0]
}

// answer has somebody told, with the effects of this step.
func (m *Master) answer(tell func()) {
	if tell != nil {
		m.answers = append(m.answers, effect{answer: tell})
	}
}

func (m *Master) deliver() {
	armed := crashpoint.Armed()
	for i := range m.effects {
		if armed {
			hitRecorded(&m.effects[i].Effect)
		}
		if e := &m.effects[i]; e.answer != nil {
			e.answer()
		} else {
			m.carryOut(e.Effect)
		}
	}
	for _, f := range m.touched {
		f.flush()
	}
	m.touched = m.touched[:0]
	if armed {
		hitSent(m.effects)
	}
}

// flusher gathers deliveries, so that a queue is locked once a step.
type flusher interface{ flush() }

func (m *Master) carryOut(e mastercore.Effect) {
	if e.Link != 0 {
		if l, ok := m.links[e.Link]; ok {
			if len(l.pending) == 0 {
				m.touched = append(m.touched, l)
			}
			l.pending = append(l.pending, e.Message)
		}
		return
	}
	s, ok := m.sessions[e.Session]
	switch {
	case !ok:
	case e.End != nil:
		m.log.Info("session ended", zap.String("framework", s.name), zap.Error(e.End))
		s.flush()
		s.events.Close(e.End)
		delete(m.sessions, e.Session)
	default:
		if len(s.pending) == 0 {
			m.touched = append(m.touched, s)
		}
		s.pending = append(s.pending, e.Event)
	}
}

func (m *Master) close() error {
	m.inputs.Close(scheduler.ErrMasterClosed)
	defer close(m.closed)
	defer m.ahead.Close()
	var err error
	if rest, closed := m.inputs.Take(nil); closed == nil {
		m.feed(rest) // whoever waits for an answer gets it
		if m.effects, err = m.ahead.Flush(m.effects); err == nil {
			m.deliver()
		}
	}
	for _, s := range m.sessions {
		s.events.Close(scheduler.ErrMasterClosed)
	}
	for _, l := range m.links {
		l.messages.Close(scheduler.ErrMasterClosed)
	}
	return err
}

// request has f run by the owner of the state, and the answer that it returns
// when what it did is in the registry.
func (m *Master) request(f func(now time.Time) (answer func())) error {
	if !m.inputs.Put(input{request: f}) {
		return scheduler.ErrMasterClosed
	}
	return nil
}

// Subscribe implements [scheduler.Master].
func (m *Master) Subscribe(ctx context.Context, framework proffer.FrameworkInfo, terms offers.Subscription) (scheduler.Session, error) {
	s := &session{master: m, id: mastercore.SessionID(m.ids.Add(1)), name: framework.Name, events: mailbox.New[scheduler.Event]()}
	answer := make(chan error, 1)
	err := m.request(func(now time.Time) func() {
		m.sessions[s.id] = s
		err := m.core.Subscribe(now, s.id, framework, terms)
		if err != nil {
			delete(m.sessions, s.id)
		}
		return func() { answer <- err }
	})
	if err != nil {
		return nil, err
	}
	select {
	case err := <-answer:
		if err != nil {
			return nil, err
		}
		return s, nil
	case <-m.closed:
		return nil, scheduler.ErrMasterClosed
	case <-ctx.Done():
		s.Close()
		return nil, ctx.Err()
	}
}

// ConnectAgent implements the connection of agents; see package
// executor/agent.
func (m *Master) ConnectAgent() (protocol.Link, error) {
	l := &link{master: m, id: mastercore.LinkID(m.ids.Add(1)), messages: mailbox.New[protocol.ToAgent]()}
	if err := m.request(func(time.Time) func() { m.links[l.id] = l; return nil }); err != nil {
		return nil, err
	}
	return l, nil
}
