package proffer

import (
	"fmt"
	"strings"
	"syscall"
	"time"
)

// TaskStatus says where a task stands. A scheduler receives one for every
// change, in order for each task, at least once: the same status comes again
// until it is acknowledged.
type TaskStatus struct {
	TaskID     TaskID
	AgentID    AgentID    // empty where no agent is known
	ExecutorID ExecutorID // empty for a task of its own (a command)

	State   TaskState
	Reason  Reason
	Source  Source
	Message string    // for people
	Time    time.Time // when the change happened, on the clock of the source

	// UpdateID tells the updates of a task apart. Zero marks a status that the
	// master made itself (reconciliation, an invalid launch): it comes once
	// and needs no acknowledgement.
	UpdateID uint64

	Health    Health           // of the health check; unknown without one
	Check     *CheckResult     // of the check; nil without one
	Exit      *ExitStatus      // how the command ended; nil unless it did
	Container *ContainerStatus // where it runs; nil until it does
	Data      []byte           // from the executor, opaque to Proffer; at most [MaxDataSize]
}

// String returns the status in one line: "task-1 TASK_FAILED: exit status 3".
func (s TaskStatus) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", s.TaskID, s.State)
	if s.Message != "" {
		fmt.Fprintf(&b, ": %s", s.Message)
	}
	if s.Reason != ReasonNone {
		fmt.Fprintf(&b, " (%s)", s.Reason)
	}
	return b.String()
}

// Health is the verdict of a task's health check.
type Health uint8

// The verdicts.
const (
	HealthUnknown Health = iota // there is no health check, or none has completed
	Healthy
	Unhealthy
)

// String returns "unknown", "healthy" or "unhealthy".
func (h Health) String() string {
	switch h {
	case HealthUnknown:
		return "unknown"
	case Healthy:
		return "healthy"
	case Unhealthy:
		return "unhealthy"
	default:
		return fmt.Sprintf("Health(%d)", uint8(h))
	}
}

// ExitStatus is how a command ended: by itself with Code, or by a signal.
type ExitStatus struct {
	Code   int            // 0 to 255; 128+Signal when a signal ended it, as shells report it
	Signal syscall.Signal // 0 when it ended by itself

	// OOM is true when the kernel killed a process of the container for want
	// of memory. It is read from the kernel's counters, never guessed from 137.
	OOM bool
}

// Success reports whether the command ended by itself with code 0.
func (e ExitStatus) Success() bool { return e.Code == 0 && e.Signal == 0 }

// String returns "exit status 3" or "signal: killed", with ", out of memory"
// when OOM is set.
func (e ExitStatus) String() string {
	s := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != 0 {
		s = "signal: " + e.Signal.String()
	}
	if e.OOM {
		s += ", out of memory"
	}
	return s
}

// ContainerStatus says where a task runs.
type ContainerStatus struct {
	ID        ContainerID
	PID       int      // of its first process, on the agent; 0 if there is none
	Sandbox   string   // its directory on the agent, with the files stdout and stderr
	Addresses []string // its own IP addresses; empty when it shares the host's
}
