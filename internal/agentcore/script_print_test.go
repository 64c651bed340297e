package agentcore_test

import (
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
)

func action(e agentcore.Effect) string {
	switch e.Action {
	case agentcore.StartCommand:
		return fmt.Sprintf("start the command of %s of %s", e.Start.Task.ID, e.Start.FrameworkID)
	case agentcore.StartExecutor:
		return fmt.Sprintf("start executor %s of %s", e.Start.Executor.ID, e.Start.FrameworkID)
	case agentcore.Adopt:
		return fmt.Sprintf("adopt container %s", e.Start.Container)
	case agentcore.Confirm:
		return fmt.Sprintf("up to %d is in good hands", e.Number)
	case agentcore.Terminate:
		return "SIGTERM"
	case agentcore.Kill:
		return "SIGKILL"
	case agentcore.StartProbes:
		return "start probing"
	case agentcore.StopProbes:
		return "stop probing"
	default:
	}
	switch e := e.Event.(type) {
	case executor.RegisteredEvent:
		return fmt.Sprintf("you are executor %s of %s on %s", e.Info.Executor.ID, e.Info.FrameworkID, e.Info.Agent.ID)
	case executor.LaunchEvent:
		return fmt.Sprintf("launch %s", e.Task.ID)
	case *executor.KillEvent:
		return fmt.Sprintf("kill %s within %v", e.TaskID, e.Grace)
	case *executor.MessageEvent:
		return fmt.Sprintf("message %q", e.Data)
	case executor.ShutdownEvent:
		return fmt.Sprintf("shut down within %v", e.Grace)
	default:
		return fmt.Sprintf("%+v", e)
	}
}

func toMaster(m protocol.ToMaster) string {
	switch m := m.(type) {
	case *protocol.Register:
		text := "register " + m.Info.Hostname
		if m.Info.ID != "" {
			text += " as " + string(m.Info.ID)
		}
		for _, t := range m.Tasks {
			text += fmt.Sprintf(", task %s of %s %s", t.Task.ID, t.FrameworkID, t.State)
			if t.Status != nil && t.Status.State != t.State {
				text += fmt.Sprintf(" (newest status %s)", t.Status.State)
			}
		}
		for _, e := range m.Executors {
			text += fmt.Sprintf(", executor %s of %s", e.Executor.ID, e.FrameworkID)
		}
		return text
	case *protocol.TaskEnded:
		return fmt.Sprintf("%s of %s has ended: %s", m.TaskID, m.FrameworkID, m.State)
	case *protocol.StatusUpdate:
		text := fmt.Sprintf("%d of %s: %s", m.Status.UpdateID, m.FrameworkID, m.Status)
		if m.Status.Health != proffer.HealthUnknown {
			text += ", " + m.Status.Health.String()
		}
		if c := m.Status.Check; c != nil && c.ExitCode != nil {
			text += fmt.Sprintf(", check exited with %d", *c.ExitCode)
		}
		if m.Latest != m.Status.State {
			text += ", now " + m.Latest.String()
		}
		return text
	case *protocol.ExecutorMessage:
		return fmt.Sprintf("message %q of executor %s of %s", m.Data, m.ExecutorID, m.FrameworkID)
	case *protocol.ExecutorExited:
		exit := "unknown"
		if m.Exit != nil {
			exit = m.Exit.String()
		}
		return fmt.Sprintf("executor %s of %s exited: %s, %s", m.ExecutorID, m.FrameworkID, exit, m.Message)
	case *protocol.FrameworkEnded:
		return fmt.Sprintf("framework %s ended", m.FrameworkID)
	default:
		return fmt.Sprintf("%T", m)
	}
}
