package scheduler

import (
	"context"
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
)

// openTask is what the driver knows of a task until it knows its end.
type openTask struct {
	agent proffer.AgentID
	kill  *KillCall // to be sent again with every session
}

// takeOver begins a session: what the framework may have running is asked for,
// and what was to be killed is killed. Offers wait for the answers, so that
// nothing is launched beside what runs.
func (d *Driver) takeOver(ctx context.Context) error {
	var remembered []TaskRef
	if r, ok := d.scheduler.(Reconciler); ok {
		var err error
		if remembered, err = r.Unfinished(ctx); err != nil {
			return Terminal(err)
		}
	}
	question := &ReconcileCall{}
	var kills []*KillCall
	d.mu.Lock()
	for _, ref := range remembered {
		if _, ok := d.tasks[ref.TaskID]; !ok {
			d.tasks[ref.TaskID] = &openTask{agent: ref.AgentID}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.tasks)) {
		t := d.tasks[id]
		question.Tasks = append(question.Tasks, TaskRef{TaskID: id, AgentID: t.agent})
		d.inbox.await(id)
		if t.kill != nil {
			kills = append(kills, t.kill)
		}
	}
	d.mu.Unlock()
	if len(question.Tasks) == 0 {
		return nil // no task named would be a question for all
	}
	d.cfg.Logger.Info("asking what became of tasks", zap.Int("tasks", len(question.Tasks)))
	// A session that has ended needs nothing: the next takes over.
	_ = d.send(question)
	for _, kill := range kills {
		_ = d.send(kill)
	}
	return nil
}
