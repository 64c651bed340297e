package schedulertest

import (
	"maps"
	"slices"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
)

// simulatedExecutor runs tasks as every good executor does.
type simulatedExecutor struct {
	machine   *machine
	id        agentcore.RunID // to the agent that watches it; 0 for none
	framework proffer.FrameworkID
	tasks     map[proffer.TaskID]*work
}

func (m *machine) startExecutor(id agentcore.RunID, s *agentcore.Start) {
	m.runs[id] = &simulatedExecutor{machine: m, id: id, framework: s.FrameworkID, tasks: make(map[proffer.TaskID]*work)}
	m.agent.report(id, agentcore.Launched{})
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
	if x.id != 0 {
		x.machine.agent.report(x.id, agentcore.Updated{Status: &proffer.TaskStatus{TaskID: id, State: state, Message: message}})
	}
}

func (x *simulatedExecutor) end(exit proffer.ExitStatus) {
	for _, id := range slices.Sorted(maps.Keys(x.tasks)) {
		x.finish(id, proffer.TaskKilled, exit)
	}
	if x.id != 0 {
		delete(x.machine.runs, x.id)
		x.machine.agent.report(x.id, &agentcore.Exited{Exit: &exit})
	}
}

func (x *simulatedExecutor) detach() { x.id = 0 }
