package agentcore_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
)

func (m *machine) link() {
	if !m.linked {
		m.linked = true
		m.step(m.core.Connected, nil)
	}
}

// launch launches a command, a group of them, or a task of the executor.
func (m *machine) launch(n int) {
	if m.calm || !m.linked {
		return
	}
	r := &protocol.RunTasks{FrameworkID: "F1", Role: "*", Group: n > 1}
	for range n {
		id := proffer.TaskID(fmt.Sprintf("t%d", len(m.order)))
		task := &proffer.TaskInfo{ID: id, Command: proffer.Shell("true")}
		if n == 1 && m.rng.IntN(2) == 0 {
			task.Command = nil
			task.Executor = &proffer.ExecutorInfo{ID: "e", Command: proffer.Shell("serve")}
		}
		m.order = append(m.order, id)
		m.tasks[id] = &wanted{executor: task.Executor != nil, told: map[uint64]proffer.TaskState{}}
		r.Tasks = append(r.Tasks, task)
	}
	m.step(func() { m.core.FromMaster(m.now, r) }, func() {
		for _, task := range r.Tasks {
			m.tasks[task.ID].arrived = true
		}
	})
}

func (m *machine) kill() {
	if len(m.order) == 0 || !m.linked {
		return
	}
	m.killOne(m.order[m.rng.IntN(len(m.order))])
}

// killOne kills a task, unless that is something that a master would not do.
func (m *machine) killOne(id proffer.TaskID) {
	if w := m.tasks[id]; !m.linked || !w.arrived || w.end != 0 {
		return
	}
	m.step(func() { m.core.FromMaster(m.now, &protocol.KillTask{FrameworkID: "F1", TaskID: id}) }, nil)
}

// hear takes a message of the agent.
func (m *machine) hear(message protocol.ToMaster) {
	switch message := message.(type) {
	case *protocol.Register:
		m.step(func() { m.core.FromMaster(m.now, &protocol.Registered{AgentID: "A1"}) }, nil)
	case *protocol.StatusUpdate:
		m.updated(message.Status)
	default:
	}
}

func (m *machine) updated(s *proffer.TaskStatus) {
	w, n := m.tasks[s.TaskID], s.UpdateID
	switch state, known := w.told[n]; {
	case known && state != s.State:
		m.Errorf("status %d of %s is %s, and was %s", n, s.TaskID, s.State, state)
	case !known && n != w.last+1:
		m.Errorf("status %d of %s follows %d", n, s.TaskID, w.last)
	case n <= w.acked:
		m.Errorf("status %d of %s comes again, and was acknowledged", n, s.TaskID)
	case !known && w.end != 0:
		m.Errorf("%s of %s follows %s", s.State, s.TaskID, w.end)
	}
	w.told[n], w.last = s.State, max(w.last, n)
	if s.State.Terminal() {
		w.end = s.State
		if s.State == proffer.TaskDropped && w.started > 0 {
			m.Errorf("%s is %s, and was started", s.TaskID, s)
		}
	}
}

// acknowledgeAll acknowledges what came last of every task, once.
func (m *machine) acknowledgeAll() {
	for _, id := range m.order {
		w := m.tasks[id]
		if n := w.last; n > w.acked && m.linked {
			m.step(func() {
				m.core.FromMaster(m.now, &protocol.Acknowledge{FrameworkID: "F1", TaskID: id, UpdateID: n})
			}, func() { w.acked = n })
		}
	}
}

// pass lets time pass, as the agent does.
func (m *machine) pass(d time.Duration) {
	for end := m.uptime + d; ; {
		at, ok := m.core.Deadline()
		wait := max(at.Sub(m.now), 0)
		if !ok || m.uptime+wait > end {
			m.now, m.uptime = m.now.Add(end-m.uptime), end
			m.step(func() { m.core.Advance(m.now) }, nil)
			return
		}
		m.now, m.uptime = m.now.Add(wait), m.uptime+wait
		m.step(func() { m.core.Advance(m.now) }, nil)
	}
}

// reports has one container or executor get on.
func (m *machine) reports() {
	boxes := m.sorted()
	if len(boxes) == 0 {
		return
	}
	m.reportOn(boxes[m.rng.IntN(len(boxes))])
}

func (m *machine) reportOn(b *box) {
	switch {
	case b.run == 0:
	case !b.reported:
		b.reported = true
		m.report(b, agentcore.Launched{Container: &proffer.ContainerStatus{ID: b.id, Sandbox: "/s"}})
	case b.exit != nil && !b.told:
		b.told = true
		m.report(b, &agentcore.Exited{Exit: b.exit})
	case b.exit != nil:
	case b.executor != nil:
		m.executorActs(b)
	case m.rng.IntN(3) == 0:
		b.exit = &proffer.ExitStatus{Code: m.rng.IntN(2)}
	}
}

func (m *machine) report(b *box, r agentcore.Report) {
	run := b.run
	m.step(func() { m.core.Report(m.now, run, r) }, nil)
}

// executorActs has an executor connect, end a task, say what it has to say, or
// crash.
func (m *machine) executorActs(b *box) {
	x := b.executor
	switch what := m.rng.IntN(30); {
	case !x.back:
		x.back = true
		if !x.session {
			x.session = true
			m.report(b, agentcore.Registered{})
			return
		}
		r := &agentcore.Returned{Tasks: slices.Sorted(maps.Keys(x.tasks))}
		for _, u := range x.updates {
			r.Tasks = append(r.Tasks, u.Report.(agentcore.Updated).Status.TaskID)
		}
		m.report(b, r)
	case what == 0 && !m.calm:
		b.exit = &proffer.ExitStatus{Code: 3}
	case what < 8 && len(x.tasks) > 0:
		id := slices.Sorted(maps.Keys(x.tasks))[0]
		delete(x.tasks, id)
		x.update(id, proffer.TaskFinished)
	case x.sent < len(x.updates):
		x.number++
		u := &x.updates[x.sent]
		u.Number = x.number
		x.sent++
		status := *u.Report.(agentcore.Updated).Status // the core's own
		m.report(b, &agentcore.Numbered{Number: u.Number, Update: u.Update, Report: agentcore.Updated{Status: &status}})
	}
}

// settled reports whether everything has come to its end.
func (m *machine) settled() bool {
	for _, b := range m.sorted() {
		if b.executor == nil || !b.executor.back || len(b.executor.updates) > 0 {
			return false
		}
	}
	for _, w := range m.tasks {
		if w.arrived && (w.end == 0 || w.acked < w.last) {
			return false
		}
	}
	return true
}

func (m *machine) checkEnd() {
	for _, id := range m.order {
		w := m.tasks[id]
		if w.arrived && w.end == 0 {
			m.Errorf("%s has no end: %v", id, w.told)
		}
		if w.started > 1 || !w.arrived && w.started > 0 {
			m.Errorf("%s was started %d times, its launch is durable: %t", id, w.started, w.arrived)
		}
	}
	for _, b := range m.sorted() {
		if b.executor == nil {
			m.Errorf("container %s of %s is left", b.id, b.task)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.records)) {
		if key != "agent" && key != "executor/F1/e" {
			m.Errorf("record %s is left", key)
		}
	}
}
