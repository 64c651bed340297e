package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// The rules of the driver, one test each.

func TestOffersLeftAreDeclined(t *testing.T) {
	filter := offers.Filter{Refuse: 7 * time.Second}
	s := &funcs{offers: func(d *scheduler.Driver, list []*offers.Offer) error {
		return errors.Join(
			d.Accept("accepted", task("t1", "cpus:1")),
			d.DeclineFor(offers.Filter{Refuse: time.Minute}, "declined"),
			d.Hold("held"),
		)
	}}
	r := start(t, s, scheduler.Config{DefaultFilter: filter}, offersOf(
		offer("accepted", "cpus:2"), offer("left-1", "cpus:2"), offer("declined", "cpus:2"),
		offer("held", "cpus:2"), offer("left-2", "cpus:2")))
	calls := r.session.sent(t, 4)
	want := &scheduler.DeclineCall{OfferIDs: []proffer.OfferID{"left-1", "left-2"}, Filter: filter}
	if diff := cmp.Diff(want, calls[3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// What was held can still be answered.
	if err := r.Decline("held"); err != nil {
		t.Error(err)
	}
	if err := r.Decline("left-1"); !errors.Is(err, scheduler.ErrUnknownOffer) {
		t.Errorf("a declined offer was declined again: %v", err)
	}
}

func TestOffersLeftByAnErrorAreDeclined(t *testing.T) {
	s := &funcs{offers: func(*scheduler.Driver, []*offers.Offer) error { return errors.New("no idea") }}
	r := start(t, s, scheduler.Config{}, offersOf(offer("o1", "cpus:2")))
	want := []scheduler.Call{&scheduler.DeclineCall{OfferIDs: []proffer.OfferID{"o1"}}}
	if diff := cmp.Diff(want, r.session.sent(t, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStatusIsAcknowledgedByNil(t *testing.T) {
	var seen []string
	s := &funcs{status: func(_ *scheduler.Driver, st proffer.TaskStatus) error {
		seen = append(seen, string(st.TaskID))
		switch st.TaskID {
		case "fails":
			return errors.New("database is down")
		case "later":
			return scheduler.AckLater
		}
		return nil
	}}
	r := start(t, s, scheduler.Config{},
		update("fails", proffer.TaskRunning, 1),
		update("later", proffer.TaskRunning, 2),
		update("made-by-the-master", proffer.TaskUnknown, 0),
		update("good", proffer.TaskFinished, 3))
	want := []scheduler.Call{&scheduler.AcknowledgeCall{AgentID: "A1", TaskID: "good", UpdateID: 3}}
	if diff := cmp.Diff(want, r.session.sent(t, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := r.Acknowledge(update("later", proffer.TaskRunning, 2).Status); err != nil {
		t.Fatal(err)
	}
	want = []scheduler.Call{&scheduler.AcknowledgeCall{AgentID: "A1", TaskID: "later", UpdateID: 2}}
	if diff := cmp.Diff(want, r.session.sent(t, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_ = r.stop(t)
	if diff := cmp.Diff([]string{"fails", "later", "made-by-the-master", "good"}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCallbacksAreSerial(t *testing.T) {
	var inside, overlaps atomic.Int32
	var wg sync.WaitGroup
	wg.Add(3)
	enter := func() {
		if inside.Add(1) > 1 {
			overlaps.Add(1)
		}
		inside.Add(-1)
		wg.Done()
	}
	s := &funcs{
		offers:  func(*scheduler.Driver, []*offers.Offer) error { enter(); return nil },
		status:  func(*scheduler.Driver, proffer.TaskStatus) error { enter(); return nil },
		message: func(*scheduler.MessageEvent) error { enter(); return nil },
	}
	start(t, s, scheduler.Config{}, offersOf(offer("o1", "cpus:2")), update("t1", proffer.TaskRunning, 1), &scheduler.MessageEvent{})
	wg.Wait()
	if n := overlaps.Load(); n > 0 {
		t.Errorf("%d callbacks overlapped", n)
	}
}

// Every method can be called from a callback, of a master that never reads.
func TestDriverNeverWaitsForACallback(t *testing.T) {
	returned := make(chan error, 1)
	s := &funcs{offers: func(d *scheduler.Driver, list []*offers.Offer) error {
		_, explainErr := d.Explain(context.Background(), proffer.TaskInfo{})
		returned <- errors.Join(
			d.Accept("o1", task("t1", "cpus:1")), d.Decline("o2"), d.Hold("o3"), d.Suppress(), d.Revive("*"),
			d.Kill("t1", scheduler.WithGrace(time.Second)), d.Reconcile(), d.UpdateRoles("*", "eng"),
			d.Reconcile(scheduler.TaskRef{TaskID: "t1"}), d.SendMessage("A1", "e1", []byte("hi")),
			d.ShutdownExecutor("A1", "e1"), d.Demand("*"), d.ClearDemand("*"), d.AcceptInverse("i1"), d.Acknowledge(proffer.TaskStatus{TaskID: "t1", UpdateID: 1}), explainErr, d.Teardown())
		return nil
	}}
	start(t, s, scheduler.Config{}, offersOf(offer("o1", "cpus:2"), offer("o2", "cpus:2"), offer("o3", "cpus:2")))
	if err := <-returned; err != nil {
		t.Error(err)
	}
}

func TestPendingOffersAreMerged(t *testing.T) {
	batches := make(chan string, 10)
	s := &funcs{offers: func(_ *scheduler.Driver, list []*offers.Offer) error {
		var ids []string
		for _, o := range list {
			ids = append(ids, string(o.ID))
		}
		batches <- strings.Join(ids, " ")
		return nil
	}}
	start(t, s, scheduler.Config{},
		offersOf(offer("o1", "cpus:2")), offersOf(offer("o2", "cpus:2"), offer("o3", "cpus:2")), &scheduler.RescindEvent{OfferID: "o2"})
	if got, want := <-batches, "o1 o3"; got != want {
		t.Errorf("first batch %q, want %q", got, want)
	}
}

func TestRescind(t *testing.T) {
	rescinded := make(chan proffer.OfferID, 10)
	s := &funcs{
		offers: func(d *scheduler.Driver, list []*offers.Offer) error {
			return errors.Join(d.Hold("held"), d.Decline("answered"))
		},
		rescinded: func(id proffer.OfferID) error {
			rescinded <- id
			return nil
		},
	}
	r := start(t, s, scheduler.Config{}, offersOf(offer("held", "cpus:2"), offer("answered", "cpus:2")))
	r.session.sent(t, 1)
	r.session.events.Put(&scheduler.RescindEvent{OfferID: "answered"}, &scheduler.RescindEvent{OfferID: "held"})
	if id := <-rescinded; id != "held" {
		t.Errorf("rescinded %s, want held: the other was answered before", id)
	}
	if err := r.Accept("held", task("t1", "cpus:1")); !errors.Is(err, scheduler.ErrUnknownOffer) {
		t.Errorf("a rescinded offer was accepted: %v", err)
	}
}

func TestBacklogOfStatusesDoesNotStarveOffers(t *testing.T) {
	const backlog = 10_000
	statuses, before := 0, make(chan int, 1)
	s := &funcs{
		status: func(*scheduler.Driver, proffer.TaskStatus) error { statuses++; return nil },
		offers: func(*scheduler.Driver, []*offers.Offer) error { before <- statuses; return nil },
	}
	var events []scheduler.Event
	for i := range backlog {
		events = append(events, update(fmt.Sprint(i), proffer.TaskRunning, 1))
	}
	start(t, s, scheduler.Config{}, append(events, offersOf(offer("o1", "cpus:1")))...)
	if n := <-before; n > 1 {
		t.Errorf("offers waited for %d statuses, want them to take turns", n)
	}
}

func TestBacklogOfOffersDoesNotStarveStatuses(t *testing.T) {
	got := make(chan proffer.TaskStatus, 1)
	var session *fakeSession
	s := &funcs{
		offers: func(*scheduler.Driver, []*offers.Offer) error {
			session.events.Put(offersOf(offer("more", "cpus:1"))) // there is always one more
			return nil
		},
		status: func(_ *scheduler.Driver, st proffer.TaskStatus) error { got <- st; return nil },
	}
	session = newFakeSession(offersOf(offer("o1", "cpus:1")), update("t1", proffer.TaskRunning, 1))
	start(t, s, scheduler.Config{Master: newFakeMaster(session)})
	<-got
}

func TestTerminalEndsRun(t *testing.T) {
	broken := errors.New("schema is newer than this program")
	for name, s := range map[string]*funcs{
		"offers": {offers: func(*scheduler.Driver, []*offers.Offer) error { return scheduler.Terminal(broken) }},
		"status": {status: func(*scheduler.Driver, proffer.TaskStatus) error { return scheduler.Terminal(broken) }},
		"wrapped": {status: func(*scheduler.Driver, proffer.TaskStatus) error {
			return fmt.Errorf("on status: %w", scheduler.Terminal(broken))
		}},
		"subscribed": {subscribed: func(*scheduler.Driver) error { return scheduler.Terminal(broken) }},
		"failure":    {failure: func(*scheduler.FailureEvent) error { return scheduler.Terminal(broken) }},
		"message":    {message: func(*scheduler.MessageEvent) error { return scheduler.Terminal(broken) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, s, scheduler.Config{}, offersOf(offer("o1", "cpus:1")), update("t1", proffer.TaskRunning, 1),
				&scheduler.FailureEvent{AgentID: "A1"}, &scheduler.MessageEvent{})
			if err := r.result(); !errors.Is(err, broken) {
				t.Errorf("Run returned %v, want %v", err, broken)
			}
			<-r.session.closed
			if err := r.Revive(); !errors.Is(err, scheduler.ErrNotSubscribed) {
				t.Errorf("after Run, Revive returned %v", err)
			}
		})
	}
	if scheduler.Terminal(nil) != nil {
		t.Error("Terminal(nil) is not nil")
	}
}

func TestPanicIsNotSwallowed(t *testing.T) {
	session := newFakeSession(offersOf(offer("o1", "cpus:1")))
	s := &funcs{offers: func(*scheduler.Driver, []*offers.Offer) error { panic("out of luck") }}
	d, err := scheduler.New(s, scheduler.Config{Name: "test", Master: newFakeMaster(session)})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if v := recover(); v != "out of luck" {
				t.Errorf("recovered %v", v)
			}
		}()
		t.Errorf("Run returned %v, want a panic", d.Run(t.Context()))
	}()
	<-session.closed // disconnected on the way out
}

func TestRecoverPanics(t *testing.T) {
	s := &funcs{offers: func(*scheduler.Driver, []*offers.Offer) error { panic("out of luck") }}
	r := start(t, s, scheduler.Config{Middleware: []func(scheduler.Handler) scheduler.Handler{scheduler.RecoverPanics}}, offersOf(offer("o1", "cpus:1")))
	var panicked *scheduler.PanicError
	if err := r.result(); !errors.As(err, &panicked) || panicked.Value != "out of luck" || len(panicked.Stack) == 0 {
		t.Errorf("Run returned %v", err)
	}
}

func TestMiddleware(t *testing.T) {
	var log []string
	done := make(chan struct{})
	named := func(name string) func(scheduler.Handler) scheduler.Handler {
		return func(next scheduler.Handler) scheduler.Handler {
			return scheduler.HandlerFunc(func(ctx context.Context, d *scheduler.Driver, e scheduler.Event) error {
				log = append(log, fmt.Sprintf("%s %T", name, e))
				return next.HandleEvent(ctx, d, e)
			})
		}
	}
	s := &funcs{offers: func(*scheduler.Driver, []*offers.Offer) error { close(done); return nil }}
	r := start(t, s, scheduler.Config{Middleware: []func(scheduler.Handler) scheduler.Handler{named("outer"), named("inner")}}, offersOf(offer("o1", "cpus:1")))
	<-done
	_ = r.stop(t)
	want := []string{
		"outer *scheduler.SubscribedEvent", "inner *scheduler.SubscribedEvent",
		"outer *scheduler.OffersEvent", "inner *scheduler.OffersEvent",
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	ready := make(chan struct{})
	var ended func() error
	r := start(t, &funcs{subscribed: func(*scheduler.Driver) error { close(ready); return nil }}, scheduler.Config{
		Middleware: []func(scheduler.Handler) scheduler.Handler{func(next scheduler.Handler) scheduler.Handler {
			return scheduler.HandlerFunc(func(ctx context.Context, d *scheduler.Driver, e scheduler.Event) error {
				ended = ctx.Err
				return next.HandleEvent(ctx, d, e)
			})
		}},
	})
	<-ready
	if err := r.stop(t); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	<-r.session.closed
	if ended() == nil {
		t.Error("the callbacks' context outlives the subscription")
	}
	if err := r.Run(t.Context()); !errors.Is(err, scheduler.ErrAlreadyRun) {
		t.Errorf("second Run returned %v", err)
	}
}

func TestLostSessionIsOpenedAgain(t *testing.T) {
	first, second := newFakeSession(), newFakeSession()
	master := newFakeMaster(first, second)
	subscribed := make(chan struct{}, 2)
	r := start(t, &funcs{subscribed: func(*scheduler.Driver) error { subscribed <- struct{}{}; return nil }}, scheduler.Config{Master: master})
	<-subscribed
	if f := <-master.subscribed; f.ID != "" {
		t.Errorf("the first subscription has id %q", f.ID)
	}
	master.fail <- errors.New("connection refused")
	first.events.Close(errors.New("connection reset"))
	<-subscribed
	if f := <-master.subscribed; f.ID != "F1" {
		t.Errorf("the second subscription has id %q, want that of the first", f.ID)
	}
	<-first.closed
	if got := r.FrameworkID(); got != "F1" {
		t.Errorf("FrameworkID is %q", got)
	}
}

func TestFinalErrorsEndRun(t *testing.T) {
	for _, final := range []error{
		scheduler.ErrMasterClosed, scheduler.ErrFailedOver, scheduler.ErrFrameworkRemoved, scheduler.ErrInvalidFramework,
	} {
		r := start(t, &funcs{}, scheduler.Config{}, &scheduler.ErrorEvent{Err: fmt.Errorf("%w: F1", final)})
		if err := r.result(); !errors.Is(err, final) {
			t.Errorf("Run returned %v, want %v", err, final)
		}
	}
}

func TestTeardown(t *testing.T) {
	ready := make(chan struct{})
	r := start(t, &funcs{subscribed: func(*scheduler.Driver) error { close(ready); return nil }}, scheduler.Config{})
	<-ready
	if err := r.Teardown(); err != nil {
		t.Fatal(err)
	}
	r.session.events.Close(scheduler.ErrFrameworkRemoved) // as the master does
	if err := r.result(); err != nil {
		t.Errorf("Run returned %v, want nil", err)
	}
}

func TestAcceptChecksBeforeItSends(t *testing.T) {
	results := make(chan []error, 1)
	elsewhere := offer("elsewhere", "cpus:2")
	elsewhere.AgentID = "A2"
	s := &funcs{offers: func(d *scheduler.Driver, list []*offers.Offer) error {
		invalid := task("t9", "cpus:1")
		invalid.Command = nil
		filter := offers.Filter{}
		results <- []error{
			d.Accept("o9", task("t1", "cpus:1")),
			d.Accept("o1", task("t1", "cpus:2"), task("t2", "cpus:1")),
			d.Accept("o1", task("t1", "cpus:1"), task("t1", "cpus:1")),
			d.Accept("o1", invalid),
			d.Accept("o1", task("a/b", "cpus:1")),
			d.AcceptOffers([]proffer.OfferID{"o1", "elsewhere"}, filter, offers.Launch{}),
			d.AcceptOffers([]proffer.OfferID{"o1", "o1"}, filter, offers.Launch{}),
			d.AcceptOffers(nil, filter),
			d.AcceptOffers([]proffer.OfferID{"o1"}, offers.Filter{Refuse: -5}, offers.Launch{}),
			d.AcceptGroup("o1", proffer.TaskGroup{}),
			d.Hold("o9"), d.Decline("o1", "o9"), d.Suppress("eng"), d.Revive("eng"), d.UpdateRoles(),
			d.SendMessage("A1", "e1", make([]byte, 10<<20)),
			// Nothing of that has changed anything:
			d.AcceptOffers([]proffer.OfferID{"o1", "o2"}, filter, offers.Launch{Tasks: []proffer.TaskInfo{task("t1", "cpus:4")}}),
			// Answered is answered, and an id is used once.
			d.Accept("o1", task("t2", "cpus:1")),
			d.Accept("o3", task("t1", "cpus:1")),
		}
		return nil
	}}
	start(t, s, scheduler.Config{}, offersOf(offer("o1", "cpus:2"), offer("o2", "cpus:2"), offer("o3", "cpus:2"), elsewhere))
	want := []string{
		"accept: offers: unknown offer: o9",
		"offers: insufficient resources: offer o1 has cpus:2, tasks need cpus:3",
		`scheduler: task id is in use: "t1": a task that is run again needs a new id`,
		`scheduler: accept o1: task "t9": neither a command nor an executor is set: set one of them`,
		`scheduler: accept o1: task "a/b": task id "a/b" contains '/': slashes, spaces and control characters are not allowed`,
		"accept: offers: offers cannot be accepted together: o1 and elsewhere",
		"accept: offers: offers cannot be accepted together: o1 and o1",
		"accept: offers: unknown offer: none is named",
		"scheduler: accept: filter: refuse -5ns is negative: use offers.NoRefuse for no filter",
		"scheduler: accept o1: task group is empty",
		"hold: offers: unknown offer: o9",
		"decline: offers: unknown offer: o9",
		`suppress: offers: framework is not subscribed to the role "eng": the framework's roles are ["*"]`,
		`revive: offers: framework is not subscribed to the role "eng": the framework's roles are ["*"]`,
		`scheduler: update roles: framework "test": no role: name at least one, such as "*"`,
		`scheduler: message to executor "e1" has 10485760 bytes, at most 1048576 are allowed`,
		"<nil>",
		"accept: offers: unknown offer: o1",
		`scheduler: task id is in use: "t1": a task that is run again needs a new id`,
	}
	var got []string
	for _, err := range <-results {
		got = append(got, fmt.Sprint(err))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAcceptDoesNotShareTheCallersSlice(t *testing.T) {
	s := &funcs{offers: func(d *scheduler.Driver, list []*offers.Offer) error {
		tasks := []proffer.TaskInfo{task("t1", "cpus:1")}
		if err := d.Accept("o1", tasks...); err != nil {
			return err
		}
		tasks[0].ID = "overwritten"
		return nil
	}}
	r := start(t, s, scheduler.Config{}, offersOf(offer("o1", "cpus:2")))
	call := r.session.sent(t, 1)[0].(*scheduler.AcceptCall)
	if id := call.Operations[0].(offers.Launch).Tasks[0].ID; id != "t1" {
		t.Errorf("task %q was sent", id)
	}
}

func TestConfigIsValidated(t *testing.T) {
	_, err := scheduler.New(&funcs{}, scheduler.Config{
		Roles: []string{"a//b"}, FailoverTimeout: -5, DefaultFilter: offers.Filter{Refuse: offers.MaxRefuse + 1},
	})
	for _, part := range []string{"Config.Master is nil", "name is empty", `role "a//b"`, "FailoverTimeout -5ns", "DefaultFilter"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error does not mention %q:\n%v", part, err)
		}
	}
	if _, err := scheduler.New(nil, scheduler.Config{}); err == nil {
		t.Error("a nil scheduler was taken")
	}
}

func BenchmarkStatusCallback(b *testing.B) {
	b.ReportAllocs()
	session := newFakeSession()
	n := 0
	done := make(chan struct{})
	s := &funcs{status: func(*scheduler.Driver, proffer.TaskStatus) error {
		if n++; n == b.N {
			close(done)
		}
		return nil
	}}
	d, err := scheduler.New(s, scheduler.Config{Name: "bench", Master: newFakeMaster(session)})
	if err != nil {
		b.Fatal(err)
	}
	e := update("t1", proffer.TaskRunning, 1)
	for range b.N {
		session.events.Put(e)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	b.ResetTimer()
	go func() { defer close(ended); _ = d.Run(ctx) }()
	<-done
	b.StopTimer()
	cancel()
	<-ended
}
