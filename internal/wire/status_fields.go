package wire

import (
	"fmt"
	"syscall"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

func (e *encoder) status(n protowire.Number, s *proffer.TaskStatus) {
	at := e.begin(n)
	e.text(1, string(s.TaskID))
	e.text(2, string(s.AgentID))
	e.text(3, string(s.ExecutorID))
	e.uint(4, uint64(s.State))
	e.uint(5, uint64(s.Reason))
	e.uint(6, uint64(s.Source))
	e.raw(7, s.Message)
	seconds, nanos := encodeTime(s.Time)
	e.uint(8, uint64(seconds))
	e.uint(9, uint64(nanos))
	e.uint(10, s.UpdateID)
	e.uint(11, uint64(s.Health))
	if s.Check != nil {
		e.message(12, encodeCheckResult(s.Check))
	}
	e.exit(13, s.Exit)
	e.container(14, s.Container)
	e.data(15, s.Data)
	e.end(at)
}

func (e *encoder) exit(n protowire.Number, x *proffer.ExitStatus) {
	if x == nil {
		return
	}
	at := e.begin(n)
	e.zigzag(1, int64(x.Code))
	e.zigzag(2, int64(x.Signal))
	e.bool(3, x.OOM)
	e.end(at)
}

func (e *encoder) container(n protowire.Number, c *proffer.ContainerStatus) {
	if c == nil {
		return
	}
	at := e.begin(n)
	e.text(1, string(c.ID))
	e.zigzag(2, int64(c.PID))
	e.raw(3, c.Sandbox)
	for _, address := range c.Addresses {
		e.item(4, address)
	}
	e.end(at)
}

// readStatus reads a status into s.
func (d *decoder) readStatus(b []byte, s *proffer.TaskStatus) {
	in := decoder{err: d.err}
	var seconds int64
	var nanos uint32
	for f := (fields{d: &in, rest: b}); f.next(); {
		switch f.number {
		case 1:
			s.TaskID = proffer.TaskID(f.text())
		case 2:
			s.AgentID = optionalID[proffer.AgentID](&in, "agent id", f.text())
		case 3:
			s.ExecutorID = optionalID[proffer.ExecutorID](&in, "executor id", f.text())
		case 4:
			s.State = enum(&in, "state", TaskState(f.uint()), proffer.TaskUnknown)
		case 5:
			s.Reason = enum(&in, "reason", Reason(f.uint()), proffer.ReasonKillStuck)
		case 6:
			s.Source = enum(&in, "source", Source(f.uint()), proffer.SourceExecutor)
		case 7:
			s.Message = f.raw()
		case 8:
			seconds = int64(f.uint())
		case 9:
			nanos = uint32(f.uint())
		case 10:
			s.UpdateID = f.uint()
		case 11:
			s.Health = enum(&in, "health", Health(f.uint()), proffer.Unhealthy)
		case 12:
			s.Check = in.checkResult(read(&in, f.message(), &CheckResult{}))
		case 13:
			s.Exit = in.readExit(f.message())
		case 14:
			s.Container = in.readContainer(f.message())
		case 15:
			s.Data = f.data()
		}
	}
	requiredID[proffer.TaskID](&in, "task id", string(s.TaskID))
	s.Time = in.time("time", seconds, nanos)
	if in.err != nil && d.err == nil {
		d.err = fmt.Errorf("status of task %q: %w", excerpt(string(s.TaskID)), in.err)
	}
}

func (d *decoder) readExit(b []byte) *proffer.ExitStatus {
	x := &proffer.ExitStatus{}
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			x.Code = d.int("exit: code", f.zigzag())
		case 2:
			x.Signal = syscall.Signal(d.int("exit: signal", f.zigzag()))
		case 3:
			x.OOM = f.bool()
		}
	}
	return x
}

func (d *decoder) readContainer(b []byte) *proffer.ContainerStatus {
	c := &proffer.ContainerStatus{}
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			c.ID = optionalID[proffer.ContainerID](d, "container id", f.text())
		case 2:
			c.PID = d.int("container: pid", f.zigzag())
		case 3:
			c.Sandbox = f.raw()
		case 4:
			c.Addresses = append(c.Addresses, f.text())
		}
	}
	return c
}

func (e *encoder) statusUpdate(m *protocol.StatusUpdate) {
	e.text(1, string(m.FrameworkID))
	if m.Status != nil {
		e.status(2, m.Status)
	}
	e.uint(3, uint64(m.Latest))
}

func (d *decoder) readStatusUpdate(b []byte) *protocol.StatusUpdate {
	m := &struct {
		protocol.StatusUpdate
		status proffer.TaskStatus
	}{}
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			m.FrameworkID = proffer.FrameworkID(f.text())
		case 2:
			m.Status = &m.status
			d.readStatus(f.message(), m.Status)
		case 3:
			m.Latest = enum(d, "latest", TaskState(f.uint()), proffer.TaskUnknown)
		}
	}
	d.framework(string(m.FrameworkID))
	if m.Status == nil {
		d.fail("status", errMissing)
	}
	return &m.StatusUpdate
}

func (d *decoder) readTaskUpdate(b []byte) *scheduler.UpdateEvent {
	e, there := &scheduler.UpdateEvent{}, false
	for f := (fields{d: d, rest: b}); f.next(); {
		if f.number == 1 {
			there = true
			d.readStatus(f.message(), &e.Status)
		}
	}
	if !there {
		d.fail("status", errMissing)
	}
	return e
}

// acknowledgement is what both of its messages say: who it is for, the
// framework or the agent, then which update of which task.
func (e *encoder) acknowledgement(who string, id proffer.TaskID, update uint64) {
	e.text(1, who)
	e.text(2, string(id))
	e.uint(3, update)
}

func (d *decoder) readAcknowledgement(b []byte) (who string, id proffer.TaskID, update uint64) {
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			who = f.text()
		case 2:
			id = proffer.TaskID(f.text())
		case 3:
			update = f.uint()
		}
	}
	return who, d.taskID(string(id)), update
}
