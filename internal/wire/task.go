package wire

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
)

// EncodeTask returns the message of t.
func EncodeTask(t *proffer.TaskInfo) *Task {
	m := &Task{
		Id: string(t.ID), Name: t.Name, Resources: EncodeResources(t.Resources),
		Command: encodeCommand(t.Command), Executor: EncodeExecutor(t.Executor),
		KillGrace: int64(t.KillGrace), MaxCompletionTime: int64(t.MaxCompletionTime),
		Labels: encodeLabels(t.Labels), Data: t.Data,
	}
	if t.HealthCheck != nil {
		m.HealthCheck = encodeHealthCheck(t.HealthCheck)
	}
	if t.Check != nil {
		m.Check = encodeCheck(t.Check)
	}
	if t.Unreachable != nil {
		m.Unreachable = encodeUnreachable(t.Unreachable)
	}
	return m
}

func encodeHealthCheck(h *proffer.HealthCheck) *HealthCheck {
	return &HealthCheck{Probe: encodeProbe(&h.Probe), Grace: int64(h.Grace), Failures: int64(h.Failures)}
}

func encodeCheck(c *proffer.Check) *Check { return &Check{Probe: encodeProbe(&c.Probe)} }

func encodeUnreachable(u *proffer.UnreachablePolicy) *UnreachablePolicy {
	return &UnreachablePolicy{GiveUpAfter: int64(u.GiveUpAfter), KillOnReturn: u.KillOnReturn}
}

// DecodeTask is the inverse of EncodeTask.
func DecodeTask(m *Task) (*proffer.TaskInfo, error) {
	t := &proffer.TaskInfo{}
	if err := decodeTask(m, t); err != nil {
		return nil, err
	}
	return t, nil
}

func decodeTask(m *Task, t *proffer.TaskInfo) (err error) {
	var d decoder
	*t = proffer.TaskInfo{
		ID: requiredID[proffer.TaskID](&d, "id", m.GetId()), Name: m.GetName(),
		Resources: d.resources("resources", m.GetResources()),
		Command:   d.command("command", m.GetCommand()), Executor: d.executor(m.GetExecutor()),
		KillGrace: time.Duration(m.GetKillGrace()), MaxCompletionTime: time.Duration(m.GetMaxCompletionTime()),
		Labels: d.labels("labels", m.GetLabels()), Data: d.data(m.GetData()),
	}
	if m.GetHealthCheck() != nil {
		t.HealthCheck = d.healthCheck(m.GetHealthCheck())
	}
	if c := m.GetCheck(); c != nil {
		t.Check = &proffer.Check{Probe: d.probe("check", c.GetProbe())}
	}
	if m.GetUnreachable() != nil {
		t.Unreachable = decodeUnreachable(m.GetUnreachable())
	}
	if d.err != nil {
		return fmt.Errorf("task %q: %w", excerpt(m.GetId()), d.err)
	}
	return nil
}

func (d *decoder) healthCheck(m *HealthCheck) *proffer.HealthCheck {
	return &proffer.HealthCheck{
		Probe: d.probe("health check", m.GetProbe()), Grace: time.Duration(m.GetGrace()),
		Failures: d.int("health check: failures", m.GetFailures()),
	}
}

func decodeUnreachable(m *UnreachablePolicy) *proffer.UnreachablePolicy {
	return &proffer.UnreachablePolicy{GiveUpAfter: time.Duration(m.GetGiveUpAfter()), KillOnReturn: m.GetKillOnReturn()}
}

// EncodeExecutor returns the message of e, nil of nil.
func EncodeExecutor(e *proffer.ExecutorInfo) *Executor {
	if e == nil {
		return nil
	}
	return &Executor{
		Id: string(e.ID), Name: e.Name, Command: encodeCommand(e.Command), Resources: EncodeResources(e.Resources),
		Labels: encodeLabels(e.Labels), Data: e.Data,
	}
}

// DecodeExecutor is the inverse of EncodeExecutor.
func DecodeExecutor(m *Executor) (*proffer.ExecutorInfo, error) {
	var d decoder
	e := d.executor(m)
	return e, d.err
}

func (d *decoder) executor(m *Executor) *proffer.ExecutorInfo {
	if m == nil {
		return nil
	}
	var in decoder
	e := &proffer.ExecutorInfo{
		ID: requiredID[proffer.ExecutorID](&in, "id", m.GetId()), Name: m.GetName(),
		Command: in.command("command", m.GetCommand()), Resources: in.resources("resources", m.GetResources()),
		Labels: in.labels("labels", m.GetLabels()), Data: in.data(m.GetData()),
	}
	d.within("executor", in.err)
	return e
}
