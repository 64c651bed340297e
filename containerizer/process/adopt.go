package process

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
)

// findCgroup finds out whether and where groups can be made. The place is kept
// for later programs, which may be started in another group.
func (c *Containerizer) findCgroup() error {
	if c.cfg.Cgroups == CgroupsOff {
		c.noLimits = errors.New("process: cgroups are switched off")
		return nil
	}
	group := c.state.instance.GetCgroup()
	if group == nil || cgroup.Try(group) != nil {
		var err error
		if group, err = cgroup.Find(c.state.instance.GetName()); err != nil {
			c.noLimits = fmt.Errorf("process: %w", err)
			if c.cfg.Cgroups == CgroupsRequired {
				return err
			}
			c.cfg.Logger.Info("limits are not enforced", zap.Error(err))
			return nil
		}
	}
	c.cgroup, c.state.instance.Cgroup = group, group
	return c.state.save()
}

// adopt takes over the containers that an earlier program left.
func (c *Containerizer) adopt() error {
	ids, err := c.state.ids()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.adoptOne(id); err != nil {
			return idError(id, err)
		}
	}
	if c.cgroup == nil {
		return nil
	}
	return shim.SweepGroups(c.cgroup, func(name string) bool {
		for id := range c.containers {
			if groupName(id) == name {
				return true
			}
		}
		return false
	})
}

func (c *Containerizer) adoptOne(id proffer.ContainerID) error {
	dir := c.state.runDir(id)
	r := new(record.Container)
	err := record.Read(filepath.Join(dir, shim.ContainerFile), r)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.undo(id)
	case errors.Is(err, record.ErrCorrupt):
		c.cfg.Logger.Error("what is known of a container is lost", zap.String("container_id", string(id)), zap.Error(err))
		r = new(record.Container)
		if c.cgroup != nil {
			r.Cgroup = cgroup.Child(c.cgroup, groupName(id))
		}
	case err != nil:
		return err
	}
	r.Id = string(id)
	w := newContainer(c, r, nil, 0)
	// Not the record but the shim itself tells whether it lives.
	conn, err := dial(dir)
	if shimPID := int(r.GetShimPid()); shimPID != 0 {
		if start, ok := shim.StartTime(shimPID); ok && start == r.GetShimStart() && isChild(shimPID) {
			w.child = shimPID
		}
	}
	c.containers[id] = w
	if err == nil {
		w.conn = conn
		c.watch(w)
		return nil
	}
	w.collect(c.cfg.Logger)
	if errors.Is(w.err, record.ErrNewer) {
		return w.err
	}
	close(w.ended)
	return nil
}

// undo removes what is left of a launch that was not completed.
func (c *Containerizer) undo(id proffer.ContainerID) error {
	dir := c.state.runDir(id)
	if conn, err := dial(dir); err == nil {
		_, _ = conn.Read(make([]byte, 1)) // the shim finds that nobody listens, and ends
		_ = conn.Close()                  // it was only read
	}
	return errors.Join(shim.KillLeft(c.state.mark(id), false), shim.RemoveRunDir(dir))
}
