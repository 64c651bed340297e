package agentcore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore/internal/record"
	"github.com/proffer-go/proffer/internal/store"
	"github.com/proffer-go/proffer/internal/wire"
)

// The keys of the checkpoint.
const agentKey = "agent"

func frameworkKey(id proffer.FrameworkID) string { return "framework/" + string(id) }

func executorKey(f proffer.FrameworkID, e proffer.ExecutorID) string {
	return "executor/" + string(f) + "/" + string(e)
}

func (t *task) path() string     { return string(t.framework.id) + "/" + string(t.info.ID) }
func taskKey(t *task) string     { return "task/" + t.path() }
func progressKey(t *task) string { return "progress/" + t.path() }
func statusKey(t *task, n uint64) string {
	return "status/" + t.path() + "/" + strconv.FormatUint(n, 10)
}

// Changes returns what is to be written to the checkpoint since the last call:
// a record by key, nil for one that is to be deleted. They are to be durable
// before the effects of the same steps are carried out. Nil: nothing.
func (c *Core) Changes() map[string][]byte {
	for _, t := range c.touched {
		if t.touched {
			t.touched = false
			c.recordProgress(t)
		}
	}
	clear(c.touched)
	c.touched = c.touched[:0]
	return c.changes.Take()
}

func (c *Core) change(key string, value []byte) {
	if c.durable {
		c.changes.Set(key, value)
	}
}

// touch has the progress of a task written with the next changes.
func (c *Core) touch(t *task) {
	if c.durable && !t.touched {
		t.touched = true
		c.touched = append(c.touched, t)
	}
}

// put records what the core knows to be fit: it holds no text that has not
// been recorded before, or refused.
func (c *Core) put(key string, r *record.Record) {
	value, err := record.Encode(r)
	if err != nil {
		panic(fmt.Sprintf("agentcore: record %q: %v", key, err))
	}
	c.change(key, value)
}

func (c *Core) recordAgent() {
	if c.durable {
		c.put(agentKey, &record.Record{Content: &record.Record_Agent{Agent: &record.Agent{
			Id: string(c.info.ID), Instance: c.cfg.Instance, Secret: c.cfg.Secret, BootId: c.cfg.BootID, Starts: c.starts,
		}}})
	}
}

func (c *Core) recordEnding(f *framework) {
	if c.durable {
		c.put(frameworkKey(f.id), &record.Record{Content: &record.Record_Framework{Framework: &record.Framework{}}})
	}
}

func (c *Core) recordExecutor(e *agentExecutor) {
	if c.durable {
		c.put(executorKey(e.framework.id, e.info.ID), &record.Record{Content: &record.Record_Executor{Executor: &record.Executor{
			Info: wire.EncodeExecutor(e.info), Role: e.role, User: e.user, ContainerId: string(e.name),
			Container: encodeContainer(e.container), Registered: e.registered, Asked: e.asked, Late: e.late,
		}}})
	}
}

// maxTask bounds the record of a task, so that the one of its executor, which
// has some bytes more, is within the bounds, too.
const maxTask = store.MaxRecordSize - 64<<10

// recordTask records what does not change of a task. An error says why it
// cannot be: then nothing was recorded.
func (c *Core) recordTask(t *task) error {
	if !c.durable {
		return nil
	}
	value, err := record.Encode(&record.Record{Content: &record.Record_Task{Task: &record.Task{
		Info: wire.EncodeTask(t.info), Role: t.role, User: t.user, Number: t.number, Group: t.group, ContainerId: string(t.container),
	}}})
	if err == nil && len(value) > maxTask {
		err = fmt.Errorf("it has %d bytes, at most %d are kept", len(value), maxTask)
	}
	if err == nil {
		c.change(taskKey(t), value)
	}
	return err
}

func (c *Core) unrecordTask(t *task) {
	t.touched = false
	if c.durable {
		c.change(taskKey(t), nil)
		c.change(progressKey(t), nil)
	}
}

func (c *Core) unrecordStatus(t *task, s *proffer.TaskStatus) {
	if c.durable {
		c.change(statusKey(t, s.UpdateID), nil)
	}
}

func (c *Core) recordStatus(t *task, s *proffer.TaskStatus) {
	if c.durable {
		c.put(statusKey(t, s.UpdateID), &record.Record{Content: &record.Record_Status{Status: wire.EncodeStatus(s)}})
	}
}

func (c *Core) recordProgress(t *task) {
	p := &record.Progress{
		State: uint32(t.state), Statuses: t.made, Newest: wire.EncodeStatus(withoutData(t.newest)),
		HandedOver: t.handed.over, Update: t.handed.update,
	}
	if k := t.command; k != nil {
		p.Container = encodeContainer(k.container)
		p.Started = c.moment(k.started)
		if k.why != alive {
			p.Kill = &record.Kill{
				Cause: record.Kill_Cause(k.why), Detail: []byte(k.detail), Asked: *c.moment(k.asked), Grace: int64(k.graceEnd.Sub(k.asked)),
				Forced: !k.forced.IsZero(), Early: k.early, Stuck: k.stuck,
			}
		}
	}
	if t.limit != nil {
		p.Started = c.moment(t.limit.started)
	}
	if t.handed.kill != nil {
		p.Kill = &record.Kill{Cause: record.Kill_REQUEST, Grace: int64(*t.handed.kill)}
	}
	c.put(progressKey(t), &record.Record{Content: &record.Record_Progress{Progress: p}})
}

// moment returns a time as the machine's uptime then; nil of zero.
func (c *Core) moment(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	m := int64(c.cfg.Uptime + t.Sub(c.begin))
	return &m
}

// when is the inverse of moment. What would be to come has just been.
func (c *Core) when(moment int64) time.Time {
	return c.begin.Add(-max(c.cfg.Uptime-time.Duration(moment), 0))
}

func encodeContainer(s *proffer.ContainerStatus) *wire.Container {
	if s == nil {
		return nil
	}
	return &wire.Container{Id: string(s.ID), Pid: int64(s.PID), Sandbox: []byte(s.Sandbox), Addresses: s.Addresses}
}

func decodeContainer(m *wire.Container) *proffer.ContainerStatus {
	if m == nil {
		return nil
	}
	return &proffer.ContainerStatus{
		ID: proffer.ContainerID(m.GetId()), PID: int(m.GetPid()), Sandbox: string(m.GetSandbox()), Addresses: m.GetAddresses(),
	}
}
