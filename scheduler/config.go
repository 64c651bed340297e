package scheduler

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// NoFailover as a Config.FailoverTimeout has the framework's tasks killed as
// soon as its driver disconnects.
const NoFailover = time.Duration(-1)

// Config configures a [Driver]. Name and Master must be set.
type Config struct {
	Name   string // of the framework, for people
	Master Master

	// Roles in whose shares the framework is offered resources. Default: "*".
	Roles []string

	// Capabilities are what the framework can deal with. Default: none, so
	// that it is offered no agents with GPUs and nothing revocable or shared.
	Capabilities proffer.Capabilities

	// Constraints say, by role, which agents the framework can use, and
	// MinAllocatable the least amounts worth offering to it. Default: all
	// agents, and what the master takes for worth it.
	Constraints    map[string]offers.Constraints
	MinAllocatable map[string][]resources.Quantities

	// Suppressed are roles in which it is offered nothing until
	// [Driver.Revive].
	Suppressed []string

	// User runs the commands that name no user. Default: that of the agent.
	User string

	// FrameworkID is that of an earlier subscription, to take over its tasks.
	// Default: none, the framework is new.
	FrameworkID proffer.FrameworkID

	// IDs keeps the framework's id between runs of the program, in place of
	// FrameworkID: such as IDFile("framework-id"). Default: nobody does.
	IDs IDStore

	// FailoverTimeout is how long the tasks outlive the driver's session.
	// Default: one week ([proffer.DefaultFailoverTimeout]); [NoFailover]: not
	// at all.
	FailoverTimeout time.Duration

	// LostOnly reports TASK_LOST for every task that is dropped, gone, unknown
	// or out of reach, as to frameworks of old that are not partition-aware.
	LostOnly bool

	// DefaultFilter goes with offers that a callback leaves unanswered, with
	// Decline, and with what Accept does not use. Default: 5 s.
	DefaultFilter offers.Filter

	// Middleware wraps the handling of every event, the first outermost.
	Middleware []func(Handler) Handler

	Labels map[string]string
	Logger *zap.Logger // default: silent
}

func (c Config) withDefaults() Config {
	if len(c.Roles) == 0 {
		c.Roles = []string{proffer.DefaultRole}
	}
	if c.FailoverTimeout == 0 {
		c.FailoverTimeout = proffer.DefaultFailoverTimeout
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

func (c Config) framework() proffer.FrameworkInfo {
	return proffer.FrameworkInfo{
		ID: c.FrameworkID, Name: c.Name, User: c.User, Roles: c.Roles,
		FailoverTimeout: max(c.FailoverTimeout, 0), PartitionAware: !c.LostOnly, Labels: c.Labels,
		Capabilities: c.Capabilities,
	}
}

func (c Config) validate() error {
	var errs []error
	if c.Master == nil {
		errs = append(errs, errors.New("scheduler: Config.Master is nil: give it a master, such as that of an embedded cluster"))
	}
	if c.IDs != nil && c.FrameworkID != "" {
		errs = append(errs, fmt.Errorf("scheduler: Config.IDs and Config.FrameworkID %q are both set: set one of them", string(c.FrameworkID)))
	}
	if c.FailoverTimeout < 0 && c.FailoverTimeout != NoFailover {
		errs = append(errs, fmt.Errorf("scheduler: Config.FailoverTimeout %v is negative: use scheduler.NoFailover for none", c.FailoverTimeout))
	}
	if err := c.DefaultFilter.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("scheduler: Config.DefaultFilter: %w", err))
	}
	f := c.framework()
	if err := f.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("scheduler: Config: %w", err))
	}
	if terms := c.terms(); len(errs) > 0 {
		// Roles that are wrong have been reported.
	} else if err := terms.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("scheduler: Config: %w", err))
	}
	return errors.Join(errs...)
}

func (c Config) terms() offers.Subscription {
	return offers.Subscription{
		Roles: c.Roles, Capabilities: c.Capabilities, Suppressed: c.Suppressed,
		Constraints: c.Constraints, MinAllocatable: c.MinAllocatable,
	}
}
