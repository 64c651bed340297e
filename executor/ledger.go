package executor

import (
	"maps"
	"slices"
	"sync"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/executorwire"
)

// ledger is what an executor can tell an agent that was started again. Its
// methods are safe for concurrent use.
type ledger struct {
	sender *executorwire.Sender[*executorwire.ToAgent]

	mu      sync.Mutex
	updates uint64
	tasks   map[string]struct{} // launched, and no end was told
}

func newLedger() *ledger {
	return &ledger{sender: executorwire.ToAgentSender(), tasks: make(map[string]struct{})}
}

func (l *ledger) launched(id proffer.TaskID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks[string(id)] = struct{}{}
}

// update counts an update and sends it.
func (l *ledger) update(s *proffer.TaskStatus) {
	u := executorwire.EncodeStatus(s)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.updates++
	u.Sequence = l.updates
	if s.State.Terminal() {
		delete(l.tasks, u.GetTaskId())
	}
	m := executorwire.NewToAgent()
	m.Content = &executorwire.ToAgent_Update{Update: u}
	l.sender.Put(m)
}

// anew begins with an agent that knows what the one before it wrote down. It is
// told of all tasks that it may take for running.
func (l *ledger) anew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := maps.Clone(l.tasks)
	l.sender.Each(func(m *executorwire.ToAgent) {
		if u := m.GetUpdate(); u != nil {
			ids[u.GetTaskId()] = struct{}{}
		}
	})
	first := executorwire.NewToAgent()
	first.Content = &executorwire.ToAgent_Tasks{Tasks: &executorwire.Tasks{Ids: slices.Sorted(maps.Keys(ids))}}
	l.sender.Renumber(first, func(m *executorwire.ToAgent) bool { return m.GetTasks() == nil })
}
