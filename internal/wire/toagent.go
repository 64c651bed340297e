package wire

import "github.com/proffer-go/proffer/internal/protocol"

func encodeToAgent(message protocol.ToAgent) (content, error) {
	switch m := message.(type) {
	case *protocol.Registered:
		return content{number: numberRegistered, message: &Registered{AgentId: string(m.AgentID)}}, nil
	case *protocol.Refused:
		return content{number: numberRefused, message: &Refused{Message: []byte(m.Message), Shutdown: m.Shutdown}}, nil
	case *protocol.KillTask:
		return content{number: numberKillTask, message: &KillTask{
			FrameworkId: string(m.FrameworkID), TaskId: string(m.TaskID), Grace: encodeGrace(m.Grace),
		}}, nil
	case *protocol.FrameworkMessage:
		return content{number: numberFrameworkMessage, message: &FrameworkMessage{
			FrameworkId: string(m.FrameworkID), ExecutorId: string(m.ExecutorID), Data: m.Data,
		}}, nil
	case *protocol.ShutdownExecutor:
		return content{number: numberShutdownExecutor, message: &ShutdownExecutor{
			FrameworkId: string(m.FrameworkID), ExecutorId: string(m.ExecutorID),
		}}, nil
	case *protocol.ShutdownFramework:
		return content{number: numberShutdownFramework, message: &ShutdownFramework{FrameworkId: string(m.FrameworkID)}}, nil
	default:
		return content{}, errNoMessage
	}
}

func decodeToAgent(d *decoder, c content) protocol.ToAgent {
	switch c.number {
	case numberRegistered:
		m := read(d, c.body, &Registered{})
		return &protocol.Registered{AgentID: d.agentID(m.GetAgentId())}
	case numberRefused:
		m := read(d, c.body, &Refused{})
		return &protocol.Refused{Message: string(m.GetMessage()), Shutdown: m.GetShutdown()}
	case numberRunTasks:
		return d.readRunTasks(c.body)
	case numberKillTask:
		m := read(d, c.body, &KillTask{})
		return &protocol.KillTask{
			FrameworkID: d.framework(m.GetFrameworkId()), TaskID: d.taskID(m.GetTaskId()), Grace: decodeGrace(m.Grace),
		}
	case numberAcknowledgeStatus:
		who, id, update := d.readAcknowledgement(c.body)
		return &protocol.Acknowledge{FrameworkID: d.framework(who), TaskID: id, UpdateID: update}
	case numberFrameworkMessage:
		m := read(d, c.body, &FrameworkMessage{})
		return &protocol.FrameworkMessage{
			FrameworkID: d.framework(m.GetFrameworkId()), ExecutorID: d.executorID(m.GetExecutorId()), Data: d.data(m.GetData()),
		}
	case numberShutdownExecutor:
		m := read(d, c.body, &ShutdownExecutor{})
		return &protocol.ShutdownExecutor{FrameworkID: d.framework(m.GetFrameworkId()), ExecutorID: d.executorID(m.GetExecutorId())}
	case numberShutdownFramework:
		m := read(d, c.body, &ShutdownFramework{})
		return &protocol.ShutdownFramework{FrameworkID: d.framework(m.GetFrameworkId())}
	default:
		d.unknown(c)
		return nil
	}
}
