package schedulertest

import (
	"time"
)

// chaos causes the faults of Config.Faults that come at random times.
type chaos struct {
	cluster *Cluster
	on      bool
	timers  []*timer
}

func (x *chaos) init(c *Cluster) { x.cluster = c }

func (x *chaos) begin() {
	c := x.cluster
	f := &c.faults
	x.on = *f != (Faults{}).withDefaults()
	if !x.on {
		return
	}
	anAgent := func(do func(g *agent)) func() {
		return func() {
			if len(c.agents) > 0 {
				do(c.agents[c.random.IntN(len(c.agents))])
			}
		}
	}
	x.every(f.AgentCrash, anAgent(func(g *agent) { g.crash("killed") }))
	x.every(f.AgentReboot, anAgent((*agent).reboot))
	x.every(f.AgentPartition, anAgent(func(g *agent) {
		c.cutOff(&g.peer, x.way())
		x.later(func() { c.cutOff(&g.peer, 0); g.reachAgain() })
	}))
	x.every(f.AgentSlow, anAgent(func(g *agent) {
		c.slowDown(g, c.upTo(f.MaxDelay))
		x.later(func() { c.slowDown(g, 0) })
	}))
	x.every(f.MachineStuck, anAgent(func(g *agent) {
		c.stick(g, true)
		x.later(func() { c.stick(g, false) })
	}))
	x.every(f.FrameworkPartition, func() {
		if len(c.programs) == 0 {
			return
		}
		p := c.programs[c.random.IntN(len(c.programs))]
		c.cutOff(&p.peer, x.way())
		x.later(func() { c.cutOff(&p.peer, 0); c.awake(p) })
	})
	x.every(f.MasterCrash, func() { c.master.crash("killed") })
	x.every(f.StoreFull, func() { x.disk(Disk{Full: true}) })
	x.every(f.StoreSlow, func() { x.disk(Disk{Delay: c.upTo(f.MaxDelay)}) })
}

// disk makes the disk of the master, or of an agent, so for a while.
func (x *chaos) disk(d Disk) {
	c := x.cluster
	i := c.random.IntN(len(c.agents) + 1)
	if i == len(c.agents) {
		c.happens("master", "its disk is "+d.String(), nil)
		c.master.registry.be(d)
		x.later(func() { c.master.registry.be(Disk{}) })
		return
	}
	g := c.agents[i]
	c.happens(g.name, "its disk is "+d.String(), nil)
	g.checkpoint.be(d)
	x.later(func() { g.checkpoint.be(Disk{}) })
}

// String says how the disk is.
func (d Disk) String() string {
	switch {
	case d.Full:
		return "full"
	case d.Fail:
		return "failing"
	case d.Delay > 0:
		return "slow: " + d.Delay.String()
	default:
		return "well"
	}
}

func (x *chaos) way() Way {
	return []Way{BothWays, BothWays, ToMaster, FromMaster}[x.cluster.random.IntN(4)]
}

// every has something happen at random times.
func (x *chaos) every(interval time.Duration, do func()) {
	if interval <= 0 {
		return
	}
	c := x.cluster
	t := new(timer)
	t.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		do()
		c.timers.set(t, c.elapsed()+c.mean(interval))
	}
	x.timers = append(x.timers, t)
	c.timers.set(t, c.elapsed()+c.mean(interval))
}

// later has something happen when an outage is over; when the faults end, too,
// as that ends everything.
func (x *chaos) later(do func()) {
	c := x.cluster
	c.timers.set(&timer{fire: func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if x.on {
			do()
		}
	}}, c.elapsed()+c.mean(c.faults.Outage))
}

// masterDown has a master that is down come back.
func (x *chaos) masterDown() {
	if !x.on {
		return
	}
	c := x.cluster
	x.later(func() {
		c.master.nextSkew = x.skew()
		if err := c.restartMaster(); err != nil {
			c.violated("%v", err)
		}
	})
}

// agentDown has an agent that is down come back.
func (x *chaos) agentDown(g *agent) {
	if !x.on {
		return
	}
	x.later(func() {
		if g.core == nil {
			g.nextSkew = x.skew()
		}
		g.start()
	})
}

func (x *chaos) skew() time.Duration {
	jump := x.cluster.faults.ClockJump
	return x.cluster.upTo(2*jump) - jump
}

// end has nothing go wrong any more.
func (x *chaos) end() {
	x.on = false
	for _, t := range x.timers {
		x.cluster.timers.stop(t)
	}
	x.timers = nil
}
