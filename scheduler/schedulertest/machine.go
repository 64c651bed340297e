package schedulertest

import (
	"fmt"
	"maps"
	"slices"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
)

// How tasks exit that do not end by themselves, as shells report it.
var (
	terminated = proffer.ExitStatus{Code: 128 + int(syscall.SIGTERM), Signal: syscall.SIGTERM}
	killed     = proffer.ExitStatus{Code: 128 + int(syscall.SIGKILL), Signal: syscall.SIGKILL}
)

// machine is what an agent runs on: containers outlive the agent. What is built
// into the agent ends with it.
type machine struct {
	agent  *agent
	boots  int
	booted time.Duration // when it was last
	runs   map[agentcore.RunID]simulated
	boxes  map[proffer.ContainerID]simulated // that were not removed
	used   tally                             // by tasks that run
	stuck  bool                              // nothing can be killed
}

// simulated is a run: a command's container, or an executor.
type simulated interface {
	// attach has it be a run of the agent that has been started.
	attach(id agentcore.RunID)
	// detach has it go on without an agent.
	detach()
	// end has it end at once.
	end(exit proffer.ExitStatus)
	// vanish has it end with its machine, without a trace.
	vanish()
	// found is what a containerizer says of it.
	found() agentcore.Found
}

func (m *machine) init(g *agent) {
	m.agent, m.boots = g, 1
	m.runs, m.boxes = make(map[agentcore.RunID]simulated), make(map[proffer.ContainerID]simulated)
	m.used = make(tally)
}

// add adds a run that begins. Container is empty for what is built in.
func (m *machine) add(id agentcore.RunID, container proffer.ContainerID, r simulated) {
	m.runs[id] = r
	if container != "" {
		m.boxes[container] = r
	}
}

// adopt has a container of before the agent's start be a run of its.
func (m *machine) adopt(id agentcore.RunID, container proffer.ContainerID) {
	if r, ok := m.boxes[container]; ok {
		m.runs[id] = r
		r.attach(id)
	}
}

// found returns the containers that were not removed.
func (m *machine) found() []agentcore.Found {
	var list []agentcore.Found
	for _, id := range slices.Sorted(maps.Keys(m.boxes)) {
		list = append(list, m.boxes[id].found())
	}
	return list
}

// detach has everything go on without an agent, but for what is built in.
func (m *machine) detach() {
	for _, id := range slices.Sorted(maps.Keys(m.runs)) {
		m.runs[id].detach()
	}
	clear(m.runs)
}

// reboot ends all that runs, without a trace.
func (m *machine) reboot() {
	m.boots++
	m.booted, m.stuck = m.agent.cluster.elapsed(), false
	for _, id := range slices.Sorted(maps.Keys(m.boxes)) {
		m.boxes[id].vanish()
	}
}

// clear ends all that runs and removes it.
func (m *machine) clear() {
	m.reboot()
	clear(m.boxes)
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

func (g *agent) note(n *agentcore.Note) {
	g.cluster.cfg.Logger.Warn(n.Text,
		zap.String("agent_id", string(g.id)), zap.String("framework_id", string(n.FrameworkID)),
		zap.String("task_id", string(n.TaskID)), zap.String("executor_id", string(n.ExecutorID)))
}

func refusal(id proffer.AgentID, message string) error {
	return fmt.Errorf("schedulertest: Config.Agents: agent %q: %s", string(id), message)
}
