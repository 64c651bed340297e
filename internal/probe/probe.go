// Package probe looks at tasks: by a command, a HTTP request or a TCP
// connection, once or again and again. What the results mean for the task is
// for others to judge.
//
// There are no goroutines but those of the callers and of net/http, which end
// with each probe.
package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/clock"
)

// Prober probes one task.
type Prober struct {
	Clock clock.Clock

	// Exec runs a command where the task runs, and ends it when ctx ends.
	Exec func(ctx context.Context, command *proffer.CommandInfo) (proffer.ExitStatus, error)
}

// Result is what a probe saw.
type Result struct {
	Check proffer.CheckResult

	// Problem says, for people, what is not as with a healthy task; empty when
	// all is well.
	Problem string
}

// Repeat probes after the probe's delay and then again and again, until ctx
// ends. What it saw when ctx ended is not reported.
func (p *Prober) Repeat(ctx context.Context, probe *proffer.Probe, report func(Result)) {
	pause := orDefault(probe.Delay, proffer.DefaultCheckDelay)
	for clock.Sleep(ctx, p.Clock, pause) == nil {
		r := p.Once(ctx, probe)
		if ctx.Err() != nil {
			return
		}
		report(r)
		pause = orDefault(probe.Interval, proffer.DefaultCheckInterval)
	}
}

func orDefault(d, byDefault time.Duration) time.Duration {
	if d == 0 {
		return byDefault
	}
	return max(d, 0)
}

// Once probes now. One that takes longer than its time-out has the zero
// CheckResult.
func (p *Prober) Once(ctx context.Context, probe *proffer.Probe) Result {
	timeout := orDefault(probe.Timeout, proffer.DefaultCheckTimeout)
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no result within %v", timeout))
		defer cancel()
	}
	var r Result
	switch {
	case probe.Command != nil:
		r = p.command(ctx, probe.Command)
	case probe.HTTP != nil:
		r = viaHTTP(ctx, probe.HTTP)
	case probe.TCP != nil:
		r = viaTCP(ctx, probe.TCP)
	}
	if ctx.Err() != nil && r.Problem != "" {
		return Result{Problem: context.Cause(ctx).Error()}
	}
	return r
}

func (p *Prober) command(ctx context.Context, command *proffer.CommandInfo) Result {
	exit, err := p.Exec(ctx, command)
	if err != nil {
		return Result{Problem: err.Error()}
	}
	r := Result{Check: proffer.CheckResult{ExitCode: &exit.Code}}
	if !exit.Success() {
		r.Problem = exit.String()
	}
	return r
}

func viaTCP(ctx context.Context, probe *proffer.TCPProbe) Result {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", loopback(probe.Port))
	connected := err == nil
	r := Result{Check: proffer.CheckResult{Connected: &connected}}
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	_ = conn.Close() // that it opened is all that counts
	return r
}

func loopback(port uint16) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))) }

func viaHTTP(ctx context.Context, probe *proffer.HTTPProbe) Result {
	scheme := probe.Scheme
	if scheme == "" {
		scheme = "http"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+loopback(probe.Port)+probe.Path, nil)
	if err != nil {
		return Result{Problem: err.Error()}
	}
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // whose certificate would be for 127.0.0.1?
		},
		// An answer that leads elsewhere is an answer: of 300 to 399.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(request)
	if err != nil {
		return Result{Problem: err.Error()}
	}
	err = answer.Body.Close()
	r := Result{Check: proffer.CheckResult{HTTPStatus: &answer.StatusCode}}
	if answer.StatusCode < 200 || answer.StatusCode >= 400 {
		r.Problem = errors.Join(fmt.Errorf("HTTP status %s: want 200 to 399", answer.Status), err).Error()
	}
	return r
}
