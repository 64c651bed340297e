package agent

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

// Defaults of a Config. Those of statuses and executors are Mesos's.
const (
	DefaultStatusRetryMin        = 10 * time.Second
	DefaultStatusRetryMax        = 10 * time.Minute
	DefaultRegistrationTimeout   = time.Minute
	DefaultReregistrationTimeout = 2 * time.Second
	DefaultShutdownGrace         = 5 * time.Second
	DefaultKillStuckAfter        = 30 * time.Second
	DefaultKeepSandboxes         = 7 * 24 * time.Hour
	DefaultMaxSandboxes          = 10_000
)

// MaxReregistrationTimeout bounds Config.ReregistrationTimeout: the master
// waits for the agent meanwhile.
const MaxReregistrationTimeout = 15 * time.Second

// Config configures an [Agent]. Master and WorkDir must be set.
type Config struct {
	// Master is what the agent registers with: a master of this module, such
	// as that of package scheduler/master.
	Master protocol.Master

	// Hostname is what schedulers see. Default: that of the machine.
	Hostname string

	// Resources are what the agent offers. Default: all processors of the
	// machine, its memory but 1 GiB, the free disk of WorkDir but 5 GiB (at
	// least half of each), and the ports 31000 to 32000.
	Resources resources.Resources

	// Attributes describe the machine to schedulers. Default: none.
	Attributes resources.Attributes

	// WorkDir is an absolute path, of this agent alone. The sandboxes are in
	// WorkDir/sandboxes/FRAMEWORK/TASK.
	WorkDir string

	// Checkpoint has the agent survive its own end: it keeps what it holds in
	// WorkDir/agent.db, and the next agent with the same WorkDir goes on with
	// it, whether Run has returned or the program was killed. Containers run on
	// meanwhile, so the Containerizer must not end them with the program. Only
	// one agent at a time may use the directory ([ErrInUse]). Default: what the
	// agent runs ends with Run.
	Checkpoint bool

	// Containerizer runs commands and executors with a command. The agent
	// does not close it. Default: none, such tasks fail.
	Containerizer containerizer.Containerizer

	// Executors are built into the agent; a task names one by
	// [proffer.ExecutorInfo].Name. A value is used for all frameworks at once:
	// its methods are called from one goroutine for each of their executors.
	Executors map[string]executor.Executor

	// Output is called with every line that a command task writes, as it is
	// written, and with all of them before the task's terminal status is
	// sent. Calls for one stream of a task come one at a time, in order;
	// others may come at the same time. Default: none.
	//
	// With a Checkpoint no line is lost over a restart, but for what rotation
	// deleted in between. After an end of Run lines go on where they were;
	// after a crash, those of the last seconds come a second time.
	Output func(Line)

	StatusRetryMin time.Duration // before an unacknowledged status is sent again; default 10 s
	StatusRetryMax time.Duration // to which that pause doubles; default 10 min

	RegistrationTimeout time.Duration // for executors to register; default 1 min
	ShutdownGrace       time.Duration // for executors to end by themselves; default 5 s

	// ReregistrationTimeout is how long executors in processes of their own may
	// take to connect again after the agent was started again, and how long the
	// agent waits for them before it registers. Default: 2 s, at most
	// [MaxReregistrationTimeout].
	ReregistrationTimeout time.Duration

	// KillStuckAfter is how long after its SIGKILL a task is said to be stuck
	// ([proffer.ReasonKillStuck]), and the time between further tries.
	// Default: 30 s.
	KillStuckAfter time.Duration

	// KeepSandboxes is how long a sandbox is kept after the end of its task.
	// Default: one week. Negative: for ever.
	KeepSandboxes time.Duration

	// MaxSandboxes is how many sandboxes of ended tasks are kept at most, the
	// latest of them, however young the others are: a task that fails at once
	// again and again does not fill the disk. For a moment there may be a tenth
	// more. Default: 10,000. Negative: no bound.
	MaxSandboxes int

	Logger *zap.Logger // default: silent
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.StatusRetryMin, DefaultStatusRetryMin},
		{&c.StatusRetryMax, max(DefaultStatusRetryMax, c.StatusRetryMin)},
		{&c.RegistrationTimeout, DefaultRegistrationTimeout},
		{&c.ReregistrationTimeout, DefaultReregistrationTimeout},
		{&c.ShutdownGrace, DefaultShutdownGrace},
		{&c.KillStuckAfter, DefaultKillStuckAfter},
		{&c.KeepSandboxes, DefaultKeepSandboxes},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.MaxSandboxes == 0 {
		c.MaxSandboxes = DefaultMaxSandboxes
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	c.Executors = maps.Clone(c.Executors)
	return c
}

func (c *Config) validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("agent: Config."+format, args...)) }
	if c.Master == nil {
		fail("Master is nil: give it a master")
	}
	if !filepath.IsAbs(c.WorkDir) {
		fail("WorkDir %q is not an absolute path", c.WorkDir)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Executors)) {
		if name == "" || c.Executors[name] == nil {
			fail("Executors[%q]: neither the name nor the executor may be empty", name)
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"StatusRetryMin", c.StatusRetryMin},
		{"StatusRetryMax", c.StatusRetryMax},
		{"RegistrationTimeout", c.RegistrationTimeout},
		{"ReregistrationTimeout", c.ReregistrationTimeout},
		{"ShutdownGrace", c.ShutdownGrace},
		{"KillStuckAfter", c.KillStuckAfter},
	} {
		if d.value < 0 {
			fail("%s %v is negative: use 0 for the default", d.name, d.value)
		}
	}
	if c.ReregistrationTimeout > MaxReregistrationTimeout {
		fail("ReregistrationTimeout %v is above %v", c.ReregistrationTimeout, MaxReregistrationTimeout)
	}
	if c.StatusRetryMax < c.StatusRetryMin {
		fail("StatusRetryMax %v is below StatusRetryMin %v", c.StatusRetryMax, c.StatusRetryMin)
	}
	return errors.Join(errs...)
}

// core returns the configuration of the core. It looks at the machine for what
// the Config leaves to that.
func (c *Config) core() (agentcore.Config, error) {
	info := proffer.AgentInfo{Hostname: c.Hostname, Resources: c.Resources, Attributes: c.Attributes}
	if info.Hostname == "" {
		name, err := os.Hostname()
		if err != nil {
			return agentcore.Config{}, fmt.Errorf("agent: Config.Hostname is empty and the machine has none: %w", err)
		}
		info.Hostname = name
	}
	if info.Resources.IsEmpty() {
		found, err := machine(c.WorkDir)
		if err != nil {
			return agentcore.Config{}, fmt.Errorf("agent: Config.Resources is empty and those of the machine cannot be told: %w", err)
		}
		info.Resources = found
	}
	return agentcore.Config{
		Info: info, StatusRetryMin: c.StatusRetryMin, StatusRetryMax: c.StatusRetryMax,
		RegistrationTimeout: c.RegistrationTimeout, ReregistrationTimeout: c.ReregistrationTimeout, ShutdownGrace: c.ShutdownGrace, KillStuckAfter: c.KillStuckAfter,
	}, nil
}
