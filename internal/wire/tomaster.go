package wire

import (
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
)

func encodeToMaster(message protocol.ToMaster) (content, error) {
	switch m := message.(type) {
	case *protocol.Register:
		return content{number: numberRegister, message: encodeRegister(m)}, nil
	case *protocol.TaskEnded:
		return content{number: numberTaskEnded, message: &TaskEnded{
			FrameworkId: string(m.FrameworkID), TaskId: string(m.TaskID), State: TaskState(m.State),
		}}, nil
	case *protocol.ExecutorMessage:
		return content{number: numberExecutorMessage, message: &ExecutorMessage{
			FrameworkId: string(m.FrameworkID), ExecutorId: string(m.ExecutorID), Data: m.Data,
		}}, nil
	case *protocol.FrameworkEnded:
		return content{number: numberFrameworkEnded, message: &FrameworkEnded{FrameworkId: string(m.FrameworkID)}}, nil
	case *protocol.Leave:
		return content{number: numberLeave, message: &Leave{}}, nil
	case *protocol.ExecutorExited:
		return content{number: numberExecutorExited, message: &ExecutorExited{
			FrameworkId: string(m.FrameworkID), ExecutorId: string(m.ExecutorID), Exit: EncodeExit(m.Exit), Message: []byte(m.Message),
		}}, nil
	default:
		return content{}, errNoMessage
	}
}

func encodeRegister(r *protocol.Register) *Register {
	m := &Register{Agent: EncodeAgent(&r.Info), Instance: r.Instance}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		m.Tasks = append(m.Tasks, &RunningTask{
			FrameworkId: string(t.FrameworkID), Role: t.Role, Task: encodeTaskOrNil(t.Task), State: TaskState(t.State),
			Status: EncodeStatus(t.Status),
		})
	}
	for i := range r.Executors {
		e := &r.Executors[i]
		m.Executors = append(m.Executors, &RunningExecutor{
			FrameworkId: string(e.FrameworkID), Role: e.Role, Executor: EncodeExecutor(e.Executor),
		})
	}
	return m
}

func decodeToMaster(d *decoder, c content) protocol.ToMaster {
	switch c.number {
	case numberRegister:
		m := read(d, c.body, &Register{})
		return d.register(m)
	case numberStatusUpdate:
		return d.readStatusUpdate(c.body)
	case numberTaskEnded:
		m := read(d, c.body, &TaskEnded{})
		return &protocol.TaskEnded{
			FrameworkID: d.framework(m.GetFrameworkId()), TaskID: d.taskID(m.GetTaskId()),
			State: enum(d, "state", m.GetState(), proffer.TaskUnknown),
		}
	case numberExecutorMessage:
		m := read(d, c.body, &ExecutorMessage{})
		return &protocol.ExecutorMessage{
			FrameworkID: d.framework(m.GetFrameworkId()), ExecutorID: d.executorID(m.GetExecutorId()), Data: d.data(m.GetData()),
		}
	case numberFrameworkEnded:
		m := read(d, c.body, &FrameworkEnded{})
		return &protocol.FrameworkEnded{FrameworkID: d.framework(m.GetFrameworkId())}
	case numberLeave:
		read(d, c.body, &Leave{})
		return &protocol.Leave{}
	case numberExecutorExited:
		m := read(d, c.body, &ExecutorExited{})
		return &protocol.ExecutorExited{
			FrameworkID: d.framework(m.GetFrameworkId()), ExecutorID: d.executorID(m.GetExecutorId()),
			Exit: d.exit(m.GetExit()), Message: string(m.GetMessage()),
		}
	default:
		d.unknown(c)
		return nil
	}
}

func (d *decoder) register(m *Register) *protocol.Register {
	r := &protocol.Register{Instance: m.GetInstance()}
	info, err := DecodeAgent(m.GetAgent())
	d.within("register", err)
	if err == nil {
		r.Info = *info
	}
	for i, x := range m.GetTasks() {
		var in decoder
		r.Tasks = append(r.Tasks, protocol.RunningTask{
			FrameworkID: in.framework(x.GetFrameworkId()), Role: x.GetRole(), Task: in.task(x.GetTask()),
			State: enum(&in, "state", x.GetState(), proffer.TaskUnknown), Status: in.optionalStatus(x.GetStatus()),
		})
		d.within(fmt.Sprintf("register: task %d", i+1), in.err)
	}
	for i, x := range m.GetExecutors() {
		var in decoder
		r.Executors = append(r.Executors, protocol.RunningExecutor{
			FrameworkID: in.framework(x.GetFrameworkId()), Role: x.GetRole(), Executor: in.requiredExecutor(x.GetExecutor()),
		})
		d.within(fmt.Sprintf("register: executor %d", i+1), in.err)
	}
	return r
}
