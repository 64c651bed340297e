package containerizer

import (
	"context"
	"syscall"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Containerizer launches containers and supervises them. All methods are safe
// for concurrent use, and one that waits on a container delays no other.
//
// A method that is given an id which was never launched, or was removed,
// returns an error that wraps [ErrUnknownContainer]; after Close all return
// one that wraps [ErrClosed]. When ctx ends first, the error wraps its cause.
type Containerizer interface {
	// Launch sets up a container and starts its command. It returns when the
	// command has been executed, or a *[LaunchError] with the reason why not;
	// then nothing is left of the attempt but the sandbox. An id that the
	// Containerizer has already is refused with [ErrExists], also when the
	// container has ended: only Remove frees it. When ctx ends during Launch
	// the container is undone; after Launch, ctx has no effect.
	Launch(ctx context.Context, spec Spec) (Container, error)

	// Wait blocks until the container has ended and nothing of it runs any
	// more, and returns how its command ended. It may be called any number of
	// times, before and after the end. [ErrExitUnknown]: it has ended, but
	// nobody saw how.
	Wait(ctx context.Context, id proffer.ContainerID) (proffer.ExitStatus, error)

	// Signal sends sig to the command and to the processes it started that
	// have not set up a group of their own. A container that has ended is no
	// error.
	Signal(ctx context.Context, id proffer.ContainerID, sig syscall.Signal) error

	// Kill ends every process of the container, those that left the command's
	// group or session included. It returns when that is under way; Wait tells
	// when it is done. A container that has ended is no error.
	Kill(ctx context.Context, id proffer.ContainerID) error

	// Exec runs a further command inside a running container, with its user,
	// environment, directory and limits, and returns how it ended and what it
	// printed. When ctx ends, the command is killed with all it started. That
	// it could not be executed is a *[LaunchError]; that the container has
	// ended before or meanwhile is [ErrExited].
	Exec(ctx context.Context, id proffer.ContainerID, spec ExecSpec) (ExecResult, error)

	// Update replaces what the container may use while it runs. [ErrNoLimits]:
	// limits are not enforced here; [ErrExited]: it has ended.
	Update(ctx context.Context, id proffer.ContainerID, res resources.Resources, limits Limits) error

	// Stats returns what the container uses. [ErrExited]: it has ended.
	Stats(ctx context.Context, id proffer.ContainerID) (Stats, error)

	// List returns all containers that were launched and not removed, ordered
	// by id, those that an earlier run of the program launched included.
	List(ctx context.Context) ([]Container, error)

	// Remove forgets a container that has ended and deletes what is not the
	// user's; the sandbox stays. [ErrRunning]: it has not ended.
	Remove(ctx context.Context, id proffer.ContainerID) error

	// Close lets go of all containers; whether they live on is a matter of the
	// implementation's configuration. Calls that wait return [ErrClosed].
	// Closing again has no effect.
	Close() error
}
