package proffer

import (
	"errors"
	"fmt"

	"github.com/proffer-go/proffer/resources"
)

// ExecutorInfo names the executor that runs a task. The agent starts it with
// the first task that asks for it and ends it when its framework goes. Tasks
// with the same executor id share one executor and must describe it alike.
type ExecutorInfo struct {
	ID   ExecutorID
	Name string // of an executor built into the agent, when Command is nil

	// Command starts the executor as a process of its own, which registers
	// with the agent over a local socket (package executor). Nil means that
	// the executor is a Go value that was given to the agent under Name.
	Command *CommandInfo

	Resources resources.Resources // for the executor itself, on top of its tasks'
	Labels    map[string]string
	Data      []byte // opaque to Proffer; at most [MaxDataSize]
}

// Validate reports what is wrong with the description.
func (e *ExecutorInfo) Validate() error {
	var errs []error
	if err := ValidateID("executor id", e.ID); err != nil {
		errs = append(errs, err)
	}
	if err := validTexts(e.Labels, text{"name", e.Name}); err != nil {
		errs = append(errs, err)
	}
	switch {
	case e.Command != nil:
		if err := e.Command.Validate(); err != nil {
			errs = append(errs, err)
		}
	case e.Name == "":
		errs = append(errs, errors.New("neither a command nor the name of a built-in executor is set"))
	}
	if len(e.Data) > MaxDataSize {
		errs = append(errs, fmt.Errorf("data has %d bytes, at most %d are allowed", len(e.Data), MaxDataSize))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("executor %q: %w", string(e.ID), errors.Join(errs...))
}
