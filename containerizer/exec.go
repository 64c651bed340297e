package containerizer

import (
	"errors"
	"fmt"

	"github.com/proffer-go/proffer"
)

// DefaultMaxOutput is how many bytes of each output of an Exec are kept where
// its ExecSpec says nothing else.
const DefaultMaxOutput = 64 << 10

// MaxMaxOutput is the greatest ExecSpec.MaxOutput: what is larger belongs in a
// file of the sandbox.
const MaxMaxOutput = 16 << 20

// ExecSpec is a further command to run in a container.
type ExecSpec struct {
	// Command is what to run. Its Env is added to the container's environment,
	// its Limit to those of the container's command; its User is the
	// container's where it is empty.
	Command *proffer.CommandInfo

	// MaxOutput is how many bytes of stdout and of stderr are kept, from the
	// beginning; the command is not blocked by what is beyond. Zero means
	// [DefaultMaxOutput].
	MaxOutput int
}

// Validate reports everything that is wrong with the specification.
func (s *ExecSpec) Validate() error {
	var errs []error
	if s.Command == nil {
		errs = append(errs, errors.New("exec: command is missing"))
	} else if err := s.Command.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("exec: %w", err))
	}
	if s.MaxOutput < 0 || s.MaxOutput > MaxMaxOutput {
		errs = append(errs, fmt.Errorf("exec: max output %d: want 0 to %d bytes", s.MaxOutput, MaxMaxOutput))
	}
	return errors.Join(errs...)
}

// ExecResult is how such a command ended.
type ExecResult struct {
	Exit      proffer.ExitStatus // OOM is never set: the kernel counts per container
	Stdout    []byte
	Stderr    []byte
	Truncated bool // there was more output than MaxOutput
}
