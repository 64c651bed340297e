package master_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
)

func TestTasksRunToTheirEnd(t *testing.T) {
	m := run(t, master.Config{})
	for range 3 {
		startAgent(t, m, "cpus:4;mem:1024", false)
	}
	f := newFiller("t", "cpus:1;mem:100", 1000) // many times what fits at once
	d, done := subscribe(t, f, scheduler.Config{Name: "test", Master: m})
	<-f.done
	if err := d.Teardown(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Run returned %v after Teardown", err)
	}
}

// A callback that blocks, or a panic, is the trouble of its own framework:
// the other one gets every resource when the offers time out.
func TestBadSchedulersStopNobodyElse(t *testing.T) {
	release := make(chan struct{})
	for name, trouble := range map[string]func(){
		"blocks": func() { <-release },
		"panics": func() { panic("out of luck") },
	} {
		t.Run(name, func(t *testing.T) {
			m := run(t, master.Config{Offers: offers.Config{OfferTimeout: 50 * time.Millisecond}})
			for range 4 {
				startAgent(t, m, "cpus:4;mem:1024", false)
			}
			called := make(chan struct{})
			bad := newFiller("b", "cpus:1", 1)
			bad.onOffers = sync.OnceFunc(func() {
				close(called)
				trouble()
			})
			subscribe(t, bad, scheduler.Config{
				Name: name, Master: m, Middleware: []func(scheduler.Handler) scheduler.Handler{scheduler.RecoverPanics},
			})
			<-called // it holds every agent now
			f := newFiller("t", "cpus:1;mem:100", 100)
			subscribe(t, f, scheduler.Config{Name: "good", Master: m})
			<-f.done
			if name == "blocks" {
				close(release)
			}
		})
	}
}

// What a broken or hostile driver may send: the master answers the tasks with
// the right reason, and goes on.
func TestBadCalls(t *testing.T) {
	m := run(t, master.Config{})
	startAgent(t, m, "cpus:4;mem:1024", true)
	s, err := m.Subscribe(t.Context(), proffer.FrameworkInfo{Name: "bad", Roles: []string{"*"}, PartitionAware: true}, offers.Subscription{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := nextOffer(t, s)
	shape := newFiller("", "cpus:3", 0).shape
	task := func(id string) proffer.TaskInfo {
		return proffer.TaskInfo{ID: proffer.TaskID(id), Command: command, Resources: shape}
	}
	launch := func(id proffer.OfferID, tasks ...proffer.TaskInfo) {
		t.Helper()
		if err := s.Send(&scheduler.AcceptCall{OfferIDs: []proffer.OfferID{id}, Operations: []offers.Operation{offers.Launch{Tasks: tasks}}}); err != nil {
			t.Fatal(err)
		}
	}
	huge := task("huge")
	huge.Data = make([]byte, 10<<20)
	launch(o.ID, task("t1"), task("more than offered"), task("t2"), task("t1"), huge)
	launch(o.ID, task("t3"))
	want := map[string]string{
		"more than offered": "TASK_ERROR REASON_TASK_INVALID",
		"t2":                "TASK_ERROR REASON_INSUFFICIENT_RESOURCES",
		"huge":              "TASK_ERROR REASON_TASK_INVALID",
		"t3":                "TASK_DROPPED REASON_INVALID_OFFERS",
		"t1":                "TASK_ERROR REASON_TASK_INVALID, TASK_RUNNING ",
	}
	got := make(map[string]string)
	for range 6 {
		status := nextStatus(t, s)
		key := string(status.TaskID)
		if got[key] != "" {
			got[key] += ", "
		}
		got[key] += fmt.Sprintf("%s %s", status.State, status.Reason)
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("task %q: %q, want %q", id, got[id], w)
		}
	}
}

func nextEvent(t *testing.T, s scheduler.Session, queue *[]scheduler.Event) scheduler.Event {
	t.Helper()
	for len(*queue) == 0 {
		events, err := s.Receive(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		*queue = append(*queue, events...)
	}
	e := (*queue)[0]
	*queue = (*queue)[1:]
	return e
}

func nextOffer(t *testing.T, s scheduler.Session) *offers.Offer {
	t.Helper()
	var queue []scheduler.Event
	for {
		if e, ok := nextEvent(t, s, &queue).(*scheduler.OffersEvent); ok {
			return e.Offers[0]
		}
	}
}

var statusQueue []scheduler.Event

func nextStatus(t *testing.T, s scheduler.Session) proffer.TaskStatus {
	t.Helper()
	for {
		if e, ok := nextEvent(t, s, &statusQueue).(*scheduler.UpdateEvent); ok {
			return e.Status
		}
	}
}

func TestExplainThroughTheDriver(t *testing.T) {
	m := run(t, master.Config{})
	startAgent(t, m, "cpus:4;mem:1024", false)
	explained := make(chan string, 1)
	s := &explainer{explained: explained}
	subscribe(t, s, scheduler.Config{Name: "test", Master: m})
	if got, want := <-explained, "agent is too small, short by cpus:4"; !strings.Contains(got, want) {
		t.Errorf("explanation %q does not say %q", got, want)
	}
}

type explainer struct {
	explained chan string
}

func (e *explainer) ResourceOffers(ctx context.Context, d *scheduler.Driver, _ []*offers.Offer) error {
	why, err := d.Explain(ctx, proffer.TaskInfo{Resources: newFiller("", "cpus:8", 0).shape})
	if err != nil {
		return err
	}
	select {
	case e.explained <- why.String():
	default:
	}
	return nil
}

func (e *explainer) StatusUpdate(context.Context, *scheduler.Driver, proffer.TaskStatus) error {
	return nil
}

// A scheduler that goes away and comes back under its id finds its tasks.
func TestFailover(t *testing.T) {
	m := run(t, master.Config{})
	startAgent(t, m, "cpus:4;mem:1024", true)
	first := newFiller("t", "cpus:1;mem:100", 3)
	d, err := scheduler.New(first, scheduler.Config{Name: "first", Master: m})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- d.Run(ctx) }()
	<-first.allRun
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}

	reconciled := make(chan proffer.TaskStatus, 100)
	second := &takeover{statuses: reconciled}
	_, done := subscribe(t, second, scheduler.Config{Name: "second", Master: m, FrameworkID: d.FrameworkID()})
	for range 3 {
		if s := <-reconciled; s.State != proffer.TaskRunning || s.Reason != proffer.ReasonReconciliation {
			t.Errorf("status %s", s)
		}
	}
	// A third takes over while the second lives: the second is told.
	third := &takeover{statuses: make(chan proffer.TaskStatus, 100)}
	subscribe(t, third, scheduler.Config{Name: "third", Master: m, FrameworkID: d.FrameworkID()})
	<-third.statuses
	if err := <-done; !errors.Is(err, scheduler.ErrFailedOver) {
		t.Errorf("the one that was replaced returned %v", err)
	}
}

type takeover struct {
	statuses chan proffer.TaskStatus
}

func (s *takeover) Subscribed(_ context.Context, d *scheduler.Driver, _ *scheduler.SubscribedEvent) error {
	return d.Reconcile()
}

func (s *takeover) ResourceOffers(context.Context, *scheduler.Driver, []*offers.Offer) error {
	return nil
}

func (s *takeover) StatusUpdate(_ context.Context, _ *scheduler.Driver, st proffer.TaskStatus) error {
	s.statuses <- st
	return nil
}

func TestMasterEnds(t *testing.T) {
	m, err := master.New(master.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()
	_, done := subscribe(t, newFiller("t", "cpus:1", 1), scheduler.Config{Name: "test", Master: m})
	s, err := m.Subscribe(t.Context(), proffer.FrameworkInfo{Name: "raw", Roles: []string{"*"}}, offers.Subscription{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	if err := <-done; !errors.Is(err, scheduler.ErrMasterClosed) {
		t.Errorf("the driver's Run returned %v", err)
	}
	if err := s.Send(&scheduler.ReviveCall{}); !errors.Is(err, scheduler.ErrMasterClosed) {
		t.Errorf("Send returned %v", err)
	}
	if _, err := m.ConnectAgent(); !errors.Is(err, scheduler.ErrMasterClosed) {
		t.Errorf("ConnectAgent returned %v", err)
	}
	if err := m.Run(t.Context()); !errors.Is(err, master.ErrAlreadyRun) {
		t.Errorf("second Run returned %v", err)
	}
}

func TestConfigIsValidated(t *testing.T) {
	_, err := master.New(master.Config{Weights: map[string]float64{"a//b": 1, "b": -1}, KeepCompleted: -1})
	for _, part := range []string{`"a//b"`, `weight -1 of role "b"`, "KeepCompleted -1"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error does not mention %q:\n%v", part, err)
		}
	}
}
