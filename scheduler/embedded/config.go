package embedded

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler/master"
)

// MaxAgents bounds Config.Agents, against a slip of the finger.
const MaxAgents = 10_000

// Config configures a [Cluster]. The zero value is one agent with the whole
// machine.
type Config struct {
	// Agents is how many agents the cluster has. Default 1.
	Agents int

	// Resources of each agent. Default: an equal part of what [agent.Machine]
	// tells of this machine.
	Resources resources.Resources

	// Attributes of each agent. Default: none.
	Attributes resources.Attributes

	// Executors are built into every agent, by the name in ExecutorInfo; see
	// [agent.Config]. Default: none.
	Executors map[string]executor.Executor

	// Output is called with every line that a command writes, as it is written
	// and before the status in which its task ends; one line at a time.
	// Default: output is in the sandboxes only.
	Output func(Line)

	// Dir has the cluster outlive the program, however that ends, kill -9
	// included: tasks go on, and the next cluster on the same directory takes
	// them over, with the frameworks (see [scheduler.Config].IDs), quotas,
	// reservations and all else. One cluster at a time uses it. The sandboxes,
	// with the output of the commands, are in Dir/agent-N/sandboxes. Default:
	// a temporary directory, and everything ends with the program.
	Dir string

	// Containerizer runs the commands; the cluster closes it. With Dir its
	// containers must outlive the program. Default: plain processes (package
	// containerizer/process) that end with the program, or with Dir outlive it.
	Containerizer containerizer.Containerizer

	// Agent is the configuration of every agent, but for what is set above.
	Agent agent.Config

	Master master.Config
	Logger *zap.Logger // default: silent
}

// Line is a line of a command's output.
type Line struct{ agent.Line }

// String returns "task | text".
func (l Line) String() string { return string(l.TaskID) + " | " + l.Text }

func (c Config) withDefaults() Config {
	if c.Agents == 0 {
		c.Agents = 1
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.Master.Logger == nil {
		c.Master.Logger = c.Logger.Named("master")
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.Agents < 0 || c.Agents > MaxAgents {
		errs = append(errs, fmt.Errorf("embedded: Config.Agents %d: want 1 to %d", c.Agents, MaxAgents))
	}
	return errors.Join(errs...)
}
