package schedulertest

import (
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
)

// The faults that a test causes. They may be called between runs and from
// functions that were scheduled with [Cluster.At], and take effect at once.

// CrashAgent kills an agent, as kill -9 does: what it runs goes on, the master
// sees its connection end. It is down until [Cluster.RestartAgent].
func (c *Cluster) CrashAgent(id proffer.AgentID) error {
	return c.with(id, func(g *agent) { g.crash("killed by the test") })
}

// RebootAgent cuts the power of an agent's machine: nothing of what ran there is
// left, and the master is not told. It is down until [Cluster.RestartAgent].
func (c *Cluster) RebootAgent(id proffer.AgentID) error {
	return c.with(id, (*agent).reboot)
}

// RestartAgent starts an agent that is down.
func (c *Cluster) RestartAgent(id proffer.AgentID) error {
	return c.with(id, (*agent).start)
}

// Partition cuts an agent off from the master: what is sent that way is lost.
func (c *Cluster) Partition(id proffer.AgentID, way Way) error {
	return c.with(id, func(g *agent) { c.cutOff(&g.peer, way) })
}

// Heal ends the partition of an agent.
func (c *Cluster) Heal(id proffer.AgentID) error {
	return c.with(id, func(g *agent) {
		c.cutOff(&g.peer, 0)
		g.reachAgain()
	})
}

// PartitionFramework cuts the driver of a framework off from the master.
func (c *Cluster) PartitionFramework(f *Framework, way Way) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutOff(&f.peer, way)
}

// HealFramework ends that.
func (c *Cluster) HealFramework(f *Framework) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutOff(&f.peer, 0)
	c.awake(f)
}

// SlowAgent has every message to and from an agent take so long; zero: none at
// all again.
func (c *Cluster) SlowAgent(id proffer.AgentID, delay time.Duration) error {
	return c.with(id, func(g *agent) { c.slowDown(g, delay) })
}

// StickAgent has nothing on an agent's machine end that is sent a signal, until
// it is called with false.
func (c *Cluster) StickAgent(id proffer.AgentID, stuck bool) error {
	return c.with(id, func(g *agent) { c.stick(g, stuck) })
}

// SkewAgent has the clock of an agent be off by so much after its next restart.
func (c *Cluster) SkewAgent(id proffer.AgentID, by time.Duration) error {
	return c.with(id, func(g *agent) { g.nextSkew = by })
}

// CrashMaster kills the master: everybody sees their connection end. It is down
// until [Cluster.RestartMaster].
func (c *Cluster) CrashMaster() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.master.crash("killed by the test")
}

// RestartMaster starts the master again, on its registry. The error is that of
// the master, which does not start then.
func (c *Cluster) RestartMaster() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.restartMaster()
}

// SkewMaster has the clock of the master be off by so much after its next
// restart.
func (c *Cluster) SkewMaster(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.master.nextSkew = by
}

// CrashFramework kills the program of a framework: the driver's Receive fails,
// and Run returns before it calls the scheduler again. A new one is started by
// [Cluster.Go].
func (c *Cluster) CrashFramework(f *Framework) error {
	if c.current != nil {
		return fmt.Errorf("crash framework: %w", ErrInCallback)
	}
	if !f.done {
		c.happens(f.name, "killed by the test", nil)
		f.end()
	}
	return nil
}

// Disk is where the master or an agent keeps what outlives it.
type Disk struct {
	// Fail has the next write fail, which ends its owner.
	Fail bool
	// Full has every write fail until it is false again.
	Full bool
	// Delay is what a write takes. What rests on it waits for it.
	Delay time.Duration
}

// MasterDisk makes the disk of the master's registry so.
func (c *Cluster) MasterDisk(d Disk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.master.registry.be(d)
}

// AgentDisk makes the disk of an agent's checkpoint so.
func (c *Cluster) AgentDisk(id proffer.AgentID, d Disk) error {
	return c.with(id, func(g *agent) { g.checkpoint.be(d) })
}

func (s *store[E]) be(d Disk) { s.failing, s.full, s.delay = d.Fail, d.Full, d.Delay }

// StopFaults ends all faults, those of the test and those of Config.Faults:
// partitions are healed, who is down is started again, disks work. Frameworks
// that have ended are not started again.
func (c *Cluster) StopFaults() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.happens("test", "faults end", nil)
	c.chaos.end()
	c.faults = Faults{}
	c.master.registry.be(Disk{})
	err := c.restartMaster()
	for _, g := range c.agents {
		g.checkpoint.be(Disk{})
		c.stick(g, false)
		c.slowDown(g, 0)
		c.cutOff(&g.peer, 0)
		g.start()
		g.reachAgain()
	}
	for _, f := range c.programs {
		c.cutOff(&f.peer, 0)
		c.awake(f)
	}
	return err
}

// with calls do with an agent.
func (c *Cluster) with(id proffer.AgentID, do func(g *agent)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g, ok := c.byID[id]; ok {
		do(g)
		return nil
	}
	return fmt.Errorf("schedulertest: %w: %q", offers.ErrUnknownAgent, string(id))
}

func (g *agent) reboot() {
	if g.core != nil {
		g.cluster.stats.AgentCrashes++
		g.stop("loses its power", true)
	}
	g.machine.reboot()
}

func (c *Cluster) restartMaster() error {
	m := &c.master
	if m.core != nil {
		return nil
	}
	if c.cfg.Forgetful {
		return errors.New("schedulertest: the master cannot be restarted: with Config.Forgetful it has no registry")
	}
	c.happens("master", "starts", nil)
	if err := m.start(); err != nil {
		return fmt.Errorf("schedulertest: the master does not start: %w", err)
	}
	for _, g := range c.agents {
		g.reachAgain()
	}
	for _, f := range c.programs {
		c.awake(f)
	}
	return nil
}

// cutOff cuts a peer off that way, and no other way.
func (c *Cluster) cutOff(p *peer, way Way) {
	if p.cut == way {
		return
	}
	if way == 0 {
		c.happens(p.name, "no longer cut off", nil)
	} else {
		c.happens(p.name, "cut off "+way.String(), nil)
	}
	before := p.cut
	p.cut = way
	if p.conn == nil {
		return
	}
	for _, x := range []*pipe{&p.conn.toMaster, &p.conn.toPeer} {
		if was, is := before&x.way != 0, way&x.way != 0; was != is {
			x.block(is)
		}
	}
}

func (c *Cluster) slowDown(g *agent, delay time.Duration) {
	if g.slow != delay {
		c.happens(g.name, fmt.Sprintf("messages take %v", delay), nil)
		g.slow = delay
	}
}

func (c *Cluster) stick(g *agent, stuck bool) {
	if g.machine.stuck != stuck {
		c.happens(g.name, fmt.Sprintf("signals have no effect: %v", stuck), nil)
		g.machine.stuck = stuck
	}
}
