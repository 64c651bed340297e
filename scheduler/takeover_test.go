package scheduler_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// remembering is a scheduler that remembers tasks.
type remembering struct {
	funcs
	unfinished []scheduler.TaskRef
	err        error
}

func (r *remembering) Unfinished(context.Context) ([]scheduler.TaskRef, error) {
	return r.unfinished, r.err
}

// Nothing is offered before the master has told of every task that may run.
func TestOffersWaitForReconciliation(t *testing.T) {
	happened := make(chan string, 10)
	s := &remembering{unfinished: []scheduler.TaskRef{{TaskID: "t2", AgentID: "A2"}, {TaskID: "t1"}}}
	s.offers = func(*scheduler.Driver, []*offers.Offer) error { happened <- "offers"; return nil }
	s.status = func(_ *scheduler.Driver, s proffer.TaskStatus) error { happened <- string(s.TaskID); return nil }
	r := start(t, s, scheduler.Config{FrameworkID: "F1"}, offersOf(offer("o1", "cpus:2"), offer("o2", "cpus:1")))
	want := []scheduler.Call{&scheduler.ReconcileCall{Tasks: []scheduler.TaskRef{{TaskID: "t1"}, {TaskID: "t2", AgentID: "A2"}}}}
	if diff := cmp.Diff(want, r.session.sent(t, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.session.events.Put(update("t1", proffer.TaskRunning, 0), &scheduler.RescindEvent{OfferID: "o2"})
	r.session.events.Put(update("other", proffer.TaskRunning, 0), update("t2", proffer.TaskUnknown, 0))
	for _, want := range []string{"t1", "other", "t2", "offers"} {
		if got := <-happened; got != want {
			t.Fatalf("%s happened, want %s", got, want)
		}
	}
	// A task that the master does not know may be launched, one that runs not.
	accepted := make(chan error, 2)
	r.session.events.Put(update("", proffer.TaskRunning, 0)) // the callbacks before have returned
	<-happened
	s.offers = func(d *scheduler.Driver, _ []*offers.Offer) error {
		accepted <- d.Accept("o3", task("t1", "cpus:1"))
		accepted <- d.Accept("o3", task("t2", "cpus:1"))
		return nil
	}
	r.session.events.Put(offersOf(offer("o3", "cpus:4")))
	if err := <-accepted; !errors.Is(err, scheduler.ErrDuplicateTask) {
		t.Errorf("a task that runs was launched again: %v", err)
	}
	if err := <-accepted; err != nil {
		t.Error(err)
	}
}

func TestRememberingNothingIsAnError(t *testing.T) {
	broken := errors.New("the disk is gone")
	r := start(t, &remembering{err: broken}, scheduler.Config{FrameworkID: "F1"}, offersOf(offer("o1", "cpus:2")))
	if err := r.result(); !errors.Is(err, broken) {
		t.Errorf("Run returned %v", err)
	}
}

// A session that is lost takes calls with it: the next one asks for the tasks
// and kills again.
func TestLostSessionIsTakenOver(t *testing.T) {
	first, second := newFakeSession(offersOf(offer("o1", "cpus:4"))), newFakeSession()
	s := &funcs{offers: func(d *scheduler.Driver, list []*offers.Offer) error {
		return errors.Join(d.Accept("o1", task("t1", "cpus:1"), task("t2", "cpus:1"), task("t3", "cpus:1")),
			d.Kill("t2"), d.Kill("t3"), d.Kill("stranger"))
	}}
	start(t, s, scheduler.Config{Master: newFakeMaster(first, second)})
	first.sent(t, 4)
	first.events.Put(update("t3", proffer.TaskKilled, 1))
	first.sent(t, 1)
	first.events.Close(errors.New("connection reset"))
	want := []scheduler.Call{
		&scheduler.ReconcileCall{Tasks: []scheduler.TaskRef{{TaskID: "t1", AgentID: "A1"}, {TaskID: "t2", AgentID: "A1"}}},
		&scheduler.KillCall{TaskID: "t2"},
	}
	if diff := cmp.Diff(want, second.sent(t, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// F4: a framework that cannot tell who it is does not begin anew.
func TestF4IDThatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "torn": "\x00\x00\x00\n", "two": "F1\nF2\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		master := newFakeMaster(newFakeSession())
		r := start(t, &funcs{}, scheduler.Config{Master: master, IDs: scheduler.IDFile(path)})
		if err := r.result(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: Run returned %v, want an error that names %s", name, err, path)
		}
		if len(master.subscribed) > 0 {
			t.Errorf("%s: it subscribed as %+v", name, <-master.subscribed)
		}
	}
	r := start(t, &funcs{}, scheduler.Config{IDs: scheduler.IDFile(dir)}) // a directory
	if err := r.result(); err == nil || !strings.Contains(err.Error(), "cannot be told") {
		t.Errorf("Run returned %v", err)
	}
}

func TestIDIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "id")
	for _, want := range []proffer.FrameworkID{"", "F1"} {
		master := newFakeMaster(newFakeSession())
		ready := make(chan struct{})
		r := start(t, &funcs{subscribed: func(*scheduler.Driver) error { close(ready); return nil }},
			scheduler.Config{Master: master, IDs: scheduler.IDFile(path)})
		<-ready
		if got := (<-master.subscribed).ID; got != want {
			t.Errorf("it subscribed as %q, want %q", got, want)
		}
		if text, err := os.ReadFile(path); string(text) != "F1\n" {
			t.Errorf("kept %q, %v", text, err)
		}
		_ = r.stop(t)
	}
	session := newFakeSession()
	ready := make(chan struct{})
	r := start(t, &funcs{subscribed: func(*scheduler.Driver) error { close(ready); return nil }},
		scheduler.Config{Master: newFakeMaster(session), IDs: scheduler.IDFile(path)})
	<-ready
	if err := r.Teardown(); err != nil {
		t.Fatal(err)
	}
	session.events.Close(scheduler.ErrFrameworkRemoved)
	if err := r.result(); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the id of a framework that is gone is kept: %v", err)
	}
}

func TestIDThatCannotBeKeptIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "id")
	offered := false
	s := &funcs{offers: func(*scheduler.Driver, []*offers.Offer) error { offered = true; return nil }}
	r := start(t, s, scheduler.Config{IDs: scheduler.IDFile(path)}, offersOf(offer("o1", "cpus:1")))
	if err := r.result(); err == nil || !strings.Contains(err.Error(), `the id "F1" of framework "test" cannot be kept`) {
		t.Errorf("Run returned %v", err)
	}
	if offered {
		t.Error("it was offered resources all the same")
	}
}

// A teardown that is lost with its session is sent by the next one.
func TestLostTeardownIsSentAgain(t *testing.T) {
	first, second := newFakeSession(), newFakeSession()
	subscribed := make(chan struct{}, 2)
	s := &funcs{subscribed: func(*scheduler.Driver) error { subscribed <- struct{}{}; return nil }}
	r := start(t, s, scheduler.Config{Master: newFakeMaster(first, second)})
	<-subscribed
	if err := r.Teardown(); err != nil {
		t.Fatal(err)
	}
	first.events.Close(errors.New("connection reset"))
	if diff := cmp.Diff([]scheduler.Call{&scheduler.TeardownCall{}}, second.sent(t, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	second.events.Close(scheduler.ErrFrameworkRemoved)
	if err := r.result(); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// What a session brought before it ended is not lost with it: statuses that the
// master made itself come once.
func TestStatusesOfALostSessionAreHandled(t *testing.T) {
	blocked, release := make(chan struct{}), make(chan struct{})
	seen := make(chan proffer.TaskID, 10)
	s := &funcs{
		offers: func(*scheduler.Driver, []*offers.Offer) error { close(blocked); <-release; return nil },
		status: func(_ *scheduler.Driver, s proffer.TaskStatus) error { seen <- s.TaskID; return nil },
	}
	first, second := newFakeSession(offersOf(offer("o1", "cpus:1"))), newFakeSession()
	start(t, s, scheduler.Config{Master: newFakeMaster(first, second)})
	<-blocked
	first.events.Put(update("t1", proffer.TaskDropped, 0), offersOf(offer("o2", "cpus:1")), update("t2", proffer.TaskGone, 0))
	close(release)
	first.events.Close(errors.New("connection reset"))
	for _, want := range []proffer.TaskID{"t1", "t2"} {
		if got := <-seen; got != want {
			t.Errorf("status of %s, want %s", got, want)
		}
	}
}
