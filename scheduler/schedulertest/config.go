package schedulertest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// Defaults of a Config.
const (
	DefaultRun           = time.Minute
	DefaultMaxTurns      = 1_000_000
	DefaultKeepCompleted = 1000
)

// Forever as the running time of a task has it run until it is killed.
const Forever = time.Duration(-1)

// Config configures a [Cluster]. The zero value is a cluster without agents.
type Config struct {
	// Agents of the cluster, in the order in which they register. One without
	// an id is assigned one: A1, A2 … Default: none.
	Agents []proffer.AgentInfo

	// Start is the time at which the clock stands at first. Default: the
	// beginning of the year 2000, UTC.
	Start time.Time

	// Lifetime tells for how long a task runs and how it exits. It is called
	// once for each task, when the task starts, and must not call the cluster or
	// a driver. [Forever] and anything negative: until it is killed. Default:
	// [DefaultRun], with success.
	Lifetime func(task *proffer.TaskInfo) (run time.Duration, exit proffer.ExitStatus)

	// Offers configures the allocator. Default: that of the fields; the policy
	// is [policy.DRF].
	Offers offers.Config

	// Weights of roles; a role that is not named has 1.
	Weights map[string]float64

	// KeepCompleted is how many ended frameworks, and ended task ids of each
	// framework, the master remembers to refuse their reuse. Default 1000.
	KeepCompleted int

	// Observer watches what happens. Default: nobody does.
	Observer Observer

	// Seed decides everything that is left to chance: the faults, and the
	// pauses before a lost connection is opened again. The same seed gives the
	// same history. Default 0.
	Seed uint64

	// Faults are what goes wrong, from when all agents have registered until
	// [Cluster.StopFaults]. Default: nothing.
	Faults Faults

	// Trace is written one line for everything that happens: messages, tasks,
	// faults. Default: none.
	Trace io.Writer

	// Repeat is the command that repeats the run, which a violation quotes.
	// Default: none.
	Repeat string

	// Unchecked has nothing checked that must never happen, PassValues has
	// messages pass as Go values instead of as the bytes of package
	// internal/wire, and Forgetful has nothing written that would outlive a
	// crash, so that there must be none. All are for speed: on large clusters,
	// and where policies are compared rather than programs tested.
	Unchecked, PassValues, Forgetful bool

	// MaxTurns bounds how many times frameworks are called without time
	// moving on, so that one that never comes to rest is found out
	// ([Livelock]). Default 1,000,000.
	MaxTurns int

	Logger *zap.Logger // default: silent
}

// Agents returns n agents that have the same, with the ids and host names
// agent-1, agent-2 …
func Agents(n int, each resources.Resources) []proffer.AgentInfo {
	list := make([]proffer.AgentInfo, n)
	for i := range list {
		name := fmt.Sprintf("agent-%d", i+1)
		list[i] = proffer.AgentInfo{ID: proffer.AgentID(name), Hostname: name, Resources: each}
	}
	return list
}

func (c Config) withDefaults() Config {
	c.Agents = slices.Clone(c.Agents)
	if c.Start.IsZero() {
		c.Start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if c.Lifetime == nil {
		c.Lifetime = func(*proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return DefaultRun, proffer.ExitStatus{}
		}
	}
	if c.Offers.Policy == nil {
		c.Offers.Policy = policy.DRF()
	}
	if c.KeepCompleted == 0 {
		c.KeepCompleted = DefaultKeepCompleted
	}
	if c.MaxTurns == 0 {
		c.MaxTurns = DefaultMaxTurns
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	c.Faults = c.Faults.withDefaults()
	return c
}

func (c Config) validate() error {
	var errs []error
	seen := make(map[proffer.AgentID]bool, len(c.Agents))
	for i, info := range c.Agents {
		if info.ID != "" {
			if err := proffer.ValidateID("agent id", info.ID); err != nil {
				errs = append(errs, fmt.Errorf("schedulertest: Config.Agents[%d]: %w", i, err))
			}
		}
		switch {
		case info.Resources.IsEmpty():
			errs = append(errs, fmt.Errorf("schedulertest: Config.Agents[%d] has no resources: give it at least some", i))
		case info.ID != "" && seen[info.ID]:
			errs = append(errs, fmt.Errorf("schedulertest: Config.Agents[%d]: id %q is that of an earlier one", i, string(info.ID)))
		}
		seen[info.ID] = true
	}
	if c.KeepCompleted < 0 {
		errs = append(errs, fmt.Errorf("schedulertest: Config.KeepCompleted %d is negative", c.KeepCompleted))
	}
	if c.MaxTurns < 0 {
		errs = append(errs, fmt.Errorf("schedulertest: Config.MaxTurns %d is negative", c.MaxTurns))
	}
	if err := c.Faults.validate(); err != nil {
		errs = append(errs, err)
	}
	if f := c.Faults; c.Forgetful && (f.MasterCrash > 0 || f.MasterCrashStep > 0 || f.AgentCrash > 0 || f.AgentCrashStep > 0 || f.StoreFailure > 0 || f.StoreFull > 0) {
		errs = append(errs, errors.New("schedulertest: Config.Forgetful does not go with faults that end the master or agents: they would forget everything"))
	}
	return errors.Join(errs...)
}

func (c Config) roles() []string { return slices.Sorted(maps.Keys(c.Weights)) }
