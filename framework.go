package proffer

import (
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer/resources"
)

// DefaultRole is the role of a framework that names none.
const DefaultRole = "*"

// DefaultFailoverTimeout is how long a framework's tasks outlive its
// connection when it says nothing else. One week, because a weekend must not
// kill what a crashed scheduler left running (Mesos's own default of zero
// kills at once).
const DefaultFailoverTimeout = 7 * 24 * time.Hour

// FrameworkInfo describes a framework to the master.
type FrameworkInfo struct {
	ID    FrameworkID // empty at the first subscription: the master assigns one
	Name  string      // for people
	User  string      // runs the commands that name no user; empty for that of the agent
	Roles []string    // whose shares it is offered; at least one

	// FailoverTimeout is how long the framework's tasks outlive its
	// connection. Zero and less: they end with it.
	FailoverTimeout time.Duration

	// PartitionAware frameworks are told apart TASK_UNREACHABLE, TASK_DROPPED,
	// TASK_GONE and TASK_UNKNOWN; others receive TASK_LOST for all of them.
	PartitionAware bool

	Capabilities Capabilities

	Labels map[string]string
}

// Capabilities are what a framework can deal with. What it does not name it is
// not offered, so that frameworks which know nothing of it are not surprised.
type Capabilities struct {
	GPUs          bool // is offered agents that have GPUs
	RegionAware   bool // is offered agents of other regions than the master's
	Revocable     bool // is offered resources that may be taken back at any time
	SharedVolumes bool // is offered volumes that others may use at the same time
}

// Validate reports everything that is wrong with the description.
func (f *FrameworkInfo) Validate() error {
	var errs []error
	if f.Name == "" {
		errs = append(errs, errors.New("name is empty"))
	}
	errs = append(errs, validTexts(f.Labels, text{"name", f.Name}, text{"user", f.User}))
	if len(f.Roles) == 0 {
		errs = append(errs, fmt.Errorf("no role: name at least one, such as %q", DefaultRole))
	}
	seen := make(map[string]bool, len(f.Roles))
	for _, role := range f.Roles {
		if err := ValidateRole(role); err != nil {
			errs = append(errs, err)
		}
		if seen[role] {
			errs = append(errs, fmt.Errorf("role %q is named twice", role))
		}
		seen[role] = true
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("framework %q: %w", f.Name, err)
	}
	return nil
}

// ValidateRole reports why role cannot serve as a role of a framework: it is
// neither "*" nor a role in the sense of [resources.ValidateRole].
func ValidateRole(role string) error {
	if role == DefaultRole {
		return nil
	}
	return resources.ValidateRole(role)
}
