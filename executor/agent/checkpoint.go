package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/boltstore"
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/internal/writeahead"
)

// checkpointFile is in the work directory.
const checkpointFile = "agent.db"

// instanceLabel marks the containers of an agent.
const instanceLabel = "agent"

// open makes the core: a new one, or that of the agent before this one.
func (a *Agent) open(ctx context.Context) error {
	path := filepath.Join(a.cfg.WorkDir, checkpointFile)
	if a.cfg.Checkpoint {
		return a.recover(ctx, path)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("agent: %s is the checkpoint of an agent whose tasks may run: "+
			"set Config.Checkpoint to go on with them, or use another Config.WorkDir", path), err)
	}
	a.instance, a.secret = newInstance(), []byte(rand.Text())
	core := a.base
	core.Instance = a.instance
	a.core = agentcore.New(core)
	a.ahead = writeahead.New[agentcore.Effect](nil)
	return nil
}

func newInstance() string { return strings.ToLower(rand.Text())[:12] }

// recover goes on where an earlier agent of the work directory ended.
func (a *Agent) recover(ctx context.Context, path string) error {
	var err error
	if a.store, err = boltstore.Open(path); err != nil {
		return fmt.Errorf("agent: checkpoint: %w", err)
	}
	crashpoint.Hit("agent/recover/opened")
	records, err := a.store.Load(ctx)
	if err != nil {
		return fmt.Errorf("agent: checkpoint: %w", err)
	}
	a.places.restore(records)
	instance, secret, known, err := agentcore.Identity(records)
	if err != nil {
		return fmt.Errorf("agent: %s: %w", path, err)
	}
	if !known {
		instance, secret = newInstance(), []byte(rand.Text())
	}
	a.instance, a.secret = instance, secret
	core := a.base
	core.Instance, core.Secret = instance, secret
	if core.BootID, core.Uptime, err = a.boot(); err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	found, err := a.containers(ctx)
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	crashpoint.Hit("agent/recover/listed")
	if a.core, err = agentcore.Recover(core, a.clock.Now(), records, found); err != nil {
		return fmt.Errorf("agent: %s: %w", path, err)
	}
	crashpoint.Hit("agent/recover/decided")
	if err := a.removeSockets(); err != nil {
		return fmt.Errorf("agent: remove old sockets: %w", err)
	}
	a.ahead = writeahead.New[agentcore.Effect](a.store)
	return nil
}

// containers returns what earlier agents of the work directory have left. Their
// sandboxes are in use from now on.
func (a *Agent) containers(ctx context.Context) ([]agentcore.Found, error) {
	if a.cfg.Containerizer == nil {
		return nil, nil
	}
	all, err := a.cfg.Containerizer.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the containers that there are: %w", err)
	}
	var found []agentcore.Found
	for _, c := range all {
		if c.Labels[instanceLabel] != a.instance {
			continue
		}
		a.sandboxes.keep(c.Sandbox)
		a.held.add(c.ID)
		found = append(found, agentcore.Found{
			Container: proffer.ContainerStatus{ID: c.ID, PID: c.PID, Sandbox: c.Sandbox}, Exited: c.Exit != nil,
		})
	}
	return found, nil
}

// wipe forgets everything: the master will not have this agent again, and the
// next one in the work directory is another.
func (a *Agent) wipe(ctx context.Context) error {
	records, err := a.store.Load(ctx)
	if err != nil {
		return err
	}
	changes := maps.Clone(records)
	for key := range changes {
		changes[key] = nil
	}
	return a.store.Write(ctx, changes)
}
