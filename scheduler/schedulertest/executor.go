package schedulertest

import (
	"maps"
	"slices"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
)

// simulatedExecutor runs tasks as every good executor does. One in a process of
// its own numbers what it says, and says it until it is confirmed.
type simulatedExecutor struct {
	machine   *machine
	id        agentcore.RunID // to the agent that watches it; 0 for none
	status    proffer.ContainerStatus
	builtIn   bool
	framework proffer.FrameworkID
	tasks     map[proffer.TaskID]*work
	ended     bool
	exit      *proffer.ExitStatus // of one that has ended; nil where nobody saw it

	said      uint64                 // updates so far
	unheard   []agentcore.Numbered   // updates
	unheardOf map[proffer.TaskID]int // how many of unheard are of that task
}

func (m *machine) startExecutor(id agentcore.RunID, s *agentcore.Start) {
	x := &simulatedExecutor{
		machine: m, id: id, status: proffer.ContainerStatus{ID: s.Container}, builtIn: s.Executor.Command == nil,
		framework: s.FrameworkID, tasks: make(map[proffer.TaskID]*work), unheardOf: make(map[proffer.TaskID]int),
	}
	m.add(id, s.Container, x)
	launched := agentcore.Launched{}
	if !x.builtIn {
		status := x.status
		launched.Container = &status
	}
	m.agent.report(id, launched)
	m.agent.report(id, agentcore.Registered{})
}

func (x *simulatedExecutor) handle(e executor.Event) {
	switch e := e.(type) {
	case executor.LaunchEvent:
		x.launch(e.Task)
	case *executor.KillEvent:
		x.finish(e.TaskID, proffer.TaskKilled, killed)
	case executor.ShutdownEvent:
		x.end(terminated)
	case executor.RegisteredEvent, *executor.MessageEvent: // it has nobody to read it
	}
}

func (x *simulatedExecutor) launch(info *proffer.TaskInfo) {
	w := new(work)
	x.tasks[info.ID] = w
	w.begin(x.machine, x.framework, info, func(exit proffer.ExitStatus) {
		state := proffer.TaskFinished
		if !exit.Success() {
			state = proffer.TaskFailed
		}
		x.finish(info.ID, state, exit)
	})
	x.update(info.ID, proffer.TaskRunning, "")
}

func (x *simulatedExecutor) finish(id proffer.TaskID, state proffer.TaskState, exit proffer.ExitStatus) {
	w, ok := x.tasks[id]
	if !ok {
		return // it has ended before
	}
	delete(x.tasks, id)
	w.finish(exit)
	x.update(id, state, exit.String())
}

func (x *simulatedExecutor) update(id proffer.TaskID, state proffer.TaskState, message string) {
	u := agentcore.Updated{Status: &proffer.TaskStatus{TaskID: id, State: state, Message: message}}
	if x.builtIn {
		if x.id != 0 {
			x.machine.agent.report(x.id, u)
		}
		return
	}
	x.said++
	n := agentcore.Numbered{Number: x.said, Update: x.said, Report: u}
	x.unheard = append(x.unheard, n)
	x.unheardOf[id]++
	x.say(n)
}

// say tells the agent, which owns the status then.
func (x *simulatedExecutor) say(n agentcore.Numbered) {
	if x.id != 0 {
		status := *n.Report.(agentcore.Updated).Status
		n.Report = agentcore.Updated{Status: &status}
		x.machine.agent.report(x.id, &n)
	}
}

// confirmed tells that the agent has kept everything up to number.
func (x *simulatedExecutor) confirmed(number uint64) {
	for len(x.unheard) > 0 && x.unheard[0].Number <= number {
		id := x.unheard[0].Report.(agentcore.Updated).Status.TaskID
		x.unheard = x.unheard[1:]
		if x.unheardOf[id]--; x.unheardOf[id] == 0 {
			delete(x.unheardOf, id)
		}
	}
}

// attach registers with an agent that was started again.
func (x *simulatedExecutor) attach(id agentcore.RunID) {
	if x.id = id; x.ended {
		x.tellEnd()
		return
	}
	has := maps.Clone(x.unheardOf)
	for id := range x.tasks {
		has[id] = 1
	}
	x.machine.agent.report(id, &agentcore.Returned{Tasks: slices.Sorted(maps.Keys(has))})
	for _, n := range slices.Clone(x.unheard) {
		x.say(n)
	}
}

func (x *simulatedExecutor) end(exit proffer.ExitStatus) {
	if x.ended {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(x.tasks)) {
		x.finish(id, proffer.TaskKilled, exit)
	}
	x.ended, x.exit = true, &exit
	x.tellEnd()
}

func (x *simulatedExecutor) tellEnd() {
	if x.id == 0 {
		return
	}
	id := x.id
	x.id = 0
	delete(x.machine.runs, id)
	x.machine.agent.report(id, &agentcore.Exited{Exit: x.exit})
}

func (x *simulatedExecutor) detach() {
	if x.id = 0; x.builtIn {
		x.vanish()
	}
}

func (x *simulatedExecutor) vanish() {
	x.ended = true
	for _, id := range slices.Sorted(maps.Keys(x.tasks)) {
		x.tasks[id].finish(killed)
	}
	clear(x.tasks)
}

func (x *simulatedExecutor) found() agentcore.Found {
	return agentcore.Found{Container: x.status, Exited: x.exit != nil}
}
