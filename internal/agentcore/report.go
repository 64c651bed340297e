package agentcore

import (
	"time"

	"github.com/proffer-go/proffer"
)

// Report is what became of a run: one of the types below.
type Report interface{ report() }

// The reports.
type (
	// Launched tells that the container of a run was launched; nil for an
	// executor without one.
	Launched struct {
		Container *proffer.ContainerStatus
	}

	// LaunchFailed tells that nothing runs, and is the last report of its run.
	// Invalid: launching it again is pointless.
	LaunchFailed struct {
		Message string
		Invalid bool
	}

	// Exited tells that nothing of the run is left, and is its last report.
	// Exit nil: nobody knows how it ended, but for what Message says.
	Exited struct {
		Exit    *proffer.ExitStatus
		Message string
	}

	// Registered tells that an executor is ready for its tasks. Tasks are those
	// that it has already, from before a restart of the agent.
	Registered struct {
		Tasks  []proffer.TaskID
		Number uint64
	}

	// Updated is a status from an executor. The core owns it from then on.
	// What executors in processes of their own say has a Number, without gaps,
	// and comes again until it is confirmed. Update counts the updates alone
	// and stays the same when one comes again.
	Updated struct {
		Status *proffer.TaskStatus
		Number uint64
		Update uint64
	}

	// Sent is data from an executor to its scheduler.
	Sent struct {
		Data   []byte
		Number uint64
	}

	// HealthProbed is the result of a probe of the health check; Problem is
	// empty when it succeeded.
	HealthProbed struct {
		Problem string
	}

	// Checked is the result of a probe of the check.
	Checked struct {
		Result proffer.CheckResult
	}
)

func (Launched) report()      {}
func (*LaunchFailed) report() {}
func (*Exited) report()       {}
func (Registered) report()    {}
func (Updated) report()       {}
func (*Sent) report()         {}
func (*HealthProbed) report() {}
func (*Checked) report()      {}

// run is the container of a command, or an executor.
type run interface {
	report(c *Core, now time.Time, r Report)
}

// Report takes what became of a run. Reports of a run that has ended are
// ignored.
func (c *Core) Report(now time.Time, id RunID, r Report) {
	if run, ok := c.runs[id]; ok {
		run.report(c, now, r)
	}
}
