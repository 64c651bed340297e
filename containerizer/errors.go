package containerizer

import (
	"errors"
	"fmt"

	"github.com/proffer-go/proffer"
)

// The errors of a Containerizer's methods. They come wrapped, with the id.
var (
	ErrExists           = errors.New("containerizer: container exists")
	ErrUnknownContainer = errors.New("containerizer: unknown container")
	ErrRunning          = errors.New("containerizer: container is running")
	ErrExited           = errors.New("containerizer: container has ended")
	ErrExitUnknown      = errors.New("containerizer: exit status is unknown")
	ErrNoLimits         = errors.New("containerizer: limits are not enforced")
	ErrClosed           = errors.New("containerizer: closed")
)

// The causes of a LaunchError that a caller may want to tell apart. Others,
// such as syscall.ENOSPC and os.ErrPermission, come as the system gave them.
var (
	ErrInvalidSpec     = errors.New("containerizer: invalid spec")
	ErrCommandNotFound = errors.New("containerizer: command not found")
	ErrNotExecutable   = errors.New("containerizer: command is not executable")
	ErrUnknownUser     = errors.New("containerizer: unknown user")
	ErrRlimit          = errors.New("containerizer: rlimit cannot be set")
	ErrSandbox         = errors.New("containerizer: sandbox cannot be set up")
)

// LaunchError says why a command was not executed. It wraps one or more of the
// causes above.
type LaunchError struct {
	ID  proffer.ContainerID
	Err error
}

// Error returns the reason with the container's id.
func (e *LaunchError) Error() string {
	return fmt.Sprintf("launch container %q: %v", string(e.ID), e.Err)
}

// Unwrap returns the cause.
func (e *LaunchError) Unwrap() error { return e.Err }
