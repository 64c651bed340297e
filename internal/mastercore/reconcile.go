package mastercore

import (
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/scheduler"
)

// reconcile tells the latest status of tasks; with none named, of all that are
// known. What an agent has to be heard about first is told then, or when that
// agent has not come back in time: every question is answered, so that a
// framework can wait for the answers before it launches anything.
func (c *Core) reconcile(now time.Time, f *framework, refs []scheduler.TaskRef) {
	if len(refs) == 0 {
		for _, t := range f.sortedTasks() {
			if !t.given {
				c.answerFor(now, t)
			}
		}
		return
	}
	for _, ref := range refs {
		if t, ok := f.tasks[ref.TaskID]; ok {
			c.answerFor(now, t)
			continue
		}
		q := &question{TaskRef: ref}
		if !c.answer(now, f, q) {
			if f.questions == nil {
				f.questions = make(map[proffer.TaskID]*question)
			}
			f.questions[ref.TaskID] = q
		}
	}
}

// question is a reconciliation of a task that is not known, until it is
// answered for good.
type question struct {
	scheduler.TaskRef
	unreachable bool // was told, which is no answer for good
}

func (c *Core) answerFor(now time.Time, t *task) {
	switch {
	case t.given:
	case t.agent.state == recovering:
		t.asked = true
		return
	case t.latest.Terminal() && !t.waits:
		return // its agent sends the end again, after what comes before it
	}
	c.tellLatest(now, t, proffer.ReasonReconciliation)
}

// answer tells what there is to tell of a task that is not known. It returns
// false when that is not decided yet.
func (c *Core) answer(now time.Time, f *framework, q *question) bool {
	ref := q.TaskRef
	if state, ok := f.ended.members[ref.TaskID]; ok {
		c.tellRefused(now, f, ref.TaskID, ref.AgentID, state, proffer.ReasonReconciliation, "it ended before")
		return true
	}
	g := c.agents[ref.AgentID]
	if g != nil && g.state == recovering {
		return false
	}
	state := proffer.TaskUnknown
	switch {
	case g == nil:
	case g.state.here():
		state = proffer.TaskGone // it would have told of it
	case g.state == unreachable && q.unreachable:
		return false
	case g.state == unreachable:
		state, q.unreachable = proffer.TaskUnreachable, true
	case g.state == gone:
		state = proffer.TaskGoneByOperator
	}
	c.tellRefused(now, f, ref.TaskID, ref.AgentID, state, proffer.ReasonReconciliation, "the master does not know the task")
	return state != proffer.TaskUnreachable
}

// answerQuestions answers what can be answered now that an agent has been heard
// of, or has been given up.
func (c *Core) answerQuestions(now time.Time) {
	for _, f := range c.sortedFrameworks() {
		for _, id := range sortedKeys(f.questions) {
			if _, known := f.tasks[id]; known || c.answer(now, f, f.questions[id]) {
				delete(f.questions, id) // a task that has become known was told of
			}
		}
	}
}
