package containerizer

import (
	"time"

	"github.com/proffer-go/proffer"
)

// Container describes a container that was launched.
type Container struct {
	ID      proffer.ContainerID
	Labels  map[string]string // as in its Spec
	Sandbox string            // as in its Spec
	PID     int               // of the command, on this machine
	Started time.Time         // when the command was executed

	// Exit is how the command ended: nil while the container runs, and where
	// that is unknown.
	Exit *proffer.ExitStatus

	// Ended is when the container was gone; zero while it runs and where that
	// is unknown.
	Ended time.Time

	// DroppedLogBytes counts the output that could not be written, because the
	// disk was full, say. It is set when the container has ended; until then
	// see [Stats].
	DroppedLogBytes int64
}
