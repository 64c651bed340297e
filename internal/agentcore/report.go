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

	// Registered tells that an executor is ready for its tasks.
	Registered struct{}

	// Returned is Registered of an executor that has tasks already, from before
	// a restart of the agent: those, and no others.
	Returned struct {
		Tasks []proffer.TaskID
	}

	// Updated is a status from an executor. The core owns it from then on.
	Updated struct {
		Status *proffer.TaskStatus
	}

	// Sent is data from an executor to its scheduler.
	Sent struct {
		Data []byte
	}

	// Numbered is one of the above from an executor in a process of its own,
	// which says it until Number is confirmed. Numbers are without gaps.
	Numbered struct {
		Number uint64
		Update uint64 // counts the updates alone; the same when one comes again
		Report Report
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
func (*Returned) report()     {}
func (*Numbered) report()     {}
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
