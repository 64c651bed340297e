package offerstest

import (
	"fmt"
	"testing"

	"github.com/proffer-go/proffer/offers"
)

// Option changes what [TestPolicy] expects.
type Option int

// MayStarve says that the policy lets some frameworks wait forever by design,
// as first come first served and strict priority do.
const MayStarve Option = 1

// seeds is how many random histories a policy is tried with.
const seeds = 20

// TestPolicy drives an allocator with the policy through random histories:
// agents and frameworks come and go, in several roles with weights and
// priorities, accept, decline, release, suppress and revive. It checks after
// every step that
//
//   - an order has every active client once, and nothing after it was told to
//     stop;
//   - no agent gives more than it has;
//   - what an active client can take and has not declined is offered;
//
// and then that the same seed gives the same decisions, and that under churn
// nobody waits forever. A failure names the seed. NewPolicy returns a new policy
// at each call.
func TestPolicy(t *testing.T, newPolicy func() offers.Policy, options ...Option) {
	t.Helper()
	may := make(map[Option]bool)
	for _, o := range options {
		may[o] = true
	}
	each := func(check func(newPolicy func() offers.Policy, seed uint64) error) func(*testing.T) {
		return func(t *testing.T) {
			for seed := range uint64(seeds) {
				if err := check(newPolicy, seed); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
	}
	t.Run("order", each(checkOrders))
	t.Run("history", each(checkHistory))
	t.Run("repeatable", each(checkRepeatable))
	if !may[MayStarve] {
		t.Run("starvation", each(checkStarvation))
	}
}

// checkOrders watches the orders that the policy gives.
func checkOrders(newPolicy func() offers.Policy, seed uint64) error {
	w := &watcher{Policy: newPolicy()}
	h, err := newHistory(w, seed)
	if err != nil {
		return err
	}
	for i := range steps {
		if err := h.step(); err != nil {
			return err
		}
		if i%8 == 0 { // seldom, because it resets the policy
			w.complete()
		}
		if w.violation != nil {
			return fmt.Errorf("after %q: %w", h.last(), w.violation)
		}
	}
	return nil
}

// checkHistory holds the allocator against books of its own.
func checkHistory(newPolicy func() offers.Policy, seed uint64) error {
	h, err := newHistory(newPolicy(), seed)
	if err != nil {
		return err
	}
	for range steps {
		if err := h.step(); err != nil {
			return err
		}
		if err := h.check(); err != nil {
			return fmt.Errorf("after %q: %w", h.last(), err)
		}
	}
	return nil
}

// checkRepeatable runs a history twice.
func checkRepeatable(newPolicy func() offers.Policy, seed uint64) error {
	var first []string
	for run := range 2 {
		h, err := newHistory(newPolicy(), seed)
		if err != nil {
			return err
		}
		for range steps {
			if err := h.step(); err != nil {
				return err
			}
		}
		if run == 0 {
			first = h.log
			continue
		}
		for i := range min(len(first), len(h.log)) {
			if first[i] != h.log[i] {
				return fmt.Errorf("two runs differ at event %d: %q and %q", i+1, first[i], h.log[i])
			}
		}
		if len(first) != len(h.log) {
			return fmt.Errorf("two runs differ: one has %d events, the other %d", len(first), len(h.log))
		}
	}
	return nil
}
