package wire

import (
	"fmt"
	"syscall"

	"github.com/proffer-go/proffer"
)

// EncodeStatus returns the message of s, nil of nil.
func EncodeStatus(s *proffer.TaskStatus) *Status {
	if s == nil {
		return nil
	}
	m := &Status{
		TaskId: string(s.TaskID), AgentId: string(s.AgentID), ExecutorId: string(s.ExecutorID),
		State: TaskState(s.State), Reason: Reason(s.Reason), Source: Source(s.Source), Message: []byte(s.Message),
		UpdateId: s.UpdateID, Health: Health(s.Health), Exit: EncodeExit(s.Exit), Data: s.Data,
	}
	m.Seconds, m.Nanos = encodeTime(s.Time)
	if s.Check != nil {
		m.Check = encodeCheckResult(s.Check)
	}
	if c := s.Container; c != nil {
		m.Container = &Container{Id: string(c.ID), Pid: int64(c.PID), Sandbox: []byte(c.Sandbox), Addresses: c.Addresses}
	}
	return m
}

// DecodeStatus is the inverse of EncodeStatus.
func DecodeStatus(m *Status) (*proffer.TaskStatus, error) {
	if m == nil {
		return nil, nil
	}
	var d decoder
	s := &proffer.TaskStatus{
		TaskID:  requiredID[proffer.TaskID](&d, "task id", m.GetTaskId()),
		AgentID: optionalID[proffer.AgentID](&d, "agent id", m.GetAgentId()), ExecutorID: optionalID[proffer.ExecutorID](&d, "executor id", m.GetExecutorId()),
		State:  enum(&d, "state", m.GetState(), proffer.TaskUnknown),
		Reason: enum(&d, "reason", m.GetReason(), proffer.ReasonKillStuck),
		Source: enum(&d, "source", m.GetSource(), proffer.SourceExecutor), Message: string(m.GetMessage()),
		Time: d.time("time", m.GetSeconds(), m.GetNanos()), UpdateID: m.GetUpdateId(),
		Health: enum(&d, "health", m.GetHealth(), proffer.Unhealthy),
		Exit:   d.exit(m.GetExit()), Data: d.data(m.GetData()),
	}
	if m.GetCheck() != nil {
		s.Check = d.checkResult(m.GetCheck())
	}
	if c := m.GetContainer(); c != nil {
		s.Container = &proffer.ContainerStatus{
			ID: optionalID[proffer.ContainerID](&d, "container id", c.GetId()), PID: d.int("container: pid", c.GetPid()),
			Sandbox: string(c.GetSandbox()), Addresses: c.GetAddresses(),
		}
	}
	if d.err != nil {
		return nil, fmt.Errorf("status of task %q: %w", excerpt(m.GetTaskId()), d.err)
	}
	return s, nil
}

func encodeCheckResult(r *proffer.CheckResult) *CheckResult {
	return &CheckResult{ExitCode: wide(r.ExitCode), HttpStatus: wide(r.HTTPStatus), Connected: r.Connected}
}

func (d *decoder) checkResult(m *CheckResult) *proffer.CheckResult {
	return &proffer.CheckResult{
		ExitCode: d.narrow("check: exit code", m.ExitCode), HTTPStatus: d.narrow("check: http status", m.HttpStatus),
		Connected: m.Connected,
	}
}

// EncodeExit returns the message of e, nil of nil.
func EncodeExit(e *proffer.ExitStatus) *Exit {
	if e == nil {
		return nil
	}
	return &Exit{Code: int64(e.Code), Signal: int64(e.Signal), Oom: e.OOM}
}

// DecodeExit is the inverse of EncodeExit.
func DecodeExit(m *Exit) (*proffer.ExitStatus, error) {
	var d decoder
	e := d.exit(m)
	return e, d.err
}

func (d *decoder) exit(m *Exit) *proffer.ExitStatus {
	if m == nil {
		return nil
	}
	return &proffer.ExitStatus{
		Code: d.int("exit: code", m.GetCode()), Signal: syscall.Signal(d.int("exit: signal", m.GetSignal())), OOM: m.GetOom(),
	}
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

func (d *decoder) narrow(field string, n *int64) *int {
	if n == nil {
		return nil
	}
	v := d.int(field, *n)
	return &v
}
