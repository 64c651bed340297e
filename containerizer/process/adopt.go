package process

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
	"github.com/proffer-go/proffer/internal/clock"
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

// adoptTime bounds how long a launch that an earlier program began may take to
// come to its end.
const adoptTime = 10 * time.Second

func (c *Containerizer) adoptOne(id proffer.ContainerID) error {
	deadline := clock.System.Now().Add(adoptTime)
	for {
		settled, err := c.tryAdopt(id)
		if settled || err != nil {
			return err
		}
		if clock.System.Now().After(deadline) {
			return fmt.Errorf("its shim runs, but has not launched its command in %v", adoptTime)
		}
		<-clock.System.NewTimer(time.Millisecond).C()
	}
}

// tryAdopt takes over a container, or removes what is left of one that was
// never launched. It returns false while that is not decided.
func (c *Containerizer) tryAdopt(id proffer.ContainerID) (settled bool, err error) {
	dir := c.state.runDir(id)
	// In this order: what a shim that lives no more has not recorded by now,
	// it never will.
	lives, err := shimLives(dir)
	if err != nil {
		return false, err
	}
	r, err := c.readContainer(id)
	if errors.Is(err, fs.ErrNotExist) {
		if lives {
			return false, nil
		}
		return true, errors.Join(shim.KillLeft(c.state.mark(id), false), shim.RemoveRunDir(dir))
	}
	if err != nil {
		return false, err
	}
	w := newContainer(c, r, nil, 0)
	if pid := int(r.GetShimPid()); pid != 0 {
		if start, ok := shim.StartTime(pid); ok && start == r.GetShimStart() && isChild(pid) {
			w.child = pid
		}
	}
	if lives {
		if w.conn, err = dial(dir); err != nil {
			return false, nil //nolint:nilerr // it has ended since: the next try will tell
		}
		c.containers[id] = w
		c.watch(w)
		return true, nil
	}
	w.collect(c.cfg.Logger)
	if errors.Is(w.err, record.ErrNewer) {
		return false, w.err
	}
	close(w.ended)
	c.containers[id] = w
	return true, nil
}

// readContainer returns the record of a container. Of one whose record is
// corrupt it returns the little that is known all the same.
func (c *Containerizer) readContainer(id proffer.ContainerID) (*record.Container, error) {
	r := new(record.Container)
	err := record.Read(filepath.Join(c.state.runDir(id), shim.ContainerFile), r)
	if errors.Is(err, record.ErrCorrupt) {
		c.cfg.Logger.Error("what is known of a container is lost", zap.String("container_id", string(id)), zap.Error(err))
		r = new(record.Container)
		if c.cgroup != nil {
			r.Cgroup = cgroup.Child(c.cgroup, groupName(id))
		}
		err = nil
	}
	r.Id = string(id)
	return r, err
}
