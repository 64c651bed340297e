package scheduler_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeMaster gives out scripted sessions, one after the other.
type fakeMaster struct {
	sessions   chan *fakeSession
	subscribed chan proffer.FrameworkInfo
	terms      chan offers.Subscription
	fail       chan error // errors of the first subscriptions
}

func newFakeMaster(sessions ...*fakeSession) *fakeMaster {
	m := &fakeMaster{
		sessions:   make(chan *fakeSession, 10),
		subscribed: make(chan proffer.FrameworkInfo, 10),
		terms:      make(chan offers.Subscription, 10),
		fail:       make(chan error, 10),
	}
	for _, s := range sessions {
		m.sessions <- s
	}
	return m
}

func (m *fakeMaster) Subscribe(_ context.Context, f proffer.FrameworkInfo, terms offers.Subscription) (scheduler.Session, error) {
	select {
	case err := <-m.fail:
		return nil, err
	default:
	}
	m.subscribed <- f
	m.terms <- terms
	select {
	case s := <-m.sessions:
		return s, nil
	default:
		return nil, scheduler.ErrMasterClosed
	}
}

// fakeSession delivers the events that the test puts and records the calls.
type fakeSession struct {
	events *mailbox.Mailbox[scheduler.Event]
	calls  *mailbox.Mailbox[scheduler.Call]
	closed chan struct{}
	once   sync.Once
}

func newFakeSession(events ...scheduler.Event) *fakeSession {
	s := &fakeSession{
		events: mailbox.New[scheduler.Event](), calls: mailbox.New[scheduler.Call](),
		closed: make(chan struct{}),
	}
	s.events.Put(&scheduler.SubscribedEvent{FrameworkID: "F1"})
	s.events.Put(events...)
	return s
}

func (s *fakeSession) Send(call scheduler.Call) error {
	if !s.calls.Put(call) {
		return errors.New("session is closed")
	}
	return nil
}

func (s *fakeSession) Receive(ctx context.Context, wait bool) ([]scheduler.Event, error) {
	if wait {
		return s.events.Receive(ctx.Done(), nil)
	}
	return s.events.Take(nil)
}

func (s *fakeSession) Explain(context.Context, resources.Resources) (offers.Explanation, error) {
	return offers.Explanation{FrameworkID: "F1"}, nil
}

func (s *fakeSession) Close() { s.once.Do(func() { close(s.closed) }) }

// sent waits for n calls.
func (s *fakeSession) sent(t *testing.T, n int) []scheduler.Call {
	t.Helper()
	var all []scheduler.Call
	for len(all) < n {
		calls, err := s.calls.Receive(t.Context().Done(), nil)
		if err != nil || calls == nil {
			t.Fatalf("%d calls %v, want %d: %v", len(all), all, n, err)
		}
		all = append(all, calls...)
	}
	return all
}

// funcs is a scheduler of functions, with all optional methods.
type funcs struct {
	offers     func(d *scheduler.Driver, offers []*offers.Offer) error
	status     func(d *scheduler.Driver, status proffer.TaskStatus) error
	subscribed func(d *scheduler.Driver) error
	rescinded  func(id proffer.OfferID) error
	failure    func(e *scheduler.FailureEvent) error
	message    func(e *scheduler.MessageEvent) error
}

func (f *funcs) ResourceOffers(_ context.Context, d *scheduler.Driver, offers []*offers.Offer) error {
	if f.offers == nil {
		return nil
	}
	return f.offers(d, offers)
}

func (f *funcs) StatusUpdate(_ context.Context, d *scheduler.Driver, status proffer.TaskStatus) error {
	if f.status == nil {
		return nil
	}
	return f.status(d, status)
}

func (f *funcs) Subscribed(_ context.Context, d *scheduler.Driver, _ *scheduler.SubscribedEvent) error {
	if f.subscribed == nil {
		return nil
	}
	return f.subscribed(d)
}

func (f *funcs) OfferRescinded(_ context.Context, _ *scheduler.Driver, id proffer.OfferID) error {
	if f.rescinded == nil {
		return nil
	}
	return f.rescinded(id)
}

func (f *funcs) Failure(_ context.Context, _ *scheduler.Driver, e *scheduler.FailureEvent) error {
	if f.failure == nil {
		return nil
	}
	return f.failure(e)
}

func (f *funcs) Message(_ context.Context, _ *scheduler.Driver, e *scheduler.MessageEvent) error {
	if f.message == nil {
		return nil
	}
	return f.message(e)
}

func offer(id, res string) *offers.Offer {
	return &offers.Offer{
		ID: proffer.OfferID(id), FrameworkID: "F1", AgentID: "A1", Hostname: "host", Role: "*",
		Resources: resources.MustParse(res),
	}
}

func task(id, res string) proffer.TaskInfo {
	return proffer.TaskInfo{ID: proffer.TaskID(id), Command: proffer.Shell("true"), Resources: resources.MustParse(res)}
}

func offersOf(list ...*offers.Offer) *scheduler.OffersEvent {
	return &scheduler.OffersEvent{Offers: list}
}

func update(id string, state proffer.TaskState, updateID uint64) *scheduler.UpdateEvent {
	return &scheduler.UpdateEvent{Status: proffer.TaskStatus{
		TaskID: proffer.TaskID(id), AgentID: "A1", State: state, UpdateID: updateID,
	}}
}

// running is a driver whose Run goes on in a goroutine.
type running struct {
	*scheduler.Driver
	session *fakeSession
	cancel  context.CancelFunc
	done    chan error
}

func start(t *testing.T, s scheduler.Scheduler, cfg scheduler.Config, events ...scheduler.Event) *running {
	t.Helper()
	session := newFakeSession(events...)
	if cfg.Master == nil {
		cfg.Master = newFakeMaster(session)
	}
	cfg.Name = "test"
	d, err := scheduler.New(s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{Driver: d, session: session, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- d.Run(ctx) }()
	t.Cleanup(func() { _ = r.stop(t) })
	return r
}

// stop ends Run and returns its error.
func (r *running) stop(t *testing.T) error {
	t.Helper()
	r.cancel()
	err := <-r.done
	r.done <- err
	return err
}

// result waits for Run to end by itself.
func (r *running) result() error {
	err := <-r.done
	r.done <- err
	return err
}
