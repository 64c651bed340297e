package master

import (
	"context"
	"sync"
	"time"

	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// session is the framework's end of its subscription.
type session struct {
	master   *Master
	id       mastercore.SessionID
	name     string // of the framework
	events   *mailbox.Mailbox[scheduler.Event]
	received []scheduler.Event // of Receive alone
	pending  []scheduler.Event // of the master's Run alone
	closing  sync.Once
}

var _ scheduler.Session = (*session)(nil)

// Send implements [scheduler.Session].
func (s *session) Send(call scheduler.Call) error {
	if !s.master.inputs.Put(input{session: s.id, call: call}) {
		return scheduler.ErrMasterClosed
	}
	return nil
}

// Receive implements [scheduler.Session].
func (s *session) Receive(ctx context.Context, wait bool) ([]scheduler.Event, error) {
	var err error
	if wait {
		s.received, err = s.events.Receive(ctx.Done(), s.received)
	} else {
		s.received, err = s.events.Take(s.received)
	}
	if err != nil {
		return nil, err
	}
	return s.received, nil
}

// Explain implements [scheduler.Session].
func (s *session) Explain(ctx context.Context, wanted resources.Resources) (offers.Explanation, error) {
	type result struct {
		explanation offers.Explanation
		err         error
	}
	answer := make(chan result, 1)
	err := s.master.request(func(time.Time) func() {
		e, err := s.master.core.Explain(s.id, wanted)
		return func() { answer <- result{e, err} }
	})
	if err != nil {
		return offers.Explanation{}, err
	}
	select {
	case r := <-answer:
		return r.explanation, r.err
	case <-s.master.closed:
		return offers.Explanation{}, scheduler.ErrMasterClosed
	case <-ctx.Done():
		return offers.Explanation{}, ctx.Err()
	}
}

// Close implements [scheduler.Session].
func (s *session) Close() {
	s.closing.Do(func() {
		// A master that has ended has closed the session itself.
		_ = s.master.request(func(now time.Time) func() {
			delete(s.master.sessions, s.id)
			s.master.core.Disconnect(now, s.id)
			return nil
		})
		s.events.Close(scheduler.ErrNotSubscribed)
	})
}

func (s *session) flush() {
	s.events.Put(s.pending...)
	clear(s.pending)
	s.pending = s.pending[:0]
}

// link is the agent's end of its connection.
type link struct {
	master   *Master
	id       mastercore.LinkID
	messages *mailbox.Mailbox[protocol.ToAgent]
	received []protocol.ToAgent // of Receive alone
	pending  []protocol.ToAgent // of the master's Run alone
	closing  sync.Once
}

// Send implements [protocol.Link].
func (l *link) Send(m protocol.ToMaster) {
	l.master.inputs.Put(input{link: l.id, message: m})
}

// Receive implements [protocol.Link].
func (l *link) Receive(done <-chan struct{}) ([]protocol.ToAgent, error) {
	var err error
	l.received, err = l.messages.Receive(done, l.received)
	return l.received, err
}

// Close implements [protocol.Link].
func (l *link) Close() {
	l.closing.Do(func() {
		_ = l.master.request(func(now time.Time) func() {
			delete(l.master.links, l.id)
			l.master.core.Unlink(now, l.id)
			return nil
		})
		l.messages.Close(nil)
	})
}

func (l *link) flush() {
	l.messages.Put(l.pending...)
	clear(l.pending)
	l.pending = l.pending[:0]
}
