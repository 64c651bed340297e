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
		} else if !c.answer(now, f, ref) {
			if f.questions == nil {
				f.questions = make(map[proffer.TaskID]proffer.AgentID)
			}
			f.questions[ref.TaskID] = ref.AgentID
		}
	}
}

func (c *Core) answerFor(now time.Time, t *task) {
	if t.agent.state == recovering && !t.given {
		t.asked = true
		return
	}
	c.tellLatest(now, t, proffer.ReasonReconciliation)
}

// answer tells what there is to tell of a task that is not known. It returns
// false when that is not decided yet.
func (c *Core) answer(now time.Time, f *framework, ref scheduler.TaskRef) bool {
	if state, ok := f.ended.members[ref.TaskID]; ok {
		c.tellRefused(now, f, ref.TaskID, ref.AgentID, state, proffer.ReasonReconciliation, "it ended before")
		return true
	}
	g := c.agents[ref.AgentID]
	if (g != nil && g.state == recovering) || (ref.AgentID == "" && c.awaitsAgents()) {
		return false
	}
	state := proffer.TaskUnknown
	switch {
	case g == nil:
	case g.state.here():
		state = proffer.TaskGone // it would have told of it
	case g.state == unreachable:
		state = proffer.TaskUnreachable
	case g.state == gone:
		state = proffer.TaskGoneByOperator
	}
	c.tellRefused(now, f, ref.TaskID, ref.AgentID, state, proffer.ReasonReconciliation, "the master does not know the task")
	return true
}

// answerQuestions answers what can be answered now that an agent has been heard
// of, or has been given up.
func (c *Core) answerQuestions(now time.Time) {
	for _, f := range c.sortedFrameworks() {
		for _, id := range sortedKeys(f.questions) {
			if _, known := f.tasks[id]; known || c.answer(now, f, scheduler.TaskRef{TaskID: id, AgentID: f.questions[id]}) {
				delete(f.questions, id) // a task that has become known was told of
			}
		}
	}
}

// awaitsAgents reports whether agents of an earlier master may still come back.
func (c *Core) awaitsAgents() bool { return c.recovering > 0 }
