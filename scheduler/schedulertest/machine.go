package schedulertest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"syscall"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
)

// How tasks exit that do not end by themselves, as shells report it.
var (
	terminated = proffer.ExitStatus{Code: 128 + int(syscall.SIGTERM), Signal: syscall.SIGTERM}
	killed     = proffer.ExitStatus{Code: 128 + int(syscall.SIGKILL), Signal: syscall.SIGKILL}
)

// machine is what an agent runs on: containers and executors outlive it.
type machine struct {
	agent      *agent
	boots      int
	containers uint64 // so far
	runs       map[agentcore.RunID]simulated
	live       map[*work]struct{} // tasks that run
	stuck      bool               // nothing can be killed
}

// simulated is a run: a command's container, or an executor.
type simulated interface {
	// end has it end at once.
	end(exit proffer.ExitStatus)
	// detach has it go on without an agent.
	detach()
}

func (m *machine) init(g *agent) {
	m.agent, m.boots = g, 1
	m.runs, m.live = make(map[agentcore.RunID]simulated), make(map[*work]struct{})
}

// detach has everything go on without an agent.
func (m *machine) detach() {
	for _, id := range slices.Sorted(maps.Keys(m.runs)) {
		m.runs[id].detach()
	}
	clear(m.runs)
}

func (m *machine) signal(id agentcore.RunID, exit proffer.ExitStatus) {
	r, ok := m.runs[id]
	if !ok {
		return
	}
	if c := m.agent.cluster; m.stuck || c.chance(c.faults.StuckKill) {
		c.happens(m.agent.name, "a signal does not end what it is sent to", nil)
		return
	}
	r.end(exit)
}

func (m *machine) newContainer() proffer.ContainerID {
	m.containers++
	return proffer.ContainerID("container-" + strconv.FormatUint(m.containers, 10))
}

// liveTasks returns what runs, in the order in which it was started.
func (m *machine) liveTasks() []*work {
	list := slices.Collect(maps.Keys(m.live))
	slices.SortFunc(list, func(x, y *work) int { return cmp.Compare(x.number, y.number) })
	return list
}

func (g *agent) note(n *agentcore.Note) {
	g.cluster.cfg.Logger.Warn(n.Text,
		zap.String("agent_id", string(g.id)), zap.String("framework_id", string(n.FrameworkID)),
		zap.String("task_id", string(n.TaskID)), zap.String("executor_id", string(n.ExecutorID)))
}

func refusal(id proffer.AgentID, message string) error {
	return fmt.Errorf("schedulertest: Config.Agents: agent %q: %s", string(id), message)
}
