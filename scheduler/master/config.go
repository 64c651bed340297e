package master

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
)

// Config configures a [Master]. The zero value is usable.
type Config struct {
	// Offers configures the allocator: policy, agent order, time-outs. The
	// policy and the agent order belong to this master alone. Default of the
	// policy: weighted hierarchical DRF ([policy.DRF]). IDPrefix is set by the
	// master.
	Offers offers.Config

	// Weights of roles; a role that is not named has 1. Quotas and Priorities
	// of roles; a role that is not named has none, and priority 0. All can be
	// changed later: see [Master.SetWeight].
	Weights    map[string]float64
	Quotas     map[string]offers.Quota
	Priorities map[string]int

	// IDPrefix begins the ids that the master gives out. Masters that follow
	// one another need different ones. Default: none.
	IDPrefix string

	// KeepCompleted is how many ended frameworks, and ended task ids of each
	// framework, are remembered to refuse their reuse. Default 1000.
	KeepCompleted int

	Logger *zap.Logger // default: silent
}

func (c Config) withDefaults() Config {
	if c.Offers.Policy == nil {
		c.Offers.Policy = policy.DRF()
	}
	if c.KeepCompleted == 0 {
		c.KeepCompleted = 1000
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	for _, role := range slices.Sorted(maps.Keys(c.Weights)) {
		if err := proffer.ValidateRole(role); err != nil {
			errs = append(errs, fmt.Errorf("master: Config.Weights: %w", err))
		}
		if w := c.Weights[role]; !(w > 0) {
			errs = append(errs, fmt.Errorf("master: Config.Weights: weight %v of role %q is not above 0", w, role))
		}
	}
	if c.KeepCompleted < 0 {
		errs = append(errs, fmt.Errorf("master: Config.KeepCompleted %d is negative", c.KeepCompleted))
	}
	return errors.Join(errs...)
}
