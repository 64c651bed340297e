package schedulertest

import (
	"context"
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// session is the framework's end of its subscription.
type session struct {
	cluster   *Cluster
	id        mastercore.SessionID
	framework *Framework // whose program receives

	// Guarded by the cluster's mutex.
	pending []scheduler.Event
	ended   error // why, after what is pending; nil while it goes on
	queued  bool  // among the ready

	received []scheduler.Event // the last Receive's
}

var _ scheduler.Session = (*session)(nil)

// Subscribe implements [scheduler.Master]. It is called by the programs that
// were given to [Cluster.Go], through their drivers; others get [ErrOutside].
func (c *Cluster) Subscribe(_ context.Context, info proffer.FrameworkInfo, terms offers.Subscription) (scheduler.Session, error) {
	if c.closed {
		return nil, scheduler.ErrMasterClosed
	}
	if c.current == nil {
		return nil, fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, ErrOutside)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids++
	s := &session{cluster: c, id: mastercore.SessionID(c.ids), framework: c.current}
	c.sessions[s.id] = s
	if err := c.core.Subscribe(c.Now(), s.id, info, terms); err != nil {
		delete(c.sessions, s.id)
		return nil, err
	}
	// Offers are not made before the framework has been told that it is
	// subscribed, and may have said what it wants.
	c.deliver()
	c.due = true
	return s, nil
}

// Send implements [scheduler.Session].
func (s *session) Send(call scheduler.Call) error {
	c := s.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ended != nil {
		return s.ended
	}
	c.inputs = append(c.inputs, input{session: s.id, call: call})
	return nil
}

// Receive implements [scheduler.Session]. While it waits the cluster goes on.
func (s *session) Receive(ctx context.Context, wait bool) ([]scheduler.Event, error) {
	for {
		s.cluster.mu.Lock()
		clear(s.received)
		s.received, s.pending = s.pending, s.received[:0]
		ended := s.ended
		s.cluster.mu.Unlock()
		switch {
		case len(s.received) > 0:
			return s.received, nil
		case ended != nil:
			return nil, ended
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !wait:
			return nil, nil
		case !s.framework.park():
			return nil, scheduler.ErrMasterClosed
		}
	}
}

// Explain implements [scheduler.Session].
func (s *session) Explain(_ context.Context, wanted resources.Resources) (offers.Explanation, error) {
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	return s.cluster.core.Explain(s.id, wanted)
}

// Close implements [scheduler.Session].
func (s *session) Close() {
	c := s.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ended == nil {
		s.ended = scheduler.ErrNotSubscribed
		delete(c.sessions, s.id)
		c.core.Disconnect(c.Now(), s.id)
		c.deliver()
		c.due = true
	}
}
