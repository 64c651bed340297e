package master

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/scheduler/registry"
)

// Defaults of a Config: those of Mesos.
const (
	DefaultAgentTimeout      = 75 * time.Second
	DefaultReregisterTimeout = 10 * time.Minute
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
	// changed later: see [Master.SetWeight]. What is set here is set at every
	// start; for the rest the registry's word counts.
	Weights    map[string]float64
	Quotas     map[string]offers.Quota
	Priorities map[string]int

	// Registry is what the master remembers beyond its end: frameworks, agents,
	// quotas, weights, and every launch before it is sent. The master does not
	// close it. Default: none, the master forgets everything.
	Registry registry.Registry

	// AgentTimeout is from the break of an agent's connection until the agent
	// is out of reach, and its tasks [proffer.TaskUnreachable]. Default 75 s.
	AgentTimeout time.Duration

	// ReregisterTimeout is how long, after a restart, the master waits for the
	// agents of the one before it; until then it says nothing about their
	// tasks. Default 10 min.
	ReregisterTimeout time.Duration

	// IDPrefix begins the ids that the master gives out. Masters that follow
	// one another without a registry need different ones. Default: none.
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
	if c.AgentTimeout == 0 {
		c.AgentTimeout = DefaultAgentTimeout
	}
	if c.ReregisterTimeout == 0 {
		c.ReregisterTimeout = DefaultReregisterTimeout
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
	for name, d := range map[string]time.Duration{"AgentTimeout": c.AgentTimeout, "ReregisterTimeout": c.ReregisterTimeout} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("master: Config.%s %v is negative: use 0 for the default", name, d))
		}
	}
	return errors.Join(errs...)
}

// core returns the core of a new master, or one that goes on from the registry.
func (c Config) core() (*mastercore.Core, error) {
	cfg := mastercore.Config{
		Offers: c.Offers, IDPrefix: c.IDPrefix, KeepCompleted: c.KeepCompleted,
		AgentTimeout: c.AgentTimeout, ReregisterTimeout: c.ReregisterTimeout,
	}
	if c.Registry == nil {
		return mastercore.New(cfg)
	}
	crashpoint.Hit("master/recovery/opened")
	records, err := c.Registry.Load(context.Background())
	if err != nil {
		return nil, fmt.Errorf("master: registry: %w", err)
	}
	crashpoint.Hit("master/recovery/loaded")
	core, err := mastercore.Recover(cfg, clock.System.Now(), records)
	if err != nil {
		return nil, fmt.Errorf("master: %w", err)
	}
	crashpoint.Hit("master/recovery/decided")
	return core, nil
}
