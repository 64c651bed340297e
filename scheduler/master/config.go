package master

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// Config configures a [Master]. The zero value is usable.
type Config struct {
	// Policy decides who is offered an agent next. It belongs to this master
	// alone. Default: weighted hierarchical DRF ([policy.DRF]).
	Policy offers.Policy

	// Weights of roles; a role that is not named has 1.
	Weights map[string]float64

	// Coalesce is how long freed resources are gathered before they are
	// offered. Default 2 ms; negative: not at all.
	Coalesce time.Duration

	// OfferTimeout takes an offer back that is not answered in time. Default
	// 30 s; negative: never.
	OfferTimeout time.Duration

	// MinAllocatable are the least amounts worth offering. Default cpus:0.01
	// or mem:32; empty and not nil: anything is.
	MinAllocatable []resources.Quantities

	// FairnessExcluded names resources that do not count in shares.
	FairnessExcluded []string

	// Seed of the order in which agents are offered. Default 0.
	Seed uint64

	// IDPrefix begins the ids that the master gives out. Masters that follow
	// one another need different ones. Default: none.
	IDPrefix string

	// KeepCompleted is how many ended frameworks, and ended task ids of each
	// framework, are remembered to refuse their reuse. Default 1000.
	KeepCompleted int

	Logger *zap.Logger // default: silent
}

func (c Config) withDefaults() Config {
	if c.Policy == nil {
		c.Policy = policy.DRF()
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
	for _, role := range sortedKeys(c.Weights) {
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

func (c Config) offers() offers.Config {
	return offers.Config{
		Policy: c.Policy, Coalesce: c.Coalesce, OfferTimeout: c.OfferTimeout,
		MinAllocatable: c.MinAllocatable, FairnessExcluded: c.FairnessExcluded, Seed: c.Seed,
	}
}

func sortedKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
