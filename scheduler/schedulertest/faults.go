package schedulertest

import (
	"errors"
	"fmt"
	"time"
)

// Faults are what goes wrong by chance, all of it decided by Config.Seed. The
// zero value is a world without faults; a test can cause single ones itself,
// such as by [Cluster.CrashAgent].
//
// A fault "every" so long comes at random times, at this interval in the mean,
// to one that is chosen by chance. What is down, cut or slow stays so for
// Outage in the mean.
type Faults struct {
	// Of a message between the master and an agent or framework, the
	// probabilities that it is lost, arrives twice, takes up to MaxDelay, or
	// takes that and is overtaken. A message that is lost or overtaken breaks
	// its connection, see package internal/wire.
	Loss, Duplicate, Delay, Reorder float64
	MaxDelay                        time.Duration // default 1 s

	AgentCrash         time.Duration // every: an agent is killed, what it runs goes on
	AgentReboot        time.Duration // every: an agent's machine loses its power, with all that runs
	AgentPartition     time.Duration // every: an agent is cut off, both ways or one
	AgentSlow          time.Duration // every: messages to and from an agent take up to MaxDelay more
	FrameworkPartition time.Duration // every: a framework is cut off, both ways or one
	MasterCrash        time.Duration // every: the master is killed
	MachineStuck       time.Duration // every: nothing on an agent's machine can be killed
	StoreFull          time.Duration // every: the disk of the master or of an agent is full
	StoreSlow          time.Duration // every: a write there takes up to MaxDelay
	Outage             time.Duration // the mean; default 30 s

	// The probabilities that the master, or an agent, is killed at a step: before
	// it writes, after it, or between two effects of the step.
	MasterCrashStep, AgentCrashStep float64

	StoreFailure float64 // the probability that a write fails, which ends its owner
	StuckKill    float64 // the probability that a signal does not end what it is sent to
	Unhealthy    float64 // the probability that a health check fails

	// ClockJump is by how much the clock of an agent, or of the master, may be
	// off after a restart, to either side. Zero: not at all.
	ClockJump time.Duration
}

func (f Faults) withDefaults() Faults {
	if f.MaxDelay == 0 {
		f.MaxDelay = time.Second
	}
	if f.Outage == 0 {
		f.Outage = 30 * time.Second
	}
	return f
}

func (f *Faults) validate() error {
	var errs []error
	for _, p := range []struct {
		name  string
		value float64
	}{
		{"Loss", f.Loss},
		{"Duplicate", f.Duplicate},
		{"Delay", f.Delay},
		{"Reorder", f.Reorder},
		{"MasterCrashStep", f.MasterCrashStep},
		{"AgentCrashStep", f.AgentCrashStep},
		{"StoreFailure", f.StoreFailure},
		{"StuckKill", f.StuckKill},
		{"Unhealthy", f.Unhealthy},
	} {
		if !(p.value >= 0 && p.value <= 1) {
			errs = append(errs, fmt.Errorf("schedulertest: Config.Faults.%s %v is not a probability: want 0 to 1", p.name, p.value))
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"MaxDelay", f.MaxDelay},
		{"AgentCrash", f.AgentCrash},
		{"AgentReboot", f.AgentReboot},
		{"AgentPartition", f.AgentPartition},
		{"AgentSlow", f.AgentSlow},
		{"FrameworkPartition", f.FrameworkPartition},
		{"MasterCrash", f.MasterCrash},
		{"MachineStuck", f.MachineStuck},
		{"StoreFull", f.StoreFull},
		{"StoreSlow", f.StoreSlow},
		{"Outage", f.Outage},
		{"ClockJump", f.ClockJump},
	} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("schedulertest: Config.Faults.%s %v is negative", d.name, d.value))
		}
	}
	return errors.Join(errs...)
}

// fate is what becomes of a message.
type fate struct {
	lost      bool
	cut       bool // because nothing gets through
	twice     bool
	overtakes bool // order is not kept
	delay     time.Duration
	again     time.Duration // after the first time
}

// fate decides what becomes of a message.
func (c *Cluster) fate(p *pipe) fate {
	f := fate{delay: p.conn.peer.slow}
	if p.cut() {
		return fate{lost: true, cut: true}
	}
	if x := &c.faults; x.Loss+x.Duplicate+x.Delay+x.Reorder > 0 {
		if c.chance(x.Loss) {
			return fate{lost: true}
		}
		if f.twice = c.chance(x.Duplicate); f.twice {
			f.again = c.upTo(x.MaxDelay)
		}
		if c.chance(x.Delay) {
			f.delay += c.upTo(x.MaxDelay)
		}
		if f.overtakes = c.chance(x.Reorder); f.overtakes {
			f.delay += c.upTo(x.MaxDelay)
		}
	}
	return f
}

// chance decides whether something of probability p happens.
func (c *Cluster) chance(p float64) bool { return p > 0 && c.random.Float64() < p }

// upTo returns a time from 0 to d.
func (c *Cluster) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(c.random.Int64N(int64(d) + 1))
}

// mean returns a time that is d in the mean, as of events that come at random.
func (c *Cluster) mean(d time.Duration) time.Duration {
	return time.Duration(min(c.random.ExpFloat64(), 20) * float64(d))
}

// pause returns how long somebody whose connection broke waits before the next.
func (c *Cluster) pause() time.Duration {
	return 100*time.Millisecond + c.upTo(900*time.Millisecond)
}

// crashPoint decides whether the owner of a store crashes at a step, and after
// how many of its n acts; below 0: it does not.
func (c *Cluster) crashPoint(risk func(*Faults) float64, n int) int {
	if !c.chance(risk(&c.faults)) {
		return -1
	}
	return c.random.IntN(n + 1)
}
