package proffer

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Defaults of checks and health checks: those of Mesos (docs/health-checks.md).
const (
	DefaultCheckDelay     = 15 * time.Second
	DefaultCheckInterval  = 10 * time.Second
	DefaultCheckTimeout   = 20 * time.Second
	DefaultHealthGrace    = 10 * time.Second
	DefaultHealthFailures = 3
)

// Probe is how a check looks at a task. Exactly one of Command, HTTP and TCP
// is set. A probe runs on the task's agent, in the task's namespaces, and
// connects to the loopback address only.
//
// Of the durations, zero means the default and a negative value means zero:
// no delay, no pause, no time-out.
type Probe struct {
	Command *CommandInfo
	HTTP    *HTTPProbe
	TCP     *TCPProbe

	Delay    time.Duration // from the start of the task to the first probe; default 15 s
	Interval time.Duration // from the end of a probe to the next one; default 10 s
	Timeout  time.Duration // of one probe; default 20 s
}

// HTTPProbe asks for http://127.0.0.1:Port/Path.
type HTTPProbe struct {
	Port   uint16
	Path   string // begins with a slash; empty means "/"
	Scheme string // "http" or "https" (certificates are not verified); empty means "http"
}

// TCPProbe connects to 127.0.0.1:Port and closes the connection.
type TCPProbe struct {
	Port uint16
}

// HealthCheck judges a task: a command must exit with 0, a HTTP answer must be
// of 200 to 399, a connection must succeed. A task that fails Failures times in
// a row is killed; failures within the grace period do not count until the
// first success.
type HealthCheck struct {
	Probe
	Grace    time.Duration // from the start of the task; zero means 10 s, negative means none
	Failures int           // consecutive failures that kill; zero means 3
}

// Check looks at a task without judging it: the scheduler receives a status
// whenever the result changes.
type Check struct {
	Probe
}

// CheckResult is what a check saw. The zero value means that it has not
// completed, or that it timed out.
type CheckResult struct {
	ExitCode   *int  // of a command
	HTTPStatus *int  // of a HTTP answer
	Connected  *bool // of a TCP connection
}

// Equal reports whether both results say the same.
func (r CheckResult) Equal(o CheckResult) bool {
	return equalPtr(r.ExitCode, o.ExitCode) && equalPtr(r.HTTPStatus, o.HTTPStatus) && equalPtr(r.Connected, o.Connected)
}

func equalPtr[T comparable](a, b *T) bool {
	return a == b || (a != nil && b != nil && *a == *b)
}

// Validate reports what is wrong with the health check.
func (h *HealthCheck) Validate() error {
	err := h.Probe.Validate()
	if h.Failures < 0 {
		err = errors.Join(err, fmt.Errorf("failures %d is negative: use 0 for the default of %d", h.Failures, DefaultHealthFailures))
	}
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	return nil
}

// Validate reports what is wrong with the check.
func (c *Check) Validate() error {
	if err := c.Probe.Validate(); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return nil
}

// Validate reports what is wrong with the probe.
func (p *Probe) Validate() error {
	var errs []error
	kinds := 0
	if p.Command != nil {
		kinds++
		if err := p.Command.Validate(); err != nil {
			errs = append(errs, err)
		}
	}
	if p.HTTP != nil {
		kinds++
		if p.HTTP.Port == 0 {
			errs = append(errs, errors.New("http port is 0"))
		}
		if p.HTTP.Path != "" && !strings.HasPrefix(p.HTTP.Path, "/") {
			errs = append(errs, fmt.Errorf("http path %q does not begin with a slash", p.HTTP.Path))
		}
		if err := validTexts(nil, text{"http path", p.HTTP.Path}); err != nil {
			errs = append(errs, err)
		}
		if s := p.HTTP.Scheme; s != "" && s != "http" && s != "https" {
			errs = append(errs, fmt.Errorf("http scheme %q: want http or https", s))
		}
	}
	if p.TCP != nil {
		kinds++
		if p.TCP.Port == 0 {
			errs = append(errs, errors.New("tcp port is 0"))
		}
	}
	if kinds != 1 {
		errs = append(errs, fmt.Errorf("%d of command, http and tcp are set: set exactly one", kinds))
	}
	return errors.Join(errs...)
}
