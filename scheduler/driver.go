package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
)

// Driver keeps a [Scheduler] subscribed and carries its answers to the master.
// Make one with [New].
//
// Its methods may be called from callbacks and from any goroutine; none waits
// for a callback. Those that answer offers check the answer at once and send
// it without waiting for the master: what the master refuses comes back as a
// status of the task.
type Driver struct {
	cfg       Config
	scheduler Scheduler
	handler   Handler
	inbox     inbox // of Run

	mu        sync.Mutex
	ran       bool
	session   Session // nil while there is none
	framework proffer.FrameworkInfo
	open      map[proffer.OfferID]*openOffer
	tasks     map[proffer.TaskID]*openTask // whose end is not known
	tornDown  bool
}

// openOffer is an offer that a callback was given and that is not answered.
type openOffer struct {
	offer *offers.Offer
	held  bool
}

// New returns a driver for s, or an error that names every invalid field of
// cfg. Nothing happens before [Driver.Run].
func New(s Scheduler, cfg Config) (*Driver, error) {
	if s == nil {
		return nil, errors.New("scheduler: the scheduler is nil")
	}
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	d := &Driver{
		cfg: cfg, scheduler: s, framework: cfg.framework(), handler: newDispatcher(s),
		open: make(map[proffer.OfferID]*openOffer), tasks: make(map[proffer.TaskID]*openTask),
	}
	for _, wrap := range slices.Backward(cfg.Middleware) {
		d.handler = wrap(d.handler)
	}
	return d, nil
}

// FrameworkID returns the id that the master assigned, empty before the first
// subscription. Give it to Config.FrameworkID of a later driver to take over.
func (d *Driver) FrameworkID() proffer.FrameworkID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.framework.ID
}

// Run subscribes the framework and calls the scheduler until one of these
// happens:
//
//   - the framework is torn down ([Driver.Teardown]): Run returns nil;
//   - ctx ends: the framework is disconnected, its tasks live on for the
//     failover time-out; Run returns ctx's error;
//   - a callback returns a [Terminal] error: disconnected likewise; Run returns
//     that error;
//   - the master will have nothing more to do with the framework: Run returns
//     [ErrFailedOver], [ErrFrameworkRemoved], [ErrInvalidFramework],
//     [ErrFrameworkIDMissing] or [ErrMasterClosed].
//
// A session that is lost is opened again, after intervals that grow to a
// minute. Every session begins with a reconciliation of the tasks whose end is
// not known, those included that a [Reconciler] remembers; offers wait for its
// answers. Run is called once.
func (d *Driver) Run(ctx context.Context) error {
	d.mu.Lock()
	ran := d.ran
	d.ran = true
	d.mu.Unlock()
	if ran {
		return ErrAlreadyRun
	}
	if err := d.identify(ctx); err != nil {
		return err
	}
	for {
		session, err := d.subscribe(ctx)
		if err != nil {
			return err
		}
		err = d.serve(ctx, session)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrFrameworkRemoved) && d.isTornDown():
			return d.remember(ctx, "")
		case isTerminal(err):
			return err
		case isFinal(err):
			return err
		}
		d.cfg.Logger.Warn("session lost, subscribing again", zap.Error(err))
	}
}

func isFinal(err error) bool {
	for _, final := range []error{ErrMasterClosed, ErrFrameworkRemoved, ErrFailedOver, ErrInvalidFramework, ErrFrameworkIDMissing} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

func (d *Driver) subscribe(ctx context.Context) (Session, error) {
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond),
		backoff.WithMaxInterval(time.Minute),
		backoff.WithMaxElapsedTime(0),
	)
	subscribe := func() (Session, error) {
		d.mu.Lock()
		framework := d.framework
		d.mu.Unlock()
		session, err := d.cfg.Master.Subscribe(ctx, framework, d.terms())
		if isFinal(err) {
			return nil, backoff.Permanent(err)
		}
		return session, err
	}
	notify := func(err error, pause time.Duration) {
		d.cfg.Logger.Warn("subscription failed", zap.Error(err), zap.Duration("retry_in", pause))
	}
	return backoff.RetryNotifyWithData(subscribe, backoff.WithContext(pauses, ctx), notify)
}

// serve handles the events of one session until it ends.
func (d *Driver) serve(ctx context.Context, session Session) error {
	ctx, cancel := context.WithCancel(ctx)
	d.mu.Lock()
	d.session = session
	d.mu.Unlock()
	defer func() { // also when a callback panics
		cancel()
		session.Close()
		d.mu.Lock()
		d.session = nil
		clear(d.open) // the master rescinds what a session leaves open
		d.mu.Unlock()
		d.inbox = inbox{}
	}()
	for ctx.Err() == nil {
		events, err := session.Receive(ctx, d.inbox.empty())
		if err != nil {
			return d.handleRest(ctx, err)
		}
		for _, e := range events {
			d.inbox.put(e)
		}
		e := d.inbox.next()
		if e == nil {
			continue
		}
		if last, ok := e.(*ErrorEvent); ok {
			return last.Err
		}
		if err := d.handle(ctx, e); isTerminal(err) {
			return err
		}
	}
	return ctx.Err()
}

// handleRest handles the statuses that a session brought before it ended: those
// that the master made itself come once. It returns the end of the session.
func (d *Driver) handleRest(ctx context.Context, end error) error {
	d.inbox.offers = nil // they are no longer valid
	for e := d.inbox.next(); e != nil && ctx.Err() == nil; e = d.inbox.next() {
		if _, ok := e.(*UpdateEvent); !ok {
			continue
		}
		if err := d.handle(ctx, e); isTerminal(err) {
			return err
		}
	}
	return end
}

// handle calls the scheduler with one event and does what the rules of its
// methods promise.
func (d *Driver) handle(ctx context.Context, e Event) error {
	switch e := e.(type) {
	case *SubscribedEvent:
		return d.handleSubscribed(ctx, e)
	case *OffersEvent:
		return d.handleOffers(ctx, e)
	case *UpdateEvent:
		return d.handleUpdate(ctx, e)
	case *RescindEvent:
		d.mu.Lock()
		_, open := d.open[e.OfferID]
		delete(d.open, e.OfferID)
		d.mu.Unlock()
		if !open {
			return nil // answered already: the answers crossed
		}
	case *MessageEvent, *FailureEvent, *ErrorEvent, *InverseOfferEvent, *RescindInverseEvent, *OperationsEvent:
	}
	err := d.handler.HandleEvent(ctx, d, e)
	d.logUnlessTerminal("callback failed", err)
	return err
}

func (d *Driver) handleSubscribed(ctx context.Context, e *SubscribedEvent) error {
	d.mu.Lock()
	isNew := d.framework.ID != e.FrameworkID
	d.framework.ID = e.FrameworkID
	d.mu.Unlock()
	d.cfg.Logger.Info("subscribed", zap.String("framework_id", string(e.FrameworkID)))
	if d.isTornDown() {
		return d.send(&TeardownCall{}) // the first one was lost with its session
	}
	if isNew {
		if err := d.remember(ctx, e.FrameworkID); err != nil {
			return Terminal(err)
		}
	}
	err := d.handler.HandleEvent(ctx, d, e)
	d.logUnlessTerminal("callback failed", err)
	if isTerminal(err) {
		return err
	}
	return d.takeOver(ctx)
}

func (d *Driver) handleOffers(ctx context.Context, e *OffersEvent) error {
	d.mu.Lock()
	for _, o := range e.Offers {
		d.open[o.ID] = &openOffer{offer: o}
	}
	d.mu.Unlock()

	err := d.handler.HandleEvent(ctx, d, e)
	d.logUnlessTerminal("offers callback failed", err)

	var left []proffer.OfferID
	d.mu.Lock()
	for _, o := range e.Offers {
		if open, ok := d.open[o.ID]; ok && !open.held {
			left = append(left, o.ID)
			delete(d.open, o.ID)
		}
	}
	d.mu.Unlock()
	if len(left) > 0 {
		// A session that has ended needs no answer.
		_ = d.send(&DeclineCall{OfferIDs: left, Filter: d.cfg.DefaultFilter})
	}
	return err
}

func (d *Driver) handleUpdate(ctx context.Context, e *UpdateEvent) error {
	d.inbox.answered(e.Status.TaskID)
	err := d.handler.HandleEvent(ctx, d, e)
	switch {
	case err == nil:
		_ = d.Acknowledge(e.Status) // a session that has ended: the status comes again
	case errors.Is(err, AckLater):
		return nil
	default:
		d.logUnlessTerminal("status callback failed, the status comes again", err, zap.String("task_id", string(e.Status.TaskID)))
	}
	return err
}

func (d *Driver) logUnlessTerminal(what string, err error, fields ...zap.Field) {
	if err != nil && !isTerminal(err) {
		d.cfg.Logger.Error(what, append(fields, zap.Error(err))...)
	}
}

func (d *Driver) isTornDown() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tornDown
}

func (d *Driver) send(c Call) error {
	d.mu.Lock()
	session := d.session
	d.mu.Unlock()
	if session == nil {
		return ErrNotSubscribed
	}
	if err := session.Send(c); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSubscribed, err)
	}
	return nil
}
