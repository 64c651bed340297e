package master_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
	"github.com/proffer-go/proffer/scheduler/registry"
)

// gated is a registry whose writes wait at a gate, or fail.
type gated struct {
	registry.Registry
	waits chan struct{} // a token for each write that waits
	gate  chan error    // what it comes to
}

func (g *gated) Write(ctx context.Context, changes map[string][]byte) error {
	g.waits <- struct{}{}
	if err := <-g.gate; err != nil {
		return err
	}
	return g.Registry.Write(ctx, changes)
}

func newGated() *gated {
	return &gated{Registry: registry.Memory(), waits: make(chan struct{}), gate: make(chan error)}
}

// pass lets one write pass.
func (g *gated) pass() {
	<-g.waits
	g.gate <- nil
}

// Nobody is told what the registry does not have.
func TestNothingIsSaidBeforeItIsInTheRegistry(t *testing.T) {
	g := newGated()
	m := run(t, master.Config{Registry: g})
	g.pass() // that there is a master
	answer := make(chan error, 1)
	go func() { answer <- m.SetWeight(context.Background(), "eng", 2) }()
	<-g.waits
	select {
	case err := <-answer:
		t.Errorf("it was answered, %v, before it was written", err)
	default:
	}
	// The master works meanwhile, and what it says waits its turn.
	explained := make(chan error, 1)
	go func() {
		_, err := m.InverseAnswers(context.Background(), "A1")
		explained <- err
	}()
	g.gate <- nil
	if err := <-answer; err != nil {
		t.Error(err)
	}
	if err := <-explained; err != nil {
		t.Error(err)
	}
}

func TestRegistryThatFailsEndsTheMaster(t *testing.T) {
	full := errors.New("no space left on device")
	g := newGated()
	m, err := master.New(master.Config{Registry: g})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- m.Run(t.Context()) }()
	g.pass()
	subscribed := make(chan error, 1)
	d, err := scheduler.New(&explainer{}, scheduler.Config{Name: "hello", Master: m})
	if err != nil {
		t.Fatal(err)
	}
	go func() { subscribed <- d.Run(t.Context()) }()
	<-g.waits
	g.gate <- full
	if err := <-ended; !errors.Is(err, full) {
		t.Errorf("Run returned %v, want %v", err, full)
	}
	if err := <-subscribed; !errors.Is(err, scheduler.ErrMasterClosed) {
		t.Errorf("the driver's Run returned %v, want %v", err, scheduler.ErrMasterClosed)
	}
}

func TestRegistryThatCannotBeRead(t *testing.T) {
	r := registry.Memory()
	if err := r.Write(t.Context(), map[string][]byte{"framework/F1": []byte("nonsense")}); err != nil {
		t.Fatal(err)
	}
	if _, err := master.New(master.Config{Registry: r}); err == nil {
		t.Error("a registry of nonsense was taken")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := master.New(master.Config{Registry: r}); !errors.Is(err, registry.ErrClosed) {
		t.Errorf("New returned %v", err)
	}
}

// What operators have set is there with the next master.
func TestWishesOutliveTheMaster(t *testing.T) {
	r := registry.Memory()
	quota := map[string]offers.Quota{"prod": {Guarantee: resources.MustParseQuantities("cpus:3")}}
	for i := range 2 {
		m, err := master.New(master.Config{Registry: r})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var wait sync.WaitGroup
		wait.Go(func() { _ = m.Run(ctx) })
		if i == 0 {
			if err := m.SetQuotas(ctx, quota); err != nil {
				t.Error(err)
			}
		} else {
			startAgent(t, m, "cpus:4;mem:100", true)
			info := proffer.FrameworkInfo{Name: "hello", Roles: []string{"*"}}
			s, err := m.Subscribe(ctx, info, offers.Subscription{})
			if err != nil {
				t.Fatal(err)
			}
			// Three of the four are kept for prod.
			if o := nextOffer(t, s); o.Resources.CPUs() != resources.Unit {
				t.Errorf("offered %s", o.Resources)
			}
		}
		cancel()
		wait.Wait()
		r = r.Reopen()
	}
}
