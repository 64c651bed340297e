package proffer

import "fmt"

// TaskState is where a task stands in its life. The names and their meaning
// are those of Mesos (include/mesos/v1/mesos.proto, TaskState).
//
//	Staging → Starting → Running → Killing → a terminal state
//
// Starting and Killing may be skipped. Unreachable and Unknown are not
// terminal: the task may still be running where nobody can see it.
type TaskState uint8

// The fourteen task states.
const (
	TaskStaging        TaskState = iota // accepted by the master, not yet started
	TaskStarting                        // its executor or container is being set up
	TaskRunning                         // it runs
	TaskKilling                         // it was told to end and has not ended yet
	TaskFinished                        // terminal: it ended with success
	TaskFailed                          // terminal: it ended with an error
	TaskKilled                          // terminal: it was killed by request
	TaskError                           // terminal: its description is invalid; launching it again is pointless
	TaskLost                            // terminal: for frameworks that are not partition-aware
	TaskDropped                         // terminal: it was never launched; launching it again is safe
	TaskUnreachable                     // its agent has lost contact with the master
	TaskGone                            // terminal: it ran on an agent and does so no more
	TaskGoneByOperator                  // terminal: an operator declared its agent gone
	TaskUnknown                         // the master knows nothing of it
	numTaskStates
)

var taskStateNames = [numTaskStates]string{
	"TASK_STAGING", "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_FINISHED", "TASK_FAILED", "TASK_KILLED",
	"TASK_ERROR", "TASK_LOST", "TASK_DROPPED", "TASK_UNREACHABLE", "TASK_GONE", "TASK_GONE_BY_OPERATOR", "TASK_UNKNOWN",
}

// String returns the state as Mesos writes it, such as TASK_RUNNING.
func (s TaskState) String() string {
	if s < numTaskStates {
		return taskStateNames[s]
	}
	return fmt.Sprintf("TaskState(%d)", uint8(s))
}

// Terminal reports whether a task in this state has ended for good. A terminal
// state never changes.
func (s TaskState) Terminal() bool {
	switch s {
	case TaskFinished, TaskFailed, TaskKilled, TaskError, TaskLost, TaskDropped, TaskGone, TaskGoneByOperator:
		return true
	default:
		return false
	}
}

// Valid reports whether s is one of the fourteen states.
func (s TaskState) Valid() bool { return s < numTaskStates }

// ParseTaskState is the inverse of String.
func ParseTaskState(s string) (TaskState, error) {
	for i, name := range taskStateNames {
		if name == s {
			return TaskState(i), nil
		}
	}
	return 0, fmt.Errorf("unknown task state %q: want a name such as TASK_RUNNING", s)
}

// MarshalText returns the state's name, so that it is readable in JSON.
func (s TaskState) MarshalText() ([]byte, error) {
	if !s.Valid() {
		return nil, fmt.Errorf("invalid task state %d", uint8(s))
	}
	return []byte(s.String()), nil
}

// UnmarshalText parses what MarshalText wrote.
func (s *TaskState) UnmarshalText(text []byte) error {
	parsed, err := ParseTaskState(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
