package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
	"github.com/proffer-go/proffer/scheduler/registry/bolt"
)

// Cluster is a running cluster: the [scheduler.Master] of your drivers. Make
// one with [Start]. All methods are safe for concurrent use.
type Cluster struct {
	master     *master.Master
	endAgents  context.CancelFunc
	agents     sync.WaitGroup
	endMaster  context.CancelFunc
	mastering  sync.WaitGroup
	containers containerizer.Containerizer
	registry   io.Closer // nil unless it is the cluster's own
	durable    bool      // tasks outlive the cluster
	temporary  string    // the directory to remove, if any

	closing sync.Once
	mu      sync.Mutex
	errs    []error
}

var _ scheduler.Master = (*Cluster)(nil)

// Run starts a cluster, runs one framework on it until its driver's Run
// returns, and ends the cluster. The framework's Config.Master is the cluster.
func Run(ctx context.Context, cfg Config, s scheduler.Scheduler, framework scheduler.Config) error {
	c, err := Start(cfg)
	if err != nil {
		return err
	}
	framework.Master = c
	d, err := scheduler.New(s, framework)
	if err == nil {
		err = d.Run(ctx)
	}
	return errors.Join(err, c.Close())
}

// Start starts a cluster. Its agents register with its master on their own;
// offers come as they do.
func Start(cfg Config) (*Cluster, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Cluster{containers: cfg.Containerizer}
	if err := c.start(cfg); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cluster) start(cfg Config) error {
	dir, err := c.directory(cfg.Dir)
	if err != nil {
		return err
	}
	if cfg.Dir != "" {
		if err := c.remember(&cfg, dir); err != nil {
			return err
		}
	}
	if c.containers == nil {
		pc := process.Config{Logger: cfg.Logger.Named("containers")}
		if c.temporary != "" {
			pc.EndWithProgram, pc.RemoveAtEnd = true, []string{c.temporary}
		} else {
			pc.Root = filepath.Join(dir, "containers")
		}
		if c.containers, err = process.New(pc); err != nil {
			return fmt.Errorf("embedded: %w", err)
		}
	}
	if c.master, err = master.New(cfg.Master); err != nil {
		return err
	}
	agents, err := c.newAgents(cfg, dir)
	if err != nil {
		return err
	}
	mastering, endMaster := context.WithCancel(context.Background())
	c.endMaster = endMaster
	c.mastering.Go(func() { c.failed("master", c.master.Run(mastering)) })
	running, endAgents := context.WithCancel(context.Background())
	c.endAgents = endAgents
	for i, a := range agents {
		c.agents.Go(func() { c.failed(fmt.Sprintf("agent-%d", i+1), a.Run(running)) })
	}
	return nil
}

// remember has the cluster outlive the program: its master goes on from a
// registry, its agents from what they have checkpointed. The registry's file is
// what keeps a second program away from the directory, so it comes first.
func (c *Cluster) remember(cfg *Config, dir string) error {
	cfg.Agent.Checkpoint, c.durable = true, true
	if cfg.Master.Registry != nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("embedded: Config.Dir: %w", err)
	}
	r, err := bolt.Open(filepath.Join(dir, "master.db"))
	if err != nil {
		return fmt.Errorf("embedded: Config.Dir: %w", err)
	}
	cfg.Master.Registry, c.registry = r, r
	return nil
}

// directory returns where the cluster keeps its files.
func (c *Cluster) directory(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	temporary, err := os.MkdirTemp("", "proffer-")
	if err != nil {
		return "", fmt.Errorf("embedded: %w", err)
	}
	// Commands may run as other users; what they may not read in a sandbox is
	// for its own mode to say.
	if err := os.Chmod(temporary, 0o755); err != nil { //nolint:gosec // see above
		return "", errors.Join(fmt.Errorf("embedded: %w", err), os.Remove(temporary))
	}
	c.temporary = temporary
	return temporary, nil
}

func (c *Cluster) newAgents(cfg Config, dir string) ([]*agent.Agent, error) {
	var machine resources.Resources
	if cfg.Resources.IsEmpty() {
		var err error
		if machine, err = agent.Machine(dir); err != nil {
			return nil, fmt.Errorf("embedded: Config.Resources is empty and those of the machine cannot be told: %w", err)
		}
	}
	output := oneAtATime(cfg.Output)
	agents := make([]*agent.Agent, cfg.Agents)
	for i := range agents {
		ac := cfg.Agent
		ac.Master, ac.Containerizer, ac.Executors, ac.Output = c.master, c.containers, cfg.Executors, output
		ac.Hostname = fmt.Sprintf("agent-%d", i+1)
		ac.WorkDir = filepath.Join(dir, ac.Hostname)
		ac.Resources, ac.Attributes = cfg.Resources, cfg.Attributes
		if ac.Logger == nil {
			ac.Logger = cfg.Logger.Named(ac.Hostname)
		}
		var err error
		if ac.Resources.IsEmpty() {
			if ac.Resources, err = part(machine, i, cfg.Agents); err != nil {
				return nil, err
			}
		}
		if agents[i], err = agent.New(ac); err != nil {
			return nil, err
		}
	}
	return agents, nil
}

// oneAtATime makes of the user's function one for several agents.
func oneAtATime(output func(Line)) func(agent.Line) {
	if output == nil {
		return nil
	}
	var mu sync.Mutex
	return func(l agent.Line) {
		mu.Lock()
		defer mu.Unlock()
		output(Line{l})
	}
}

// failed keeps the error with which a part ended, unless Close ended it.
func (c *Cluster) failed(what string, err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, scheduler.ErrMasterClosed) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, fmt.Errorf("%s: %w", what, err))
}

// Subscribe implements [scheduler.Master].
func (c *Cluster) Subscribe(ctx context.Context, framework proffer.FrameworkInfo, terms offers.Subscription) (scheduler.Session, error) {
	return c.master.Subscribe(ctx, framework, terms)
}

// Master returns the cluster's master, for what operators do: quotas, weights,
// maintenance, drains. It ends with the cluster.
func (c *Cluster) Master() *master.Master { return c.master }

// Close ends the cluster: every task with all that it started, the agents, the
// master, and the temporary directory. With Config.Dir tasks go on, but for
// those that are being killed, which it waits for. It returns what went wrong,
// then or before. Closing again does nothing and returns nil.
func (c *Cluster) Close() error {
	var err error
	c.closing.Do(func() { err = c.close() })
	return err
}

// settleTime is how long Close waits for what is being ended.
const settleTime = time.Minute

func (c *Cluster) close() error {
	if c.endAgents != nil && c.durable {
		ctx, cancel := context.WithTimeout(context.Background(), settleTime)
		c.failed("what is to end", c.master.Settle(ctx))
		cancel()
	}
	if c.endAgents != nil {
		c.endAgents()
		c.agents.Wait()
	}
	if c.endMaster != nil {
		c.endMaster()
		c.mastering.Wait()
	}
	if c.registry != nil {
		c.failed("registry", c.registry.Close())
	}
	if c.containers != nil {
		c.failed("containers", c.containers.Close())
	}
	if c.temporary != "" {
		c.failed("temporary directory", os.RemoveAll(c.temporary))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.errs...)
}
