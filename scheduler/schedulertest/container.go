package schedulertest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"syscall"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
)

// How tasks exit that do not end by themselves, as shells report it.
var (
	terminated = proffer.ExitStatus{Code: 128 + int(syscall.SIGTERM), Signal: syscall.SIGTERM}
	killed     = proffer.ExitStatus{Code: 128 + int(syscall.SIGKILL), Signal: syscall.SIGKILL}
)

// work is a task that runs: when its time has come, ended is called.
type work struct {
	agent *agent
	task  *Task
	alarm timer
}

// begin starts a task. Ended is called with the mutex held; drain follows.
func (w *work) begin(g *agent, id proffer.FrameworkID, info *proffer.TaskInfo, ended func(exit proffer.ExitStatus)) {
	c := g.cluster
	w.agent, w.task = g, &Task{FrameworkID: id, AgentID: g.id, Info: info, Started: c.Now()}
	run, exit := c.cfg.Lifetime(info)
	c.watchStart(w.task)
	if run < 0 {
		return
	}
	w.alarm.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		ended(exit)
		g.drain()
	}
	c.timers.set(&w.alarm, c.elapsed()+run)
}

// finish ends a task, by itself or not.
func (w *work) finish(exit proffer.ExitStatus) {
	w.agent.cluster.timers.stop(&w.alarm)
	w.agent.cluster.watchEnd(w.task, exit)
}

// container is that of a command.
type container struct {
	work
	id agentcore.RunID
}

func (g *agent) startCommand(id agentcore.RunID, s *agentcore.Start) {
	k := &container{id: id}
	g.runs[id] = k
	k.begin(g, s.FrameworkID, s.Task, k.end)
	g.report(id, agentcore.Launched{Container: &proffer.ContainerStatus{
		ID: proffer.ContainerID("container-" + strconv.FormatUint(uint64(id), 10)),
	}})
}

func (k *container) end(exit proffer.ExitStatus) {
	delete(k.agent.runs, k.id)
	k.finish(exit)
	k.agent.report(k.id, &agentcore.Exited{Exit: &exit})
}

// probe tells that the task is well.
func (k *container) probe() {
	if k.task.Info.HealthCheck != nil {
		k.agent.report(k.id, &agentcore.HealthProbed{})
	}
	check := k.task.Info.Check
	if check == nil {
		return
	}
	var result proffer.CheckResult
	switch {
	case check.Command != nil:
		result.ExitCode = new(int)
	case check.HTTP != nil:
		status := 200
		result.HTTPStatus = &status
	default:
		connected := true
		result.Connected = &connected
	}
	k.agent.report(k.id, &agentcore.Checked{Result: result})
}

// simulatedExecutor runs tasks as every good executor does.
type simulatedExecutor struct {
	agent     *agent
	id        agentcore.RunID
	framework proffer.FrameworkID
	tasks     map[proffer.TaskID]*work
}

func (g *agent) startExecutor(id agentcore.RunID) {
	g.runs[id] = &simulatedExecutor{agent: g, id: id, tasks: make(map[proffer.TaskID]*work)}
	g.report(id, agentcore.Launched{})
	g.report(id, agentcore.Registered{})
}

func (x *simulatedExecutor) handle(e executor.Event) {
	switch e := e.(type) {
	case executor.RegisteredEvent:
		x.framework = e.Info.FrameworkID
	case executor.LaunchEvent:
		x.launch(e.Task)
	case *executor.KillEvent:
		x.finish(e.TaskID, proffer.TaskKilled, killed)
	case *executor.MessageEvent: // it has nobody to read it
	case executor.ShutdownEvent:
		x.end(terminated)
	}
}

func (x *simulatedExecutor) launch(info *proffer.TaskInfo) {
	w := new(work)
	x.tasks[info.ID] = w
	w.begin(x.agent, x.framework, info, func(exit proffer.ExitStatus) {
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
	x.agent.report(x.id, agentcore.Updated{Status: &proffer.TaskStatus{TaskID: id, State: state, Message: message}})
}

func (x *simulatedExecutor) end(exit proffer.ExitStatus) {
	delete(x.agent.runs, x.id)
	for _, id := range slices.Sorted(maps.Keys(x.tasks)) {
		x.finish(id, proffer.TaskKilled, exit)
	}
	x.agent.report(x.id, &agentcore.Exited{Exit: &exit})
}

func (g *agent) note(n *agentcore.Note) {
	g.cluster.cfg.Logger.Warn(n.Text,
		zap.String("agent_id", string(g.id)), zap.String("framework_id", string(n.FrameworkID)),
		zap.String("task_id", string(n.TaskID)), zap.String("executor_id", string(n.ExecutorID)))
}

func refusal(id proffer.AgentID, message string) error {
	return fmt.Errorf("schedulertest: Config.Agents: agent %q: %s", string(id), message)
}
