// Package cgroup bounds and watches containers by Linux control groups, of
// version 1 or 2, through containerd/cgroups.
//
// A group is named by a [record.Cgroup], which says where it is in every
// hierarchy, so that a program started later, in another place, finds it
// again. There are no goroutines and no state but the kernel's.
package cgroup

import (
	"errors"
	"time"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// ErrUnavailable is wrapped by the reason why groups cannot be used.
var ErrUnavailable = errors.New("cgroups cannot be used")

// SharesPerCPU is the share of the processor that stands for one cpu.
const SharesPerCPU = 1024

// stageThreads is how many threads more than the container's limit are allowed
// until its command is executed: those of the stage that becomes the command
// count too.
const stageThreads = 64

// Group is a control group.
type Group interface {
	// Join moves the calling thread (version 1) or process (version 2) in.
	Join() error

	// Update replaces the limits.
	Update(l *record.Limits) error

	// Kill ends all processes inside, and keeps them from forking before. It
	// returns how many it has found; they may take their time.
	Kill() (int, error)

	// Usage returns what is in use.
	Usage() (Usage, error)

	// Delete removes the group, which must be empty; one that is not there is
	// no error.
	Delete() error
}

// Usage is what a group uses, and its limits; those are 0 where there is none.
type Usage struct {
	CPU          time.Duration
	Memory       int64 // bytes
	MemoryLimit  int64 // bytes
	Processes    int64 // threads
	ProcessLimit int64
	OOMKills     uint64 // since the group was made
}

// Child returns the name of a group below parent.
func Child(parent *record.Cgroup, name string) *record.Cgroup {
	child := &record.Cgroup{Version: parent.GetVersion(), Paths: make(map[string]string, len(parent.GetPaths()))}
	for controller, path := range parent.GetPaths() {
		child.Paths[controller] = path + "/" + name
	}
	return child
}
