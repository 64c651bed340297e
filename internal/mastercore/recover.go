package mastercore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mastercore/internal/record"
	"github.com/proffer-go/proffer/internal/wire"
	"github.com/proffer-go/proffer/offers"
)

// Recover returns a core that goes on where the one before it ended: records
// are everything in its registry, nothing for the first. Frameworks are
// disconnected, agents are awaited, and what is known of the tasks is where
// they were to be launched. An error names the record that is to blame.
func Recover(cfg Config, now time.Time, records map[string][]byte) (*Core, error) {
	all, err := decodeRecords(records)
	if err != nil {
		return nil, err
	}
	incarnation := all.master.GetIncarnation() + 1
	prefix := cfg.IDPrefix + "O"
	if incarnation > 1 { // offers of an earlier master are never taken for one's own
		prefix = cfg.IDPrefix + strconv.FormatUint(incarnation, 10) + "-O"
	}
	c, err := newCore(cfg, prefix)
	if err != nil {
		return nil, err
	}
	c.durable, c.incarnation = true, incarnation
	c.nextFramework, c.nextAgent = all.master.GetFrameworks(), all.master.GetAgents()
	c.recordMaster()
	for _, recover := range []func(time.Time, *recordSet) error{
		c.recoverRoles, c.recoverFrameworks, c.recoverAgents, c.recoverTasks,
	} {
		if err := recover(now, all); err != nil {
			return nil, err
		}
	}
	for _, g := range c.sortedAgents() {
		if g.state == recovering {
			c.alarms.Set(&g.patience, now.Add(c.cfg.ReregisterTimeout))
		}
	}
	return c, nil
}

// recordSet is the content of a registry.
type recordSet struct {
	master     *record.Master
	roles      map[string]*record.Role
	frameworks map[string]*record.Framework
	agents     map[string]*record.Agent
	tasks      map[string]*record.Task // by FRAMEWORK/TASK
}

func decodeRecords(records map[string][]byte) (*recordSet, error) {
	all := &recordSet{
		roles: make(map[string]*record.Role), frameworks: make(map[string]*record.Framework),
		agents: make(map[string]*record.Agent), tasks: make(map[string]*record.Task, len(records)),
	}
	var errs []error
	for _, key := range sortedKeys(records) {
		r, err := record.Decode(key, records[key])
		if err != nil {
			if errs = append(errs, err); len(errs) == 10 {
				break // more of the same help nobody
			}
			continue
		}
		kind, name, _ := strings.Cut(key, "/")
		var known bool
		switch kind {
		case "master":
			all.master, known = r.GetMaster(), r.GetMaster() != nil
		case "role":
			all.roles[name], known = r.GetRole(), r.GetRole() != nil
		case "framework":
			all.frameworks[name], known = r.GetFramework(), r.GetFramework() != nil
		case "agent":
			all.agents[name], known = r.GetAgent(), r.GetAgent() != nil
		case "task":
			all.tasks[name], known = r.GetTask(), r.GetTask() != nil
		}
		if !known {
			errs = append(errs, fmt.Errorf("registry: record %q: %w (it is a %T)", key, record.ErrCorrupt, r.GetContent()))
		}
	}
	return all, errors.Join(errs...)
}

func corrupt(key string, err error) error {
	return fmt.Errorf("registry: record %q: %w (%w)", key, record.ErrCorrupt, err)
}

func (c *Core) recoverRoles(now time.Time, all *recordSet) error {
	quotas := make(map[string]offers.Quota)
	for _, name := range sortedKeys(all.roles) {
		r, err := decodeRole(all.roles[name])
		if err == nil && r.weight != nil {
			err = c.allocator.SetWeight(name, *r.weight)
		}
		if err == nil && r.priority != nil {
			err = c.allocator.SetPriority(name, *r.priority)
		}
		if err != nil {
			return corrupt(roleKey(name), err)
		}
		c.roles[name] = r
		quotas[name] = r.quota
	}
	if err := c.allocator.SetQuotas(now, quotas); err != nil {
		return corrupt(roleKey(""), err)
	}
	return nil
}

func (c *Core) recoverFrameworks(now time.Time, all *recordSet) error {
	var removed []string
	for _, name := range sortedKeys(all.frameworks) {
		r := all.frameworks[name]
		info, err := wire.DecodeFramework(r.GetInfo())
		if err == nil && (info == nil || string(info.ID) != name) {
			err = errors.New("it describes another framework, or none")
		}
		if err != nil {
			return corrupt("framework/"+name, err)
		}
		if c.removals = max(c.removals, r.GetRemoved()); r.GetRemoved() > 0 {
			removed = append(removed, name)
			continue
		}
		if err := c.recoverFramework(now, *info); err != nil {
			return corrupt("framework/"+name, err)
		}
	}
	slices.SortFunc(removed, func(x, y string) int {
		return cmp.Compare(all.frameworks[x].GetRemoved(), all.frameworks[y].GetRemoved())
	})
	for _, name := range removed {
		if out, ok := c.removed.add(proffer.FrameworkID(name), struct{}{}); ok {
			c.unrecord(frameworkKey(out))
		}
	}
	return nil
}

// recoverFramework adds a framework that is disconnected. Its failover time-out
// begins anew: nobody could subscribe while there was no master.
func (c *Core) recoverFramework(now time.Time, info proffer.FrameworkInfo) error {
	if err := info.Validate(); err != nil {
		return err
	}
	if err := c.allocator.AddFramework(now, info.ID, offers.Subscription{Roles: info.Roles, Capabilities: info.Capabilities}); err != nil {
		return err
	}
	c.mustKnow(c.allocator.Deactivate(now, info.ID))
	f := c.addFramework(info)
	c.alarms.Set(&f.failover, now.Add(max(info.FailoverTimeout, 0)))
	return nil
}

func (c *Core) recoverAgents(_ time.Time, all *recordSet) error {
	for _, name := range sortedKeys(all.agents) {
		r := all.agents[name]
		info, err := wire.DecodeAgent(r.GetInfo())
		if err == nil && (info == nil || string(info.ID) != name) {
			err = errors.New("it describes another agent, or none")
		}
		if err != nil {
			return corrupt("agent/"+name, err)
		}
		state := recovering
		switch r.GetState() {
		case record.Agent_ADMITTED:
		case record.Agent_UNREACHABLE:
			state = unreachable
		case record.Agent_GONE:
			state = gone
		default:
			return corrupt("agent/"+name, fmt.Errorf("its state %d is not known", r.GetState()))
		}
		g := c.addAgent(*info, state)
		c.setInstance(g, r.GetInstance())
		if g.total, err = wire.DecodeResources(r.GetTotal()); err != nil {
			return corrupt("agent/"+name, err)
		}
		g.deactivated, g.drain = r.GetDeactivated(), (*time.Duration)(r.Drain)
		g.unavailability = decodeUnavailability(r.GetUnavailability())
	}
	return nil
}

// recoverTasks adds the tasks that were to be launched. A framework or an agent
// that has no record (somebody deleted it) is taken from those of its tasks.
func (c *Core) recoverTasks(now time.Time, all *recordSet) error {
	names := sortedKeys(all.tasks)
	slices.SortStableFunc(names, func(x, y string) int {
		return cmp.Compare(all.tasks[x].GetNumber(), all.tasks[y].GetNumber())
	})
	for _, name := range names {
		r := all.tasks[name]
		frameworkID, id, _ := strings.Cut(name, "/")
		err := errors.Join(proffer.ValidateID("framework id", frameworkID), proffer.ValidateID("task id", id),
			proffer.ValidateID("agent id", r.GetAgentId()), proffer.ValidateRole(r.GetRole()))
		if state := proffer.TaskState(r.GetEnded()); err == nil && r.GetEnded() != 0 && !state.Terminal() {
			err = fmt.Errorf("it ended in state %d", r.GetEnded())
		}
		if err != nil {
			return corrupt("task/"+name, err)
		}
		f, ok := c.frameworks[proffer.FrameworkID(frameworkID)]
		if !ok {
			info := proffer.FrameworkInfo{
				ID: proffer.FrameworkID(frameworkID), Name: frameworkID, Roles: []string{r.GetRole()},
				FailoverTimeout: proffer.DefaultFailoverTimeout, PartitionAware: true,
			}
			if err := c.recoverFramework(now, info); err != nil {
				return corrupt("task/"+name, err)
			}
			f = c.frameworks[info.ID]
		}
		g, ok := c.agents[proffer.AgentID(r.GetAgentId())]
		switch {
		case ok:
		case r.GetEnded() != 0: // with its agent, which has left
			g = &agent{info: proffer.AgentInfo{ID: proffer.AgentID(r.GetAgentId())}, state: gone, tasks: make(map[*task]struct{})}
		default:
			g = c.addAgent(proffer.AgentInfo{ID: proffer.AgentID(r.GetAgentId())}, recovering)
		}
		c.recoverTask(now, f, g, proffer.TaskID(id), r)
	}
	return nil
}

func (c *Core) recoverTask(now time.Time, f *framework, g *agent, id proffer.TaskID, r *record.Task) {
	info := &proffer.TaskInfo{ID: id}
	if r.GetGiveUpAfter() != 0 || r.GetKillOnReturn() {
		info.Unreachable = &proffer.UnreachablePolicy{GiveUpAfter: time.Duration(r.GetGiveUpAfter()), KillOnReturn: r.GetKillOnReturn()}
	}
	c.nextTask = max(c.nextTask, r.GetNumber()-1)
	t := c.addTask(f, g, info, r.GetRole())
	t.number = r.GetNumber()
	switch {
	case r.GetEnded() != 0:
		t.given, t.latest = g.state != gone, proffer.TaskState(r.GetEnded())
		s := masterStatus(now, id, g.info.ID, t.latest, proffer.ReasonAgentRemoved, "it ended before the master was started again")
		t.status, t.waits = &s, r.GetUntold()
		if !t.given && !t.waits {
			c.drop(t)
		}
	case g.state == unreachable:
		t.latest = proffer.TaskUnreachable
		c.awaitTask(now, t)
	}
}
