package schedulertest

import (
	"context"
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/wire"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// session is the framework's end of its subscription.
type session struct {
	cluster   *Cluster
	conn      *connection
	framework *Framework // whose program receives

	// Guarded by the cluster's mutex.
	id             proffer.FrameworkID // once it is known
	partitionAware bool

	pending []scheduler.Event
	ended   error // why, after what is pending; nil while it goes on
	queued  bool  // among the ready

	received []scheduler.Event // the last Receive's
}

var _ scheduler.Session = (*session)(nil)

// Subscribe implements [scheduler.Master]. It is called by the programs that
// were given to [Cluster.Go], through their drivers; others get [ErrOutside].
// While the master is down or out of reach it waits.
func (c *Cluster) Subscribe(ctx context.Context, info proffer.FrameworkInfo, terms offers.Subscription) (scheduler.Session, error) {
	if c.closed {
		return nil, scheduler.ErrMasterClosed
	}
	f := c.current
	if f == nil {
		return nil, fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, ErrOutside)
	}
	f.name = info.Name
	if err := f.awaitMaster(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	call := &wire.SubscribeCall{Framework: info, Terms: terms}
	if !c.cfg.PassValues {
		decoded, err := throughWire(call, wire.DecodeCall)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, err)
		}
		call = decoded.(*wire.SubscribeCall)
	}
	s := &session{cluster: c, framework: f, id: info.ID, partitionAware: info.PartitionAware}
	s.conn = c.connect(&f.peer)
	s.conn.session = s
	c.happens(f.name, "subscribes", nil)
	if err := c.master.core.Subscribe(c.master.now(), mastercore.SessionID(s.conn.id), call.Framework, call.Terms); err != nil {
		s.conn.masterOpen = false
		delete(c.master.connections, s.conn.id)
		s.conn.closePeer(true)
		c.master.step()
		return nil, c.answered(err)
	}
	// Offers are not made before the framework has been told that it is
	// subscribed, and may have said what it wants.
	c.master.step()
	c.due = true
	return s, nil
}

// answered is an answer as the driver gets it.
func (c *Cluster) answered(err error) error {
	if c.cfg.PassValues {
		return err
	}
	decoded, failed := throughWire(&wire.SubscribeEvent{Err: err}, wire.DecodeEvent)
	if failed != nil {
		return failed
	}
	return decoded.(*wire.SubscribeEvent).Err
}

func throughWire(message any, decode func([]byte) (wire.Header, any, error)) (any, error) {
	b, err := wire.Encode(wire.Header{}, message)
	if err != nil {
		return nil, err
	}
	_, decoded, err := decode(b)
	return decoded, err
}

// Send implements [scheduler.Session].
func (s *session) Send(call scheduler.Call) error {
	c := s.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ended != nil {
		return s.ended
	}
	s.conn.toMaster.post(call)
	return nil
}

// arrived takes an event.
func (s *session) arrived(message any) {
	if s.ended != nil {
		return
	}
	switch e := message.(type) {
	case *scheduler.ErrorEvent:
		s.ended = e.Err
	case *scheduler.SubscribedEvent:
		s.id = e.FrameworkID
		s.pending = append(s.pending, e)
	default:
		s.pending = append(s.pending, message.(scheduler.Event))
	}
	s.wake()
}

// lost tells that the connection is broken.
func (s *session) lost(why string) {
	if s.ended == nil {
		s.ended = fmt.Errorf("%w: connection to the master is broken: %s", scheduler.ErrNotSubscribed, why)
		s.framework.broken = true
		s.wake()
	}
}

func (s *session) wake() {
	if !s.queued {
		s.queued = true
		s.cluster.ready = append(s.cluster.ready, s)
	}
}

// Receive implements [scheduler.Session]. While it waits the cluster goes on.
func (s *session) Receive(ctx context.Context, wait bool) ([]scheduler.Event, error) {
	for {
		s.cluster.mu.Lock()
		clear(s.received)
		s.received, s.pending = s.pending, s.received[:0]
		ended := s.ended
		if h := s.cluster.history; h != nil {
			for _, e := range s.received {
				h.told(s, e)
			}
		}
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
	c := s.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.conn.peerOpen || !s.conn.masterOpen || !c.master.reachable(&s.framework.peer) {
		return offers.Explanation{}, scheduler.ErrNotSubscribed
	}
	e := &wire.ExplainEvent{}
	e.Explanation, e.Err = c.master.core.Explain(mastercore.SessionID(s.conn.id), wanted)
	if !c.cfg.PassValues {
		decoded, err := throughWire(e, wire.DecodeEvent)
		if err != nil {
			return offers.Explanation{}, err
		}
		e = decoded.(*wire.ExplainEvent)
	}
	return e.Explanation, e.Err
}

// Close implements [scheduler.Session].
func (s *session) Close() {
	c := s.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ended == nil {
		s.ended = scheduler.ErrNotSubscribed
	}
	s.conn.closePeer(false)
}
