package agentcore_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/proffer-go/proffer"
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
//	recover [after=1m] [clock=1h] [reboot] [unseen=RUN] [lost=RUN] [has=TASK,TASK]
//
// Recover starts another core on what the one before it wrote, as after a crash.
// Unseen: the container of that run was launched, and that was not reported;
// lost: it is not there any more; clock: it was set forward by so much
// meanwhile. Runs are numbered anew.
//
//	registered RUN has=TASK,TASK     an executor that comes back with these
//	update RUN TASK STATE number=N   the N-th update of an executor
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{
			now: time.Unix(0, 0).UTC(), uptime: time.Hour, boot: "boot-1",
			records: map[string][]byte{}, found: map[proffer.ContainerID]agentcore.Found{},
		}
		s.recover(t)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.out.Reset()
			s.command(t, d)
			s.effects()
			for s.registers {
				s.registers = false
				s.core.FromMaster(s.now, &protocol.Registered{AgentID: "A1"})
				s.effects()
			}
			if s.out.Len() == 0 {
				return "nothing"
			}
			return s.out.String()
		})
	})
}

func config() agentcore.Config {
	return agentcore.Config{
		Info:     proffer.AgentInfo{Hostname: "host", Resources: resources.MustParse("cpus:8")},
		Instance: "x", StatusRetryMin: 10 * time.Second, StatusRetryMax: time.Minute, RegistrationTimeout: time.Minute,
		ReregistrationTimeout: 2 * time.Second, ShutdownGrace: 5 * time.Second, KillStuckAfter: 30 * time.Second,
	}
}

type script struct {
	core   *agentcore.Core
	now    time.Time
	uptime time.Duration
	boot   string
	out    strings.Builder

	registers bool // a register is to be answered

	records map[string][]byte                       // what is durable
	found   map[proffer.ContainerID]agentcore.Found // the containers that there are
	runs    map[agentcore.RunID]proffer.ContainerID // of this core
}

// recover starts a core on what there is.
func (s *script) recover(t *testing.T) {
	cfg := config()
	cfg.BootID, cfg.Uptime = s.boot, s.uptime
	found := slices.Collect(maps.Values(s.found))
	core, err := agentcore.Recover(cfg, s.now, maps.Clone(s.records), found)
	if err != nil {
		t.Fatal(err)
	}
	s.core, s.runs = core, map[agentcore.RunID]proffer.ContainerID{}
}

// container has the container of a run be there or not.
func (s *script) container(run string, there bool) {
	id := s.runs[runID(run)]
	if there && id != "" {
		s.found[id] = agentcore.Found{Container: proffer.ContainerStatus{ID: id, Sandbox: "/sandbox"}}
	} else {
		delete(s.found, id)
	}
}

func runID(text string) agentcore.RunID {
	id, err := strconv.ParseUint(strings.TrimPrefix(text, "r"), 10, 64)
	if err != nil {
		panic(fmt.Sprintf("%q is not a run: want one such as r1", text))
	}
	return agentcore.RunID(id)
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
	case "disconnect":
		s.core.Disconnected()
	case "tick":
		s.tick(duration(t, pos[0]))
	case "recover":
		if v, ok := args["unseen"]; ok {
			s.container(v, true)
		}
		if v, ok := args["lost"]; ok {
			s.container(v, false)
		}
		if v, ok := args["after"]; ok {
			s.now, s.uptime = s.now.Add(duration(t, v)), s.uptime+duration(t, v)
		}
		if v, ok := args["clock"]; ok {
			s.now = s.now.Add(duration(t, v))
		}
		if slices.Contains(pos, "reboot") {
			s.boot, s.uptime = s.boot+"+", time.Minute
		}
		s.recover(t)
	case "launch", "kill", "ack", "message", "shutdown-executor", "shutdown-framework":
		s.core.FromMaster(s.now, toAgent(t, d, pos, args))
	default:
		r := report(t, d, pos[1:], args)
		switch e := r.(type) {
		case agentcore.Launched:
			s.container(pos[0], true)
			e.Container.ID = s.runs[runID(pos[0])]
			r = e
		case *agentcore.Exited:
			if f, ok := s.found[s.runs[runID(pos[0])]]; ok {
				f.Exited = e.Exit != nil
				s.found[f.Container.ID] = f
			}
		}
		if slices.Contains(pos, "unheard") {
			return // by the core: it was about to crash
		}
		s.core.Report(s.now, runID(pos[0]), r)
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
	s.now, s.uptime = end, s.uptime+d
}

func (s *script) effects() {
	for key, value := range s.core.Changes() {
		if s.records[key] = value; value == nil {
			delete(s.records, key)
		}
	}
	for _, e := range s.core.Effects() {
		if e.Start != nil && e.Action != agentcore.Remove {
			s.runs[e.Run] = e.Start.Container
		}
		if _, ok := e.Message.(*protocol.Register); ok {
			s.registers = true
		}
		switch {
		case e.Message != nil:
			fmt.Fprintf(&s.out, "master <- %s\n", toMaster(e.Message))
		case e.Note != nil:
			fmt.Fprintf(&s.out, "log: %s (%s%s of %s)\n", e.Note.Text, e.Note.TaskID, e.Note.ExecutorID, e.Note.FrameworkID)
		case e.Action == agentcore.Remove:
			delete(s.found, e.Start.Container)
			fmt.Fprintf(&s.out, "remove container %s\n", e.Start.Container)
		default:
			fmt.Fprintf(&s.out, "r%d: %s\n", e.Run, action(e))
		}
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
			if strings.HasPrefix(v, "process") {
				task.Executor.Command = proffer.Shell("serve")
			}
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
		return exited(words, args, number)
	case "registered":
		has := values(d, "has")
		if has == nil {
			return agentcore.Registered{}
		}
		r := new(agentcore.Returned)
		for _, v := range has {
			r.Tasks = append(r.Tasks, proffer.TaskID(v))
		}
		return r
	case "update":
		state, err := proffer.ParseTaskState("TASK_" + words[1])
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		u := agentcore.Updated{Status: &proffer.TaskStatus{TaskID: proffer.TaskID(words[0]), State: state}}
		if v, ok := args["number"]; ok {
			n := uint64(number(v))
			return &agentcore.Numbered{Number: n, Update: n, Report: u}
		}
		return u
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

func exited(words []string, args map[string]string, number func(string) int) agentcore.Report {
	if len(words) > 0 && words[0] == "unknown" {
		return &agentcore.Exited{Message: "nobody saw how"}
	}
	exit := &proffer.ExitStatus{}
	for _, w := range words {
		switch w {
		case "unheard":
		case "oom":
			exit.OOM = true
		default:
			exit.Code = number(w)
		}
	}
	if v, ok := args["signal"]; ok {
		exit.Signal = syscall.Signal(number(v))
		exit.Code = 128 + number(v)
	}
	return &agentcore.Exited{Exit: exit}
}

func duration(t *testing.T, s string) time.Duration {
	v, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// values returns the values of an argument with commas.
func values(d *datadriven.TestData, name string) []string {
	for _, a := range d.CmdArgs {
		if a.Key == name {
			return strings.Split(strings.Join(a.Vals, ","), ",")
		}
	}
	return nil
}
