package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

func TestDemandIsSent(t *testing.T) {
	demand := offers.Demand{Count: 3, Gang: true}
	demand.Resources = resources.MustParseQuantities("cpus:1")
	s := &funcs{subscribed: func(d *scheduler.Driver) error {
		return errors.Join(d.Demand("*", demand), d.ClearDemand("*"), d.Demand("*"))
	}}
	r := start(t, s, scheduler.Config{})
	want := []scheduler.Call{
		&scheduler.DemandCall{Role: "*", Demands: []offers.Demand{demand}},
		&scheduler.ClearDemandCall{Role: "*"},
		&scheduler.DemandCall{Role: "*"},
	}
	if diff := cmp.Diff(want, r.session.sent(t, 3), cmp.Comparer(resources.Quantities.Equal)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDemandIsChecked(t *testing.T) {
	r := start(t, &funcs{}, scheduler.Config{})
	bad := offers.Demand{Count: -1}
	for _, test := range []struct {
		got  error
		want string
	}{
		{r.Demand("eng"), `demand: offers: framework is not subscribed to the role "eng": the framework's roles are ["*"]`},
		{r.ClearDemand("eng"), `clear demand: offers: framework is not subscribed to the role "eng": the framework's roles are ["*"]`},
		{
			r.Demand("*", bad),
			"scheduler: demand 1 of role \"*\": count -1 is negative\nneither resources nor devices are named: a task needs something",
		},
		{
			r.DeclineInverse("i1", offers.Filter{Refuse: -5}),
			"scheduler: decline inverse offer i1: filter: refuse -5ns is negative: use offers.NoRefuse for no filter",
		},
		{
			r.Constrain(map[string]offers.Constraints{"eng": {{{Of: offers.OfHostname, Is: offers.TextEquals, Text: "h"}}}}),
			`scheduler: constrain: role "eng" with constraints is not among the roles ["*"]`,
		},
	} {
		if got := fmt.Sprint(test.got); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestAcceptAllIsAllOrNothing(t *testing.T) {
	second := offer("o2", "cpus:1")
	second.AgentID = "A2"
	launch := func(id proffer.OfferID, tasks ...proffer.TaskInfo) scheduler.Answer {
		return scheduler.Answer{OfferIDs: []proffer.OfferID{id}, Operations: []offers.Operation{offers.Launch{Tasks: tasks}}}
	}
	answered := make(chan []error, 1)
	s := &funcs{offers: func(d *scheduler.Driver, _ []*offers.Offer) error {
		answered <- []error{
			d.AcceptAll(launch("o1", task("t1", "cpus:1")), launch("gone", task("t2", "cpus:1"))),
			d.AcceptAll(launch("o1", task("t1", "cpus:1")), launch("o1", task("t2", "cpus:1"))),
			d.AcceptAll(launch("o1", task("t1", "cpus:1")), launch("o2", task("t1", "cpus:1"))),
			d.AcceptAll(launch("o1", task("t1", "cpus:1")), launch("o2", task("t2", "cpus:2"))),
			d.AcceptAll(launch("o1", task("t1", "cpus:1")), launch("o2", task("t2", "cpus:1"))),
		}
		return nil
	}}
	r := start(t, s, scheduler.Config{}, offersOf(offer("o1", "cpus:1"), second))
	calls := r.session.sent(t, 1)
	errs := <-answered
	for i, want := range []error{
		scheduler.ErrUnknownOffer, offers.ErrMixedOffers, scheduler.ErrDuplicateTask, scheduler.ErrInsufficient, nil,
	} {
		if !errors.Is(errs[i], want) {
			t.Errorf("answer %d: %v, want %v", i, errs[i], want)
		}
	}
	all, ok := calls[0].(*scheduler.AcceptAllCall)
	if !ok || len(all.Answers) != 2 || all.Answers[1].OfferIDs[0] != "o2" {
		t.Errorf("sent %+v", calls[0])
	}
}

func TestOperationsAreCheckedInOrder(t *testing.T) {
	by := resources.Reservation{Role: "eng", Dynamic: true}
	reserve := offers.Reserve{Resources: resources.MustParse("cpus:2"), By: by}
	o := offer("o1", "cpus:2")
	o.Role = "eng"
	answered := make(chan []error, 1)
	s := &funcs{offers: func(d *scheduler.Driver, _ []*offers.Offer) error {
		launch := offers.Launch{Tasks: []proffer.TaskInfo{task("t1", "cpus(+eng):1")}}
		ids := []proffer.OfferID{"o1"}
		answered <- []error{
			d.AcceptOffers(ids, offers.Filter{}, launch, reserve), // it is not reserved yet
			d.AcceptOffers(ids, offers.Filter{}, reserve, reserve),
			d.AcceptOffers(ids, offers.Filter{}, offers.Unreserve{Resources: reserve.Resources}),
			d.AcceptOffers(ids, offers.Filter{}, reserve, launch),
		}
		return nil
	}}
	r := start(t, s, scheduler.Config{Roles: []string{"eng"}}, offersOf(o))
	call, ok := r.session.sent(t, 1)[0].(*scheduler.AcceptCall)
	if !ok || len(call.Operations) != 2 {
		t.Errorf("sent %+v", call)
	}
	errs := <-answered
	for i, want := range []error{scheduler.ErrInsufficient, scheduler.ErrInsufficient, offers.ErrOperation, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("answer %d: %v, want %v", i, errs[i], want)
		}
	}
}

// handler is a scheduler that is asked for resources and told of operations.
type handler struct {
	funcs
	seen chan string
}

func (h *handler) InverseOffer(_ context.Context, d *scheduler.Driver, o *offers.InverseOffer) error {
	h.seen <- "asked " + string(o.ID)
	if o.ID == "i1" {
		return d.AcceptInverse(o.ID)
	}
	return d.DeclineInverse(o.ID, offers.Filter{Refuse: time.Minute})
}

func (h *handler) InverseOfferRescinded(_ context.Context, _ *scheduler.Driver, id proffer.InverseOfferID) error {
	h.seen <- "rescinded " + string(id)
	return nil
}

func (h *handler) Operations(_ context.Context, _ *scheduler.Driver, e *scheduler.OperationsEvent) error {
	h.seen <- fmt.Sprintf("operations on %s: %v", e.AgentID, e.Err)
	return nil
}

func TestInverseOffersAndOperationsAreTold(t *testing.T) {
	h := &handler{seen: make(chan string, 10)}
	r := start(t, h, scheduler.Config{},
		&scheduler.InverseOfferEvent{Offer: &offers.InverseOffer{ID: "i1"}},
		&scheduler.InverseOfferEvent{Offer: &offers.InverseOffer{ID: "i2"}},
		&scheduler.RescindInverseEvent{ID: "i2"},
		&scheduler.OperationsEvent{AgentID: "A1", Err: errors.New("no")})
	want := []scheduler.Call{
		&scheduler.AnswerInverseCall{ID: "i1", Accept: true},
		&scheduler.AnswerInverseCall{ID: "i2", Filter: offers.Filter{Refuse: time.Minute}},
	}
	if diff := cmp.Diff(want, r.session.sent(t, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, want := range []string{"asked i1", "asked i2", "rescinded i2", "operations on A1: no"} {
		if got := <-h.seen; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}

// The terms of the subscription come with it, and stay when roles change.
func TestTermsGoWithTheSubscription(t *testing.T) {
	session := newFakeSession()
	m := newFakeMaster(session)
	constraints := map[string]offers.Constraints{"eng": {{{Of: offers.OfHostname, Is: offers.TextEquals, Text: "h"}}}}
	r := start(t, &funcs{}, scheduler.Config{
		Master: m, Roles: []string{"eng", "ops"}, Suppressed: []string{"ops"}, Constraints: constraints,
		Capabilities: proffer.Capabilities{GPUs: true},
	})
	want := offers.Subscription{
		Roles: []string{"eng", "ops"}, Suppressed: []string{"ops"}, Constraints: constraints,
		Capabilities: proffer.Capabilities{GPUs: true},
	}
	if diff := cmp.Diff(want, <-m.terms, cmp.Transformer("empty", func(m map[string][]resources.Quantities) int { return len(m) })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := r.UpdateRoles("ops"); err != nil {
		t.Fatal(err)
	}
	call, ok := session.sent(t, 1)[0].(*scheduler.UpdateCall)
	if !ok || len(call.Terms.Constraints) != 0 || call.Terms.Suppressed != nil || len(call.Terms.Roles) != 1 {
		t.Errorf("sent %+v", call)
	}
}
