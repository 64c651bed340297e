package offers_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// These are failures of other schedulers that were reported more than once.

// A framework that never answers, or holds everything, keeps nothing from
// others for longer than the time-out.
func TestHoarding(t *testing.T) {
	for _, c := range []struct {
		name          string
		holds, demand bool
		within        time.Duration
	}{
		{"ignores raw offers", false, false, 30 * time.Second},
		{"ignores what it demands", false, true, 30 * time.Second},
		{"holds raw offers", true, false, time.Minute},
		{"holds what it demands", true, true, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStory(t, offers.Config{Policy: policy.DRF()})
			var got resources.Resources
			s.offered = func(o *offers.Offer) {
				switch {
				case o.FrameworkID == "diligent":
					got, _ = got.Add(o.Resources)
					must(t, s.a.Accept(s.now, []proffer.OfferID{o.ID}, o.Resources, offers.Filter{}))
				case c.holds:
					must(t, s.a.Hold(s.now, o.ID))
				}
			}
			s.subscribe("hoarder", "*")
			if c.demand {
				s.demand("hoarder", "*", 40, "cpus:1", false)
			}
			s.addAgents(10, "cpus:4")
			s.pass(5 * time.Second)
			s.subscribe("diligent", "*")
			if c.demand {
				s.demand("diligent", "*", 40, "cpus:1", false)
			}
			s.pass(c.within - 5*time.Second + 20*time.Millisecond)
			if got.CPUs() != 40*resources.Unit {
				t.Errorf("after %s the diligent framework has %s, want all 40 cpus", s.since(), got)
			}
		})
	}
}

// A framework whose messages are lost, repeated or late is offered what it waits
// for soon after it has said once more where it stands.
func TestLostRevive(t *testing.T) {
	const repeat, late = 5 * time.Second, 3 * time.Second
	for _, demand := range []bool{false, true} {
		t.Run(fmt.Sprintf("demand=%v", demand), func(t *testing.T) {
			for seed := range uint64(20) {
				lostRevive(t, seed, demand, repeat, late)
			}
		})
	}
}

func lostRevive(t *testing.T, seed uint64, demand bool, repeat, late time.Duration) {
	s := newStory(t, offers.Config{Policy: policy.DRF(), Seed: seed})
	rng := rand.New(rand.NewPCG(seed, 12))
	s.addAgents(5, "cpus:8")
	s.subscribe("f", "*")
	pending, placed, satisfied := 0, 0, s.now // when it last waited for nothing or was offered something
	say := func() {
		switch count := pending; {
		case demand:
			s.demand("f", "*", count, "cpus:1", false)
		case count > 0:
			must(t, s.a.Revive(s.now, "f"))
		default:
			must(t, s.a.Suppress(s.now, "f"))
		}
	}
	// What is late says how things stood when it was sent.
	send := func() {
		switch was := pending; rng.IntN(4) {
		case 0: // lost
		case 1:
			say()
			say()
		case 2:
			s.after(time.Duration(rng.Int64N(int64(late))), func() {
				is := pending
				pending = was
				say()
				pending = is
			})
		default:
			say()
		}
	}
	s.offered = func(o *offers.Offer) {
		n := min(pending, int(o.Resources.CPUs()/resources.Unit))
		if n == 0 {
			s.decline(o)
			return
		}
		pending, placed, satisfied = pending-n, placed+n, s.now
		s.launch(o, resources.MustParse(fmt.Sprint("cpus:", n)), time.Duration(1+rng.IntN(3))*time.Second, nil)
		if pending == 0 {
			send()
		}
	}
	var work, again func()
	work = func() {
		if pending == 0 {
			satisfied = s.now
		}
		pending += rng.IntN(3)
		send()
		s.after(time.Duration(rng.IntN(8000))*time.Millisecond, work)
	}
	again = func() {
		say()
		s.after(repeat, again)
	}
	work()
	again()
	for range 600 {
		s.pass(time.Second)
		if pending > 0 && s.now.Sub(satisfied) > repeat+late+repeat {
			t.Fatalf("seed %d: at %s %d tasks have waited for an offer since %s", seed, s.since(), pending, satisfied.Sub(s.start))
		}
	}
	if placed < 50 {
		t.Fatalf("seed %d: %d tasks were placed in 10 minutes", seed, placed)
	}
}

// Many frameworks with one small task each come before a big one by their
// shares. It still makes progress: what they decline it sees within the second.
func TestBigAmongSmall(t *testing.T) {
	s := newStory(t, offers.Config{Policy: policy.DRF()})
	small, large := resources.MustParse("cpus:0.1"), resources.MustParse("cpus:3")
	busy := make(map[proffer.FrameworkID]bool)
	launched, waits, since := 0, time.Duration(0), time.Duration(0)
	s.offered = func(o *offers.Offer) {
		id := o.FrameworkID
		switch {
		case id == "big" && !busy[id] && o.Resources.Contains(large):
			waits, launched = max(waits, s.since()-since), launched+1
			busy[id] = true
			s.launch(o, large, 10*time.Second, func() { busy[id], since = false, s.since() })
		case id != "big" && !busy[id] && o.Resources.Contains(small):
			busy[id] = true
			s.launch(o, small, 2*time.Second, func() { busy[id] = false })
		default:
			s.decline(o)
		}
	}
	for i := range 50 {
		s.subscribe(frameworkName(i), "*")
	}
	s.subscribe("big", "*")
	s.addAgents(5, "cpus:4")
	s.pass(5 * time.Minute)
	// Its own filter of what was too small, or came while it was busy, may keep
	// an agent from it for five seconds.
	if waits > 5100*time.Millisecond || launched < 20 {
		t.Errorf("the big framework launched %d tasks and waited for up to %s between them", launched, waits)
	}
}

// A filter begins when the offer is declined, not when it was made.
func TestFilterFromDecline(t *testing.T) {
	s := newStory(t, offers.Config{Policy: policy.DRF()})
	var made []time.Duration
	s.offered = func(o *offers.Offer) {
		made = append(made, s.since())
		s.after(20*time.Second, func() { s.decline(o) })
	}
	s.subscribe("slow", "*")
	s.addAgents(1, "cpus:1")
	s.pass(45 * time.Second)
	if len(made) != 2 || made[1]-made[0] != 20*time.Second+offers.DefaultRefuse {
		t.Errorf("offers were made at %v, want two, %s apart", made, 20*time.Second+offers.DefaultRefuse)
	}
}
