package schedulertest

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// storyLength is how many of the last events a violation tells.
const storyLength = 20

// history is what has happened, as seen from outside of all state machines, and
// holds it against what must never happen.
type history struct {
	cluster *Cluster
	last    [storyLength]happening
	events  int
	tasks   map[taskKey]*taskHistory
	settled map[uint64]settledTask // those with which all is done, by the hash of their key
	offered map[proffer.OfferID]openOffer
	open    map[proffer.AgentID]tally    // of offered
	removed map[proffer.FrameworkID]bool // frameworks that were torn down
}

type taskKey struct {
	framework proffer.FrameworkID
	task      proffer.TaskID
}

func (k taskKey) String() string { return string(k.framework) + "/" + string(k.task) }

// taskHistory is what has become of a task.
type taskHistory struct {
	asked  bool  // by its framework
	runs   *work // while it does
	began  time.Duration
	where  string             // it started first; empty: nowhere
	told   bool               // something of it
	latest proffer.TaskState  // that its framework was told
	final  *proffer.TaskState // that its framework was told
	lost   bool               // is what its framework was told, which may not be told more
	sent   uint64             // the newest update that its agent has sent
	acked  uint64             // the newest whose acknowledgement its agent has kept
}

// settledTask is what is kept of a task that has ended, whose framework was told
// and whose updates are acknowledged. There may be millions.
type settledTask struct {
	acked uint64
	final proffer.TaskState
	lost  bool
}

type openOffer struct {
	offer *offers.Offer
	conn  *connection
}

func newHistory(c *Cluster) *history {
	return &history{
		cluster: c, tasks: make(map[taskKey]*taskHistory), settled: make(map[uint64]settledTask), removed: make(map[proffer.FrameworkID]bool),
		offered: make(map[proffer.OfferID]openOffer), open: make(map[proffer.AgentID]tally),
	}
}

func (h *history) remember(x happening) {
	h.last[h.events%storyLength] = x
	h.events++
}

func (h *history) task(f proffer.FrameworkID, id proffer.TaskID) *taskHistory {
	key := taskKey{f, id}
	t, ok := h.tasks[key]
	if !ok {
		t = &taskHistory{}
		if s, ok := h.settled[key.hash()]; ok {
			delete(h.settled, key.hash())
			*t = taskHistory{
				asked: true, where: "an agent", told: true, latest: s.final, final: &s.final, lost: s.lost, sent: s.acked, acked: s.acked,
			}
		}
		h.tasks[key] = t
	}
	return t
}

// settle keeps little of a task with which all is done.
func (h *history) settle(key taskKey, t *taskHistory) {
	if t.final == nil || t.runs != nil || t.where == "" || t.acked < t.sent {
		return
	}
	h.settled[key.hash()] = settledTask{t.acked, *t.final, t.lost}
	delete(h.tasks, key)
}

func (k taskKey) hash() uint64 {
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, k.String()) // a hash takes everything
	return hash.Sum64()
}

// posted sees a message when it is sent.
func (h *history) posted(p *pipe, message any) {
	switch m := message.(type) {
	case *scheduler.AcceptCall:
		h.asked(p.conn.session, m.Operations)
	case *scheduler.AcceptAllCall:
		for _, a := range m.Answers {
			h.asked(p.conn.session, a.Operations)
		}
	case *protocol.RunTasks:
		if p.conn.peerOpen { // else it reaches nobody
			h.intended(m)
		}
	case *protocol.ShutdownFramework:
		h.removed[m.FrameworkID] = true
	case *protocol.StatusUpdate:
		h.reported(p.conn.agent, m)
	case *scheduler.UpdateEvent:
		h.delivered(p.conn.session, &m.Status)
	}
}

// effect sees what the master tells a framework, whether that is connected or,
// with conn nil, was until a moment ago.
func (h *history) effect(conn *connection, e scheduler.Event) {
	switch e := e.(type) {
	case *scheduler.OffersEvent:
		if conn != nil {
			h.offers(conn, e.Offers)
		}
	case *scheduler.RescindEvent:
		h.offerEnded(e.OfferID)
	}
}

func (h *history) asked(s *session, operations []offers.Operation) {
	for _, op := range operations {
		var tasks []proffer.TaskInfo
		switch op := op.(type) {
		case offers.Launch:
			tasks = op.Tasks
		case offers.LaunchGroup:
			tasks = op.Group.Tasks
		}
		for i := range tasks {
			h.task(s.id, tasks[i].ID).asked = true
		}
	}
}

// intended checks that nothing is launched of which the registry does not know.
func (h *history) intended(m *protocol.RunTasks) {
	if h.cluster.cfg.Forgetful {
		return
	}
	for _, t := range m.Tasks {
		if _, ok := h.cluster.master.registry.records["task/"+string(m.FrameworkID)+"/"+string(t.ID)]; !ok {
			h.cluster.violated("task %s/%s is launched while the registry does not know that it is to be", m.FrameworkID, t.ID)
		}
	}
}

// reported checks that an agent does not send again what was acknowledged.
func (h *history) reported(g *agent, m *protocol.StatusUpdate) {
	t, id := h.task(m.FrameworkID, m.Status.TaskID), m.Status.UpdateID
	if id <= t.acked {
		h.cluster.violated("%s sends update %d of task %s/%s, although it knows that updates up to %d are acknowledged",
			g.name, id, m.FrameworkID, m.Status.TaskID, t.acked)
	}
	t.sent = max(t.sent, id)
}

// delivered checks that the master does not tell again what was acknowledged.
func (h *history) delivered(s *session, status *proffer.TaskStatus) {
	if s.id == "" || h.cluster.cfg.Forgetful {
		return
	}
	if t := h.task(s.id, status.TaskID); status.UpdateID != 0 && status.UpdateID <= t.acked {
		h.cluster.violated("the master tells framework %s update %d of task %s again: its agent knows that updates up to %d are acknowledged",
			s.id, status.UpdateID, status.TaskID, t.acked)
	}
}

// reached sees a message that has come to an agent.
func (h *history) reached(g *agent, message any) {
	if m, ok := message.(*protocol.Acknowledge); ok {
		g.acks = append(g.acks, ack{taskKey{m.FrameworkID, m.TaskID}, m.UpdateID})
	}
}

// ack is an acknowledgement that an agent was told.
type ack struct {
	task   taskKey
	update uint64
}

// kept sees that an agent has written what it was told.
func (h *history) kept(acks []ack) {
	for _, a := range acks {
		t := h.task(a.task.framework, a.task.task)
		if a.update <= t.sent {
			t.acked = max(t.acked, a.update)
		}
		h.settle(a.task, t)
	}
}

// told sees what a driver has taken: the end of a task is final. What has come
// and was not taken before the framework crashed was not told.
func (h *history) told(s *session, message any) {
	e, ok := message.(*scheduler.UpdateEvent)
	if !ok {
		return
	}
	state := e.Status.State
	t := h.task(s.id, e.Status.TaskID)
	t.told, t.latest = true, state
	switch {
	case !s.partitionAware && state == proffer.TaskLost:
		t.lost = true
	case t.final == nil && state.Terminal():
		t.final = &state
	case t.final == nil || state == *t.final || state == proffer.TaskUnknown:
	case t.where == "" && state.Terminal() && e.Status.UpdateID == 0:
		// It never ran. A master that has started since cannot know whether it
		// was dropped or is gone, and the driver asks when its session broke
		// before it had handled what it was told.
	default:
		h.cluster.violated("framework %s is told that task %s is %s, after it was told its end, %s", s.id, e.Status.TaskID, state, *t.final)
	}
}

// started checks that a task runs once, on what its agent has.
func (h *history) started(w *work) {
	c, key := h.cluster, taskKey{w.task.FrameworkID, w.task.Info.ID}
	t := h.task(key.framework, key.task)
	g := w.machine.agent
	switch {
	case t.runs != nil:
		c.violated("task %v runs twice: it started on %s at %v, and now on %s", key, t.where, t.began, g.name)
	case t.where != "":
		c.violated("task %v is run again: it started on %s at %v and ended, and now starts on %s", key, t.where, t.began, g.name)
	}
	t.runs, t.began, t.where = w, c.elapsed(), g.name
	h.checkRoom(g, false)
}

func (h *history) ended(w *work) {
	h.task(w.task.FrameworkID, w.task.Info.ID).runs = nil
}

// checkRoom checks that what runs on an agent, and what is offered of it, is no
// more than it has.
func (h *history) checkRoom(g *agent, offered bool) {
	what, open := "runs on", tally(nil)
	if offered {
		what, open = "runs on and is offered of", h.open[g.id]
	}
	if !g.machine.used.within(open, g.info.Resources) {
		h.cluster.violated("more %s %s than it has: %s of %s", what, g.name, g.machine.used.plus(open), g.info.Resources.Quantities())
	}
}

// offers sees what the master offers.
func (h *history) offers(conn *connection, list []*offers.Offer) {
	for _, o := range list {
		open, ok := h.open[o.AgentID]
		if !ok {
			open = make(tally)
			h.open[o.AgentID] = open
		}
		open.add(o.Resources)
		h.offered[o.ID] = openOffer{o, conn}
	}
	var last *agent
	for _, o := range list {
		if g := h.cluster.byID[o.AgentID]; g != last {
			h.checkRoom(g, true)
			last = g
		}
	}
}

// answered sees that the master has got the answer to offers.
func (h *history) answered(call scheduler.Call) {
	var ids []proffer.OfferID
	switch call := call.(type) {
	case *scheduler.AcceptCall:
		ids = call.OfferIDs
	case *scheduler.DeclineCall:
		ids = call.OfferIDs
	case *scheduler.AcceptAllCall:
		for _, a := range call.Answers {
			ids = append(ids, a.OfferIDs...)
		}
	}
	for _, id := range ids {
		h.offerEnded(id)
	}
}

func (h *history) offerEnded(id proffer.OfferID) {
	if o, ok := h.offered[id]; ok {
		h.open[o.offer.AgentID].remove(o.offer.Resources)
		delete(h.offered, id)
	}
}

// sessionEnded sees that the master has ended a session, and with it what was
// offered to its framework.
func (h *history) sessionEnded(conn *connection) {
	for id, o := range h.offered {
		if o.conn == conn {
			h.offerEnded(id)
		}
	}
}

func (h *history) masterEnded() {
	clear(h.offered)
	clear(h.open)
}

func (h *history) agentEnded(g *agent) { g.acks = nil }

// violated keeps the first thing that must not happen, as a story.
func (c *Cluster) violated(format string, args ...any) {
	if c.violation != nil {
		return
	}
	var story strings.Builder
	fmt.Fprintf(&story, format, args...)
	if h := c.history; h != nil && h.events > 0 {
		fmt.Fprintf(&story, "\nthe last %d events:", min(h.events, storyLength))
		for i := max(0, h.events-storyLength); i < h.events; i++ {
			fmt.Fprintf(&story, "\n%v", h.last[i%storyLength])
		}
	}
	fmt.Fprintf(&story, "\nat %v, seed %d", c.elapsed(), c.cfg.Seed)
	if c.cfg.Repeat != "" {
		story.WriteString(", again: " + c.cfg.Repeat)
	}
	c.violation = fmt.Errorf("%w: %s", ErrViolated, &story)
}

// Err returns what has happened that must never happen: two runs of one task,
// more on an agent than it has, a task that ends twice. It tells it as a story,
// with the last events and the seed. Nil: nothing has.
func (c *Cluster) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.violation
}
