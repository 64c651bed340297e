package proffer

import "fmt"

// Source tells who made a TaskStatus.
type Source uint8

// The sources of a status.
const (
	SourceMaster Source = iota
	SourceAgent
	SourceExecutor
)

// String returns the source as Mesos writes it, such as SOURCE_AGENT.
func (s Source) String() string {
	switch s {
	case SourceMaster:
		return "SOURCE_MASTER"
	case SourceAgent:
		return "SOURCE_AGENT"
	case SourceExecutor:
		return "SOURCE_EXECUTOR"
	default:
		return fmt.Sprintf("Source(%d)", uint8(s))
	}
}

// Reason tells why a task is in its state, for programs to act on; the
// Message of the status says it for people. The names are those of Mesos
// (docs/task-state-reasons.md).
type Reason uint8

// The reasons. In brackets: the states with which they come.
const (
	ReasonNone                          Reason = iota // nothing to add
	ReasonCommandExited                               // the command ended by itself [Finished, Failed]
	ReasonContainerLaunchFailed                       // the container could not be set up [Failed]
	ReasonContainerLimitationMemory                   // ended by the kernel for want of memory [Failed]
	ReasonContainerLimitationDisk                     // used more disk than it may [Failed]
	ReasonExecutorRegistrationTimeout                 // the executor never registered [Failed]
	ReasonExecutorReregistrationTimeout               // the executor did not come back after the agent restarted [Gone]
	ReasonExecutorTerminated                          // the executor ended before its task did [Failed, Gone]
	ReasonMaxCompletionTimeReached                    // it ran for longer than it may [Failed]
	ReasonHealthCheckFailed                           // killed for being unhealthy [Failed]
	ReasonTaskGroupMemberEnded                        // killed because another task of its group ended badly [Killed]
	ReasonFrameworkRemoved                            // its framework was torn down or did not come back [Killed]
	ReasonTaskKilledDuringLaunch                      // killed before it reached its executor [Killed]
	ReasonTaskInvalid                                 // its description breaks a rule [Error]
	ReasonTaskGroupInvalid                            // the description of its group breaks a rule [Error]
	ReasonInvalidOffers                               // the accepted offers were no longer valid [Dropped, Lost]
	ReasonInsufficientResources                       // the tasks need more than the offers hold [Error]
	ReasonAgentDisconnected                           // the agent was not connected at launch [Dropped, Lost]
	ReasonAgentRemoved                                // the agent was removed [Unreachable, Dropped, Gone, Lost]
	ReasonAgentRestarted                              // the agent restarted before the task started, or its machine did while it ran [Dropped, Gone]
	ReasonAgentDraining                               // the agent is being drained [Killing, Killed]
	ReasonAgentUnknown                                // no such agent is known [Unknown, Lost]
	ReasonAgentReregistered                           // the agent came back [any]
	ReasonTaskUnknown                                 // no such task is known [Unknown, Gone, Lost]
	ReasonReconciliation                              // the answer to a reconciliation [any]
	ReasonTaskCheckStatusUpdated                      // the result of its check changed [Running]
	ReasonTaskHealthCheckStatusUpdated                // its health changed [Running]
	ReasonContainerPreempted                          // ended to make room [Killing, Killed]
	ReasonKillStuck                                   // the kill does not end it: the kernel holds its processes [Killing]
	numReasons
)

var reasonNames = [numReasons]string{
	"", "REASON_COMMAND_EXITED", "REASON_CONTAINER_LAUNCH_FAILED", "REASON_CONTAINER_LIMITATION_MEMORY",
	"REASON_CONTAINER_LIMITATION_DISK", "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
	"REASON_EXECUTOR_REREGISTRATION_TIMEOUT", "REASON_EXECUTOR_TERMINATED", "REASON_MAX_COMPLETION_TIME_REACHED",
	"REASON_HEALTH_CHECK_FAILED", "REASON_TASK_GROUP_MEMBER_ENDED", "REASON_FRAMEWORK_REMOVED",
	"REASON_TASK_KILLED_DURING_LAUNCH", "REASON_TASK_INVALID", "REASON_TASK_GROUP_INVALID", "REASON_INVALID_OFFERS",
	"REASON_INSUFFICIENT_RESOURCES", "REASON_AGENT_DISCONNECTED", "REASON_AGENT_REMOVED", "REASON_AGENT_RESTARTED",
	"REASON_AGENT_DRAINING", "REASON_AGENT_UNKNOWN", "REASON_AGENT_REREGISTERED", "REASON_TASK_UNKNOWN",
	"REASON_RECONCILIATION", "REASON_TASK_CHECK_STATUS_UPDATED", "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
	"REASON_CONTAINER_PREEMPTED", "REASON_KILL_STUCK",
}

// String returns the reason as Mesos writes it, such as
// REASON_CONTAINER_LAUNCH_FAILED, and nothing for [ReasonNone].
func (r Reason) String() string {
	if r < numReasons {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// Valid reports whether r is one of the reasons above.
func (r Reason) Valid() bool { return r < numReasons }

// ParseReason is the inverse of String.
func ParseReason(s string) (Reason, error) {
	for i, name := range reasonNames {
		if name == s {
			return Reason(i), nil
		}
	}
	return 0, fmt.Errorf("unknown reason %q: want a name such as REASON_CONTAINER_LAUNCH_FAILED", s)
}

// MarshalText returns the reason's name, so that it is readable in JSON.
func (r Reason) MarshalText() ([]byte, error) {
	if !r.Valid() {
		return nil, fmt.Errorf("invalid reason %d", uint8(r))
	}
	return []byte(r.String()), nil
}

// UnmarshalText parses what MarshalText wrote.
func (r *Reason) UnmarshalText(text []byte) error {
	parsed, err := ParseReason(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}
