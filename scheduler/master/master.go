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
	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// Master is a master in this process. Make one with [New]; it works while
// [Master.Run] does. It implements [scheduler.Master], and is what agents of
// package executor/agent connect to. All methods are safe for concurrent use.
type Master struct {
	log    *zap.Logger
	clock  clock.Clock
	inputs *mailbox.Mailbox[input]
	ids    atomic.Uint64 // of sessions and links
	ran    atomic.Bool
	closed chan struct{}

	// Of Run alone.
	core     *mastercore.Core
	sessions map[mastercore.SessionID]*session
	links    map[mastercore.LinkID]*link
	touched  []flusher // those with something to deliver
	drains   []*drain
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
	request func(now time.Time)
}

// ErrAlreadyRun means that Run was called a second time.
var ErrAlreadyRun = errors.New("master: Run was called before: make a new master")

// New returns a master without agents and frameworks, or an error that names
// every invalid field of cfg. Nothing happens before [Master.Run].
func New(cfg Config) (*Master, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	core, err := mastercore.New(mastercore.Config{
		Offers: cfg.Offers, IDPrefix: cfg.IDPrefix, KeepCompleted: cfg.KeepCompleted,
	})
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
		log: cfg.Logger, clock: clock.System, core: core,
		inputs:   mailbox.New[input](),
		closed:   make(chan struct{}),
		sessions: make(map[mastercore.SessionID]*session),
		links:    make(map[mastercore.LinkID]*link),
	}, nil
}

// Run does the master's work until ctx ends, and then returns ctx's error.
// Sessions and links end with it. Run is called once.
func (m *Master) Run(ctx context.Context) error {
	if m.ran.Swap(true) {
		return ErrAlreadyRun
	}
	defer m.close()
	timer := m.clock.NewTimer(time.Hour)
	defer timer.Stop()
	var batch []input
	for {
		var err error
		if batch, err = m.inputs.Take(batch); err != nil {
			return err
		}
		m.step(batch)
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
		case <-timer.C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step feeds a batch of inputs to the core and delivers what it decides.
func (m *Master) step(batch []input) {
	now := m.clock.Now()
	for i := range batch {
		switch in := &batch[i]; {
		case in.call != nil:
			m.core.Call(now, in.session, in.call)
		case in.message != nil:
			m.core.FromAgent(now, in.link, in.message)
		default:
			in.request(now)
		}
	}
	m.core.Advance(now)
	m.checkDrains()
	for _, e := range m.core.Effects() {
		m.carryOut(e)
	}
	for _, f := range m.touched {
		f.flush()
	}
	m.touched = m.touched[:0]
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

func (m *Master) close() {
	m.inputs.Close(scheduler.ErrMasterClosed)
	defer close(m.closed)
	if rest, err := m.inputs.Take(nil); err == nil {
		m.step(rest) // whoever waits for an answer gets it
	}
	for _, s := range m.sessions {
		s.events.Close(scheduler.ErrMasterClosed)
	}
	for _, l := range m.links {
		l.messages.Close(scheduler.ErrMasterClosed)
	}
}

// request has f run by the owner of the state.
func (m *Master) request(f func(now time.Time)) error {
	if !m.inputs.Put(input{request: f}) {
		return scheduler.ErrMasterClosed
	}
	return nil
}

// Subscribe implements [scheduler.Master].
func (m *Master) Subscribe(ctx context.Context, framework proffer.FrameworkInfo, terms offers.Subscription) (scheduler.Session, error) {
	s := &session{master: m, id: mastercore.SessionID(m.ids.Add(1)), name: framework.Name, events: mailbox.New[scheduler.Event]()}
	answer := make(chan error, 1)
	err := m.request(func(now time.Time) {
		m.sessions[s.id] = s
		err := m.core.Subscribe(now, s.id, framework, terms)
		if err != nil {
			delete(m.sessions, s.id)
		}
		answer <- err
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
	case <-ctx.Done():
		s.Close()
		return nil, ctx.Err()
	}
}

// ConnectAgent implements the connection of agents; see package
// executor/agent.
func (m *Master) ConnectAgent() (protocol.Link, error) {
	l := &link{master: m, id: mastercore.LinkID(m.ids.Add(1)), messages: mailbox.New[protocol.ToAgent]()}
	if err := m.request(func(time.Time) { m.links[l.id] = l }); err != nil {
		return nil, err
	}
	return l, nil
}
