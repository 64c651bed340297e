package agentcore

import (
	"time"

	"github.com/proffer-go/proffer"
)

// health judges a command by its health check.
type health struct {
	verdict  proffer.Health
	graceEnd time.Time // failures before it do not count
	failures int       // in a row
	allowed  int
	problem  string // of the last failure
}

func (h *health) start(now time.Time, hc *proffer.HealthCheck) {
	if hc == nil {
		return
	}
	grace := hc.Grace
	if grace == 0 {
		grace = proffer.DefaultHealthGrace
	}
	h.graceEnd = now.Add(grace)
	h.allowed = hc.Failures
	if h.allowed == 0 {
		h.allowed = proffer.DefaultHealthFailures
	}
}

// healthProbed tells every failure that counts, and the first success after
// one; the last failure that is allowed kills.
func (k *command) healthProbed(c *Core, now time.Time, problem string) {
	if k.why != alive {
		return // it came from before the kill
	}
	h := &k.health
	if problem == "" {
		h.failures, h.graceEnd = 0, time.Time{}
		if h.verdict != proffer.Healthy {
			h.verdict = proffer.Healthy
			k.tell(c, now, proffer.TaskStatus{State: proffer.TaskRunning, Reason: proffer.ReasonTaskHealthCheckStatusUpdated})
		}
		return
	}
	if now.Before(h.graceEnd) {
		return
	}
	h.failures++
	h.verdict, h.problem = proffer.Unhealthy, problem
	k.tell(c, now, proffer.TaskStatus{
		State: proffer.TaskRunning, Reason: proffer.ReasonTaskHealthCheckStatusUpdated, Message: problem,
	})
	if h.failures >= h.allowed {
		k.kill(c, now, byHealthCheck, graceOf(k.task.info, nil))
	}
}

// checked tells a result that differs from the one before.
func (k *command) checked(c *Core, now time.Time, r proffer.CheckResult) {
	if k.why != alive || k.check == nil || k.check.Equal(r) {
		return
	}
	k.check = &r
	k.tell(c, now, proffer.TaskStatus{State: proffer.TaskRunning, Reason: proffer.ReasonTaskCheckStatusUpdated})
}
