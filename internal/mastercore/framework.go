package mastercore

import (
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// framework is a framework that has subscribed and is not removed.
type framework struct {
	info     proffer.FrameworkInfo
	session  SessionID // 0 while it is disconnected
	failover due.Alarm // while it is disconnected
	tasks    map[proffer.TaskID]*task
	ended    ring[proffer.TaskID, proffer.TaskState] // how
	batch    []*offers.Offer                         // to be told in this Advance

	questions map[proffer.TaskID]*question
}

func (c *Core) addFramework(info proffer.FrameworkInfo) *framework {
	f := &framework{info: info, tasks: make(map[proffer.TaskID]*task), ended: newRing[proffer.TaskID, proffer.TaskState](c.cfg.KeepCompleted)}
	f.failover.Ring = func(now time.Time) { c.remove(now, f) }
	c.frameworks[info.ID] = f
	return f
}

// Subscribe opens a session for a framework: a new one if info has no id, else
// one that takes over. The first event of the session is SubscribedEvent,
// followed by the statuses that were not acknowledged.
func (c *Core) Subscribe(now time.Time, id SessionID, info proffer.FrameworkInfo, terms offers.Subscription) error {
	if err := info.Validate(); err != nil {
		return fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, err)
	}
	if info.ID == "" {
		if err := c.checkForgotten(info); err != nil {
			return err
		}
		info.ID = proffer.FrameworkID(c.newID("F", &c.nextFramework, func(id string) bool {
			return c.frameworks[proffer.FrameworkID(id)] != nil || c.removed.has(proffer.FrameworkID(id))
		}))
	} else if err := proffer.ValidateID("framework id", info.ID); err != nil {
		return fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, err)
	}
	if c.removed.has(info.ID) {
		return fmt.Errorf("%w: %s", scheduler.ErrFrameworkRemoved, info.ID)
	}
	info.Roles = slices.Clone(info.Roles)
	terms.Roles, terms.Capabilities = info.Roles, info.Capabilities
	f, known := c.frameworks[info.ID]
	if !known {
		if err := c.allocator.AddFramework(now, info.ID, terms); err != nil {
			return fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, err)
		}
		f = c.addFramework(info)
	} else {
		if err := terms.Validate(); err != nil {
			return fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, err)
		}
		if f.session != 0 {
			c.end(f, fmt.Errorf("%w: %s", scheduler.ErrFailedOver, info.ID))
			c.mustKnow(c.allocator.Deactivate(now, info.ID))
		}
		if terms.Suppressed == nil {
			terms.Suppressed = []string{}
		}
		c.mustKnow(c.allocator.UpdateFramework(now, info.ID, terms))
		for _, role := range info.Roles { // that of an earlier session
			c.mustKnow(c.allocator.ClearDemand(now, info.ID, role))
		}
		c.mustKnow(c.allocator.Activate(now, info.ID))
		c.alarms.Stop(&f.failover)
	}
	f.info, f.session, f.questions = info, id, nil
	c.recordFramework(f)
	c.sessions[id] = f
	c.tell(f, &scheduler.SubscribedEvent{FrameworkID: info.ID})
	c.tellUnacknowledged(f)
	return nil
}

// checkForgotten refuses a framework without an id where one of its name has
// left tasks: that it has lost its id would have them run beside new ones.
func (c *Core) checkForgotten(info proffer.FrameworkInfo) error {
	for _, f := range c.sortedFrameworks() {
		if f.session == 0 && f.info.Name == info.Name && f.info.User == info.User && len(f.tasks) > 0 {
			return fmt.Errorf("%w: framework %q has %d tasks as %s: set Config.FrameworkID to that, or Config.IDs, to take over; "+
				"tear it down (Master.Teardown); or take another name", scheduler.ErrFrameworkIDMissing, info.Name, len(f.tasks), f.info.ID)
		}
	}
	return nil
}

// Disconnect ends a session. The framework is removed when its failover
// time-out passes, at once if it has none.
func (c *Core) Disconnect(now time.Time, id SessionID) {
	f, ok := c.sessions[id]
	if !ok {
		return // it has ended before
	}
	delete(c.sessions, id)
	f.session = 0
	if f.info.FailoverTimeout <= 0 {
		c.remove(now, f)
		return
	}
	c.mustKnow(c.allocator.Deactivate(now, f.info.ID))
	c.alarms.Set(&f.failover, now.Add(f.info.FailoverTimeout))
}

// end has the session of a framework end with an error.
func (c *Core) end(f *framework, err error) {
	if f.session == 0 {
		return
	}
	c.effects = append(c.effects, Effect{Session: f.session, End: err})
	delete(c.sessions, f.session)
	f.session = 0
}

// remove ends a framework for good. Its resources are free when its agents
// have reported that nothing of it runs any more.
func (c *Core) remove(now time.Time, f *framework) {
	c.end(f, fmt.Errorf("%w: %s", scheduler.ErrFrameworkRemoved, f.info.ID))
	c.alarms.Stop(&f.failover)
	c.mustKnow(c.allocator.Unsubscribe(now, f.info.ID))
	delete(c.frameworks, f.info.ID)
	c.recordRemoved(f)
	for _, t := range f.tasks {
		if t.patience != nil {
			c.alarms.Stop(t.patience)
		}
		c.unrecord(taskKey(t))
	}
	for _, g := range c.sortedAgents() {
		if !g.runs(f) {
			continue
		}
		for t := range g.tasks {
			if t.framework == f {
				delete(g.tasks, t)
			}
		}
		for key := range g.executors {
			if key.framework == f.info.ID {
				delete(g.executors, key)
			}
		}
		for key := range g.strays {
			if key.framework == f.info.ID {
				delete(g.strays, key)
			}
		}
		c.endFramework(g, f.info.ID)
	}
}

// Call carries out what the framework of a session asks.
func (c *Core) Call(now time.Time, id SessionID, call scheduler.Call) {
	f, ok := c.sessions[id]
	if !ok {
		return // the session has ended, the call crossed
	}
	switch call := call.(type) {
	case *scheduler.AcceptCall:
		c.accept(now, f, call)
	case *scheduler.DeclineCall:
		c.decline(now, f, call.OfferIDs, call.Filter)
	case *scheduler.SuppressCall:
		c.report(now, f, c.allocator.Suppress(now, f.info.ID, call.Roles...))
	case *scheduler.ReviveCall:
		c.report(now, f, c.allocator.Revive(now, f.info.ID, call.Roles...))
	case *scheduler.UpdateCall:
		c.updateTerms(now, f, call.Terms)
	case *scheduler.AcceptAllCall:
		c.acceptAll(now, f, call)
	case *scheduler.HoldCall:
		c.hold(now, f, call.OfferIDs)
	case *scheduler.DemandCall:
		c.report(now, f, c.allocator.SetDemand(now, f.info.ID, call.Role, call.Demands...))
	case *scheduler.ClearDemandCall:
		c.report(now, f, c.allocator.ClearDemand(now, f.info.ID, call.Role))
	case *scheduler.AnswerInverseCall:
		c.answerInverse(now, f, call)
	case *scheduler.KillCall:
		c.kill(now, f, call)
	case *scheduler.AcknowledgeCall:
		c.acknowledge(f, call)
	case *scheduler.ReconcileCall:
		c.reconcile(now, f, call.Tasks)
	case *scheduler.MessageCall:
		if g, ok := c.agents[call.AgentID]; ok {
			c.send(g, &protocol.FrameworkMessage{FrameworkID: f.info.ID, ExecutorID: call.ExecutorID, Data: call.Data})
		}
	case *scheduler.ShutdownExecutorCall:
		if g, ok := c.agents[call.AgentID]; ok {
			c.send(g, &protocol.ShutdownExecutor{FrameworkID: f.info.ID, ExecutorID: call.ExecutorID})
		}
	case *scheduler.TeardownCall:
		c.remove(now, f)
	default:
		c.report(now, f, fmt.Errorf("unknown call %T", call))
	}
}

func (c *Core) updateTerms(now time.Time, f *framework, terms offers.Subscription) {
	info := f.info
	info.Roles, terms.Capabilities = terms.Roles, info.Capabilities
	if err := info.Validate(); err != nil {
		c.report(now, f, err)
		return
	}
	f.info = info
	c.recordFramework(f)
	c.report(now, f, c.allocator.UpdateFramework(now, f.info.ID, terms))
}

// hold has the offers wait for a gang. Those that are not the framework's have
// been answered or rescinded meanwhile.
func (c *Core) hold(now time.Time, f *framework, ids []proffer.OfferID) {
	for _, id := range ids {
		if o, ok := c.allocator.Offer(id); ok && o.FrameworkID == f.info.ID {
			c.report(now, f, c.allocator.Hold(now, id))
		}
	}
}

func (c *Core) answerInverse(now time.Time, f *framework, call *scheduler.AnswerInverseCall) {
	if o, ok := c.allocator.InverseOffer(call.ID); ok && o.FrameworkID == f.info.ID {
		c.report(now, f, c.allocator.AnswerInverse(now, call.ID, call.Accept, call.Filter))
	}
}

// decline gives back the offers that are the framework's; others have been
// answered or rescinded meanwhile, which the framework knows or will know.
func (c *Core) decline(now time.Time, f *framework, ids []proffer.OfferID, filter offers.Filter) {
	for _, id := range ids {
		if o, ok := c.allocator.Offer(id); ok && o.FrameworkID == f.info.ID {
			c.report(now, f, c.allocator.Decline(now, id, filter))
		}
	}
}

// report ends the session of a framework that breaks the rules of the
// protocol: its driver checks what users can get wrong, so what comes through
// is not to be trusted further. Its tasks live on for the failover time-out.
func (c *Core) report(now time.Time, f *framework, err error) {
	if err == nil || f.session == 0 {
		return
	}
	c.effects = append(c.effects, Effect{Session: f.session, End: fmt.Errorf("%w: %w", scheduler.ErrInvalidFramework, err)})
	c.Disconnect(now, f.session)
}

// mustKnow is for calls about frameworks that the core's own books have.
func (c *Core) mustKnow(err error) {
	if err != nil {
		panic(fmt.Sprintf("mastercore: %v", err))
	}
}
