package embedded_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
	"github.com/proffer-go/proffer/scheduler/master"
)

// service wants one task of a shape running, and tells of every status.
type service struct {
	demand   offers.Demand
	role     string
	tasks    []proffer.TaskInfo // not launched yet
	statuses chan proffer.TaskStatus
	asked    chan *offers.InverseOffer
}

func newService(role, shape string, tasks ...proffer.TaskInfo) *service {
	s := &service{role: role, tasks: tasks, statuses: make(chan proffer.TaskStatus, 100), asked: make(chan *offers.InverseOffer, 100)}
	for i := range tasks {
		tasks[i].Resources = resources.MustParse(shape)
	}
	s.demand.Count, s.demand.Resources = len(tasks), resources.MustParseQuantities(shape)
	return s
}

func (s *service) Subscribed(_ context.Context, d *scheduler.Driver, _ *scheduler.SubscribedEvent) error {
	return d.Demand(s.role, s.demand)
}

func (s *service) ResourceOffers(_ context.Context, d *scheduler.Driver, list []*offers.Offer) error {
	for _, o := range list {
		n := int(o.Resources.CPUs() / s.tasks[0].Resources.CPUs())
		if err := d.Accept(o.ID, s.tasks[:n]...); err != nil {
			return err
		}
		s.tasks = s.tasks[n:]
	}
	return nil
}

func (s *service) StatusUpdate(_ context.Context, _ *scheduler.Driver, status proffer.TaskStatus) error {
	s.statuses <- status
	return nil
}

func (s *service) InverseOffer(_ context.Context, d *scheduler.Driver, o *offers.InverseOffer) error {
	s.asked <- o
	return d.DeclineInverse(o.ID, offers.Filter{Refuse: time.Hour})
}

func (s *service) InverseOfferRescinded(context.Context, *scheduler.Driver, proffer.InverseOfferID) error {
	return nil
}

// becomes waits for a task to be in the state.
func (s *service) becomes(t *testing.T, id proffer.TaskID, state proffer.TaskState) proffer.TaskStatus {
	t.Helper()
	ctx := within(t)
	for {
		select {
		case status := <-s.statuses:
			if status.TaskID == id && status.State == state {
				return status
			}
			if status.State.Terminal() {
				t.Fatalf("waiting for %s of %s: %s", state, id, status)
			}
		case <-ctx.Done():
			t.Fatalf("%s does not become %s", id, state)
		}
	}
}

func runService(t *testing.T, cluster *embedded.Cluster, s *service) {
	t.Helper()
	d, err := scheduler.New(s, scheduler.Config{
		Name: s.role, Roles: []string{s.role}, Suppressed: []string{s.role}, Master: cluster, FailoverTimeout: scheduler.NoFailover,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = d.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func startCluster(t *testing.T, cfg embedded.Config) *embedded.Cluster {
	t.Helper()
	cluster, err := embedded.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

// A drain ends when the tasks have ended, not when they are told to (F33).
func TestDrainWaitsForTheEnd(t *testing.T) {
	cluster := startCluster(t, embedded.Config{Resources: resources.MustParse("cpus:2;mem:256")})
	stubborn := shell("stubborn", "trap '' TERM; sleep 1000 & wait; wait")
	s := newService("web", "cpus:1;mem:32", stubborn)
	runService(t, cluster, s)
	agent := s.becomes(t, "stubborn", proffer.TaskRunning).AgentID

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := cluster.Master().Drain(ctx, agent, -1); !errors.Is(err, context.Canceled) {
		t.Errorf("a drain that was given up: %v", err)
	}
	if err := cluster.Master().Drain(within(t), agent, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	s.becomes(t, "stubborn", proffer.TaskKilled)
	if err := cluster.Master().Drain(within(t), "nowhere", 0); !errors.Is(err, offers.ErrUnknownAgent) {
		t.Errorf("drain of an unknown agent: %v", err)
	}

	// Nothing is offered there until it is activated.
	next := newService("next", "cpus:1", shell("after", "sleep 1000"))
	runService(t, cluster, next)
	if err := cluster.Master().ActivateAgent(within(t), agent); err != nil {
		t.Fatal(err)
	}
	next.becomes(t, "after", proffer.TaskRunning)
}

// A guarantee takes back what others have above theirs, after it has asked.
func TestPreemption(t *testing.T) {
	cluster := startCluster(t, embedded.Config{
		Resources: resources.MustParse("cpus:2;mem:256"),
		Master: master.Config{
			Offers: offers.Config{Preemption: &offers.Preemption{After: time.Millisecond, Grace: 100 * time.Millisecond}},
		},
	})
	batch := newService("batch", "cpus:1;mem:10", shell("b1", "sleep 1000"), shell("b2", "sleep 1000"))
	runService(t, cluster, batch)
	batch.becomes(t, "b1", proffer.TaskRunning)
	guarantee := offers.Quota{Guarantee: resources.MustParseQuantities("cpus:1")}
	if err := cluster.Master().SetQuotas(within(t), map[string]offers.Quota{"prod": guarantee}); err != nil {
		t.Fatal(err)
	}
	prod := newService("prod", "cpus:1;mem:10", shell("p1", "sleep 1000"))
	runService(t, cluster, prod)
	if o := <-batch.asked; o.Role != "batch" || o.Resources.CPUs() != resources.Unit {
		t.Errorf("asked for %s", o)
	}
	prod.becomes(t, "p1", proffer.TaskRunning)
}

// Operators are told what is wrong.
func TestOperatorsErrors(t *testing.T) {
	cluster := startCluster(t, embedded.Config{Resources: resources.MustParse("cpus:2;mem:256")})
	idle := newService("idle", "cpus:0.1", shell("idle", "sleep 1000"))
	runService(t, cluster, idle)
	if id := idle.becomes(t, "idle", proffer.TaskRunning).AgentID; id != "A1" {
		t.Fatalf("the agent is %s", id)
	}
	m, ctx := cluster.Master(), within(t)
	reserve := offers.Reserve{Resources: resources.MustParse("cpus:1"), By: resources.Reservation{Role: "eng", Dynamic: true}}
	for want, err := range map[string]error{
		`weight 0 is not above 0`:                         m.SetWeight(ctx, "eng", 0),
		`role "a//b" has an empty component`:              m.SetPriority(ctx, "a//b", 1),
		`guarantee cpus:2 is above the limit cpus:1`:      m.SetQuotas(ctx, map[string]offers.Quota{"eng": {Guarantee: resources.MustParseQuantities("cpus:2"), Limit: map[string]resources.Scalar{"cpus": resources.Unit}}}),
		`start 0001-01-01 00:00:00 +0000 UTC must be set`: m.SetUnavailability(ctx, "A1", &offers.Unavailability{}),
		`neither that of the offer, "ops", nor below it`:  m.Operate(ctx, "A1", "ops", reserve),
		`offers: unknown agent: nowhere`:                  m.Operate(ctx, "nowhere", "eng", reserve),
		`update agent: offers: unknown agent: nowhere3`:   m.UpdateAgent(ctx, "nowhere3", func(*proffer.AgentInfo) {}),
		`offers: unknown agent: nowhere2`:                 m.DeactivateAgent(ctx, "nowhere2"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if err := m.SetUnavailability(ctx, "A1", &offers.Unavailability{Start: time.Now().Add(time.Hour)}); err != nil {
		t.Error(err)
	}
	<-idle.asked // and declines
	for {
		answers, err := m.InverseAnswers(ctx, "A1")
		if err != nil {
			t.Fatal(err)
		}
		if len(answers) == 1 {
			break
		}
	}
}

// What an agent has, and is like, can change; a demand that waits for it is
// served.
func TestUpdateAgent(t *testing.T) {
	cluster := startCluster(t, embedded.Config{Resources: resources.MustParse("cpus:1;mem:256")})
	first := newService("first", "cpus:1", shell("first", "sleep 1000"))
	runService(t, cluster, first)
	agent := first.becomes(t, "first", proffer.TaskRunning).AgentID
	second := newService("second", "cpus:1", shell("second", "sleep 1000"))
	second.demand.Constraints, _ = offers.ParseConstraints("rack = r2")
	runService(t, cluster, second)
	err := cluster.Master().UpdateAgent(within(t), agent, func(info *proffer.AgentInfo) {
		info.Resources = resources.MustParse("cpus:2;mem:256")
		info.Attributes = resources.MustParseAttributes("rack:r2")
	})
	if err != nil {
		t.Fatal(err)
	}
	second.becomes(t, "second", proffer.TaskRunning)
}
