package schedulertest_test

import (
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// TestInvalidIDsAreRefused: the driver says so, as the master could only break
// the connection.
func TestInvalidIDsAreRefused(t *testing.T) {
	c := newCluster(t, schedulertest.Config{Agents: oneCPU})
	d := newDriver(t, c, &script{}, nil)
	c.Go(t.Context(), d.Run)
	for name, call := range map[string]func() error{
		"kill":              func() error { return d.Kill("a b") },
		"reconcile task":    func() error { return d.Reconcile(scheduler.TaskRef{}) },
		"reconcile agent":   func() error { return d.Reconcile(scheduler.TaskRef{TaskID: "t", AgentID: "../a"}) },
		"acknowledge":       func() error { return d.Acknowledge(proffer.TaskStatus{UpdateID: 1}) },
		"message":           func() error { return d.SendMessage("", "e", nil) },
		"shut down":         func() error { return d.ShutdownExecutor("agent-1", "/") },
		"accept inverse":    func() error { return d.AcceptInverse("") },
		"decline inverse":   func() error { return d.DeclineInverse("\xff", offers.Filter{}) },
		"decline":           func() error { return d.Decline("") },
		"revive other role": func() error { return d.Revive("x y") },
	} {
		if err := call(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if stop := c.RunFor(time.Minute); stop != schedulertest.Reached || c.Err() != nil {
		t.Errorf("stopped: %v, %v", stop, c.Err())
	}
}
