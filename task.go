package proffer

import (
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer/resources"
)

// MaxDataSize is the greatest size in bytes of the opaque data of a task, a
// status or a framework message. Larger things belong in files or in a store,
// with a reference here.
const MaxDataSize = 1 << 20

// TaskInfo describes a task to launch. Exactly one of Command and Executor is
// set.
//
// The master, the agent and the driver share a TaskInfo after it was handed
// over, so what it points to must not be changed any more.
type TaskInfo struct {
	ID   TaskID // unique among all tasks of the framework, ever
	Name string // for people; need not be unique

	// Resources are what the task needs; they must be contained in the offers
	// that it is launched on.
	Resources resources.Resources

	Command  *CommandInfo  // run this command in a container of its own
	Executor *ExecutorInfo // or hand the task to this executor, which is started when needed

	HealthCheck *HealthCheck // kills the task when it fails; nil for none
	Check       *Check       // reports without a verdict; nil for none

	// KillGrace is the time between asking the task to end (SIGTERM) and
	// ending it (SIGKILL). Zero means [DefaultKillGrace]; negative means none.
	KillGrace time.Duration

	// MaxCompletionTime ends the task when it has run for so long. Zero means
	// no bound.
	MaxCompletionTime time.Duration

	// Unreachable says what becomes of the task when its agent is out of
	// reach. Nil: it is [TaskUnreachable] until the agent comes back, and then
	// goes on.
	Unreachable *UnreachablePolicy

	Labels map[string]string
	Data   []byte // opaque to Proffer, for the executor; at most [MaxDataSize]
}

// DefaultKillGrace is the time between SIGTERM and SIGKILL where a task says
// nothing else. It is that of Mesos's command executor.
const DefaultKillGrace = 3 * time.Second

// Validate reports everything that is wrong with the description, each with
// the field and the value, joined into one error.
func (t *TaskInfo) Validate() error {
	var errs []error
	fail := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	fail(ValidateID("task id", t.ID))
	fail(validTexts(t.Labels, text{"name", t.Name}))
	switch {
	case t.Command == nil && t.Executor == nil:
		fail(errors.New("neither a command nor an executor is set: set one of them"))
	case t.Command != nil && t.Executor != nil:
		fail(errors.New("both a command and an executor are set: set only one of them"))
	case t.Command != nil:
		fail(t.Command.Validate())
	default:
		fail(t.Executor.Validate())
	}
	if t.Resources.IsEmpty() {
		fail(errors.New("resources are empty: a task needs at least some"))
	}
	if t.HealthCheck != nil {
		fail(t.HealthCheck.Validate())
	}
	if t.Check != nil {
		fail(t.Check.Validate())
	}
	if t.MaxCompletionTime < 0 {
		fail(fmt.Errorf("max completion time %v is negative: use 0 for no bound", t.MaxCompletionTime))
	}
	if t.Unreachable != nil && t.Unreachable.GiveUpAfter < 0 && t.Unreachable.GiveUpAfter != AtOnce {
		fail(fmt.Errorf("give up after %v is negative: use 0 for never, proffer.AtOnce for at once", t.Unreachable.GiveUpAfter))
	}
	if len(t.Data) > MaxDataSize {
		fail(fmt.Errorf("data has %d bytes, at most %d are allowed", len(t.Data), MaxDataSize))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("task %q: %w", string(t.ID), errors.Join(errs...))
}

// UnreachablePolicy says what becomes of a task whose agent is out of reach: it
// may have ended, or run on where nobody sees it.
//
//	replace at once  GiveUpAfter: AtOnce
//	wait a while     GiveUpAfter: 5 * time.Minute
//	replace it yourself on TaskUnreachable, and have one instance in the end
//	                 KillOnReturn: true
type UnreachablePolicy struct {
	// GiveUpAfter is how long the task may be [TaskUnreachable] before the
	// master gives it up: it is [TaskGone], for good, and is killed if its
	// agent comes back. Zero: never. [AtOnce]: in place of TaskUnreachable.
	GiveUpAfter time.Duration

	// KillOnReturn kills the task when its agent comes back.
	KillOnReturn bool
}

// AtOnce as an UnreachablePolicy.GiveUpAfter gives a task up as soon as its
// agent is out of reach.
const AtOnce = time.Duration(-1)

// TaskGroup is a set of tasks that live and die together on one agent: all of
// them are launched or none, and when one fails or is killed the others are
// killed. All are commands.
type TaskGroup struct {
	Tasks []TaskInfo
}

// Validate reports everything that is wrong with the group and its tasks.
func (g *TaskGroup) Validate() error {
	var errs []error
	if len(g.Tasks) == 0 {
		errs = append(errs, errors.New("task group is empty"))
	}
	seen := make(map[TaskID]bool, len(g.Tasks))
	for i := range g.Tasks {
		t := &g.Tasks[i]
		if err := t.Validate(); err != nil {
			errs = append(errs, err)
		}
		if t.Executor != nil {
			errs = append(errs, fmt.Errorf("task %q: tasks of a group are commands and have no executor", string(t.ID)))
		}
		if seen[t.ID] {
			errs = append(errs, fmt.Errorf("task id %q occurs twice in the group", string(t.ID)))
		}
		seen[t.ID] = true
	}
	return errors.Join(errs...)
}
