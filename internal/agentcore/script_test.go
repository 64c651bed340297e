package agentcore_test

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

// TestScripts runs the golden scripts of the agent's core. Runs (containers
// and executors) are numbered in the order of their start: r1, r2. Every
// command prints what the agent does. Run with -rewrite to write today's
// output.
//
//	connect | disconnect
//	launch FRAMEWORK TASK ... [group] [executor=ID] [max=1m] [grace=20s] [check]
//	       [health] [health-grace=30s] [failures=2]
//	kill FRAMEWORK TASK [grace=5s]
//	ack FRAMEWORK TASK ID
//	message FRAMEWORK EXECUTOR TEXT
//	shutdown-executor FRAMEWORK EXECUTOR | shutdown-framework FRAMEWORK
//	launched RUN | launch-failed RUN TEXT [invalid]
//	exited RUN CODE | exited RUN [signal=N] [oom] | exited RUN unknown
//	registered RUN | update RUN TASK STATE | sent RUN TEXT
//	healthy RUN | unhealthy RUN TEXT | checked RUN EXIT-CODE
//	tick DURATION
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{core: newCore(), now: time.Unix(0, 0).UTC()}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.out.Reset()
			s.command(t, d)
			s.effects()
			if s.out.Len() == 0 {
				return "nothing"
			}
			return s.out.String()
		})
	})
}

func newCore() *agentcore.Core {
	return agentcore.New(agentcore.Config{
		Info:           proffer.AgentInfo{Hostname: "host", Resources: resources.MustParse("cpus:8")},
		StatusRetryMin: 10 * time.Second, StatusRetryMax: time.Minute, RegistrationTimeout: time.Minute,
		ShutdownGrace: 5 * time.Second, KillStuckAfter: 30 * time.Second,
	})
}

type script struct {
	core *agentcore.Core
	now  time.Time
	out  strings.Builder
}

func (s *script) command(t *testing.T, d *datadriven.TestData) {
	args := map[string]string{}
	var pos []string
	for _, a := range d.CmdArgs {
		if len(a.Vals) == 0 {
			pos = append(pos, a.Key)
		} else {
			args[a.Key] = a.Vals[0]
		}
	}
	switch d.Cmd {
	case "connect":
		s.core.Connected()
		s.effects()
		s.core.FromMaster(s.now, &protocol.Registered{AgentID: "A1"})
	case "disconnect":
		s.core.Disconnected()
	case "tick":
		s.tick(duration(t, pos[0]))
	case "launch", "kill", "ack", "message", "shutdown-executor", "shutdown-framework":
		s.core.FromMaster(s.now, toAgent(t, d, pos, args))
	default:
		id, err := strconv.ParseUint(strings.TrimPrefix(pos[0], "r"), 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		s.core.Report(s.now, agentcore.RunID(id), report(t, d, pos[1:], args))
	}
}

func (s *script) tick(d time.Duration) {
	start, end := s.now, s.now.Add(d)
	for {
		at, ok := s.core.Deadline()
		if !ok || at.After(end) {
			break
		}
		s.now = at
		s.core.Advance(s.now)
		before := s.out.Len()
		s.effects()
		if s.out.Len() > before {
			text := s.out.String()
			s.out.Reset()
			fmt.Fprintf(&s.out, "%safter %v:\n%s", text[:before], s.now.Sub(start), text[before:])
		}
	}
	s.now = end
}

func (s *script) effects() {
	for _, e := range s.core.Effects() {
		switch {
		case e.Message != nil:
			fmt.Fprintf(&s.out, "master <- %s\n", toMaster(e.Message))
		case e.Note != nil:
			fmt.Fprintf(&s.out, "log: %s (%s%s of %s)\n", e.Note.Text, e.Note.TaskID, e.Note.ExecutorID, e.Note.FrameworkID)
		default:
			fmt.Fprintf(&s.out, "r%d: %s\n", e.Run, action(e))
		}
	}
}

func action(e agentcore.Effect) string {
	switch e.Action {
	case agentcore.StartCommand:
		return fmt.Sprintf("start the command of %s of %s", e.Start.Task.ID, e.Start.FrameworkID)
	case agentcore.StartExecutor:
		return fmt.Sprintf("start executor %s of %s", e.Start.Executor.ID, e.Start.FrameworkID)
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

func toAgent(t *testing.T, d *datadriven.TestData, pos []string, args map[string]string) protocol.ToAgent {
	framework := proffer.FrameworkID(pos[0])
	switch d.Cmd {
	case "launch":
		return launch(t, framework, pos[1:], args)
	case "kill":
		m := &protocol.KillTask{FrameworkID: framework, TaskID: proffer.TaskID(pos[1])}
		if v, ok := args["grace"]; ok {
			grace := duration(t, v)
			m.Grace = &grace
		}
		return m
	case "ack":
		id, err := strconv.ParseUint(pos[2], 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		return &protocol.Acknowledge{FrameworkID: framework, TaskID: proffer.TaskID(pos[1]), UpdateID: id}
	case "message":
		return &protocol.FrameworkMessage{FrameworkID: framework, ExecutorID: proffer.ExecutorID(pos[1]), Data: []byte(pos[2])}
	case "shutdown-executor":
		return &protocol.ShutdownExecutor{FrameworkID: framework, ExecutorID: proffer.ExecutorID(pos[1])}
	default:
		return &protocol.ShutdownFramework{FrameworkID: framework}
	}
}

func launch(t *testing.T, framework proffer.FrameworkID, words []string, args map[string]string) *protocol.RunTasks {
	m := &protocol.RunTasks{FrameworkID: framework, Role: "*"}
	flags := map[string]bool{}
	for _, w := range words {
		switch w {
		case "group", "health", "check":
			flags[w] = true
		default:
			m.Tasks = append(m.Tasks, &proffer.TaskInfo{ID: proffer.TaskID(w)})
		}
	}
	m.Group = flags["group"]
	probe := proffer.Probe{Command: proffer.Shell("true")}
	for _, task := range m.Tasks {
		task.Command = proffer.Shell("true")
		if v, ok := args["executor"]; ok {
			task.Command, task.Executor = nil, &proffer.ExecutorInfo{ID: proffer.ExecutorID(v), Name: "built-in"}
		}
		if v, ok := args["max"]; ok {
			task.MaxCompletionTime = duration(t, v)
		}
		if v, ok := args["grace"]; ok {
			task.KillGrace = duration(t, v)
		}
		if flags["check"] {
			task.Check = &proffer.Check{Probe: probe}
		}
		if flags["health"] {
			task.HealthCheck = &proffer.HealthCheck{Probe: probe}
			if v, ok := args["health-grace"]; ok {
				task.HealthCheck.Grace = duration(t, v)
			}
			if v, ok := args["failures"]; ok {
				n, err := strconv.Atoi(v)
				if err != nil {
					t.Fatal(err)
				}
				task.HealthCheck.Failures = n
			}
		}
	}
	return m
}

func report(t *testing.T, d *datadriven.TestData, words []string, args map[string]string) agentcore.Report {
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		return n
	}
	switch d.Cmd {
	case "launched":
		return agentcore.Launched{Container: &proffer.ContainerStatus{ID: "c"}}
	case "launch-failed":
		return &agentcore.LaunchFailed{Message: words[0], Invalid: len(words) > 1}
	case "exited":
		if len(words) > 0 && words[0] == "unknown" {
			return &agentcore.Exited{Message: "nobody saw how"}
		}
		exit := &proffer.ExitStatus{}
		for _, w := range words {
			if w == "oom" {
				exit.OOM = true
				continue
			}
			exit.Code = number(w)
		}
		if v, ok := args["signal"]; ok {
			exit.Signal = syscall.Signal(number(v))
			exit.Code = 128 + number(v)
		}
		return &agentcore.Exited{Exit: exit}
	case "registered":
		return agentcore.Registered{}
	case "update":
		state, err := proffer.ParseTaskState("TASK_" + words[1])
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		return agentcore.Updated{Status: &proffer.TaskStatus{TaskID: proffer.TaskID(words[0]), State: state}}
	case "sent":
		return &agentcore.Sent{Data: []byte(words[0])}
	case "healthy":
		return &agentcore.HealthProbed{}
	case "unhealthy":
		return &agentcore.HealthProbed{Problem: words[0]}
	case "checked":
		code := number(words[0])
		return &agentcore.Checked{Result: proffer.CheckResult{ExitCode: &code}}
	default:
		t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
		return nil
	}
}

func duration(t *testing.T, s string) time.Duration {
	v, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
