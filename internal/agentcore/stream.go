package agentcore

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/due"
	"github.com/proffer-go/proffer/internal/protocol"
)

// stream is the statuses of a task on their way to its scheduler. One is in
// flight; the next is sent when that is acknowledged.
type stream struct {
	head   *proffer.TaskStatus // in flight; nil when all are acknowledged
	rest   []*proffer.TaskStatus
	newest *proffer.TaskStatus // the one made last, acknowledged or not
	made   uint64              // statuses so far
	pause  time.Duration       // before the head is sent again
	retry  due.Alarm
	fresh  bool // the head is among the effects, where it still takes the newest state along
}

// update takes a new status of a task. It owns s.
func (c *Core) update(now time.Time, t *task, s *proffer.TaskStatus) {
	if t.state.Terminal() {
		c.note(Note{
			Text:        "status after the end dropped: " + s.State.String() + " after " + t.state.String(),
			FrameworkID: t.framework.id, TaskID: t.info.ID,
		})
		return
	}
	t.state = s.State
	c.touch(t)
	if t.framework.ending {
		return // nobody wants to know
	}
	t.made++
	s.TaskID, s.AgentID, s.UpdateID = t.info.ID, c.info.ID, t.made
	if t.info.Executor != nil {
		s.ExecutorID = t.info.Executor.ID
	}
	if s.Time.IsZero() {
		s.Time = now
	}
	t.newest = s
	c.recordStatus(t, s)
	if t.head != nil {
		t.rest = append(t.rest, s)
		if s.State.Terminal() && !t.fresh {
			c.send(&protocol.TaskEnded{FrameworkID: t.framework.id, TaskID: t.info.ID, State: s.State})
		}
		return
	}
	t.head, t.pause = s, 0
	c.sendHead(now, t)
}

// sendHead sends the status in flight, for the first time or again.
func (c *Core) sendHead(now time.Time, t *task) {
	if !c.registered {
		return // registering sends it
	}
	m := &protocol.StatusUpdate{FrameworkID: t.framework.id, Status: t.head}
	c.fresh = append(c.fresh, freshUpdate{m, t})
	t.fresh = true
	c.send(m)
	t.pause = min(max(2*t.pause, c.cfg.StatusRetryMin), c.cfg.StatusRetryMax)
	c.alarms.Set(&t.retry, now.Add(t.pause))
}

// acknowledge takes the status in flight off the stream. After the terminal
// one the task is forgotten.
func (c *Core) acknowledge(now time.Time, m *protocol.Acknowledge) {
	f, ok := c.frameworks[m.FrameworkID]
	if !ok {
		return
	}
	t, ok := f.tasks[m.TaskID]
	if !ok || t.head == nil || t.head.UpdateID != m.UpdateID {
		return // answered before: the status was sent twice
	}
	c.alarms.Stop(&t.retry)
	c.unrecordStatus(t, t.head)
	ended := t.head.State.Terminal()
	t.head, t.pause = nil, 0
	switch {
	case ended:
		f.forget(c, t)
	case len(t.rest) > 0:
		t.head, t.rest = t.rest[0], t.rest[1:]
		c.sendHead(now, t)
	}
	if len(t.rest) == 0 {
		t.rest = nil
	}
}

// resend sends the status in flight again.
func (t *task) resend(c *Core, now time.Time) {
	if t.head != nil {
		c.sendHead(now, t)
	}
}

// forgetStatuses drops what nobody wants to know any more.
func (c *Core) forgetStatuses(t *task) {
	if t.head != nil {
		c.unrecordStatus(t, t.head)
	}
	for _, s := range t.rest {
		c.unrecordStatus(t, s)
	}
	t.head, t.rest = nil, nil
}
