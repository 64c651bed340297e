package mastercore_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// TestScripts runs the golden scripts of the master's core. Sessions and links
// are named by numbers, s1 and l1. Every command but tick lets the coalescing
// time pass and prints the effects. A crash ends the master and starts another on
// the same registry. Run with -rewrite to write today's output.
//
//	subscribe s1 NAME [id=F1] [roles=a,b] [failover=1h] [lost-only]
//	disconnect s1 | teardown s1
//	register l1 RESOURCES [id=A1] [instance=NAME] [host=NAME] [task=FRAMEWORK/ID/STATE/RESOURCES ...]
//	unlink l1 | leave l1 | crash | records
//	launch s1 OFFER[+OFFER] TASK/RESOURCES ... [executor=ID/RESOURCES] [group]
//	       [give-up=5m|at-once] [kill-on-return=yes]
//	decline s1 OFFER | suppress s1 [ROLE] | revive s1 [ROLE] | roles s1 ROLE ...
//	kill s1 TASK [grace=5s] | reconcile s1 [TASK[@AGENT] ...]
//	status l1 FRAMEWORK TASK STATE ID [latest=STATE]
//	task-ended l1 FRAMEWORK TASK STATE
//	ack s1 AGENT TASK ID
//	message s1 AGENT EXECUTOR TEXT | shutdown s1 AGENT EXECUTOR
//	executor-message l1 FRAMEWORK EXECUTOR TEXT
//	executor-exited l1 FRAMEWORK EXECUTOR CODE | framework-ended l1 FRAMEWORK
//	demand s1 COUNT*RESOURCES ... [gang=yes] | clear-demand s1 | hold s1 OFFER
//	launch-all s1 OFFER/TASK/RESOURCES ... | launch ... reserve=ROLE/RESOURCES
//	answer-inverse s1 ID accept|decline
//	quota ROLE guarantee=... | maintain AGENT IN | drain AGENT GRACE | running AGENT | activate-agent AGENT
//	gone AGENT | tear-down FRAMEWORK | weight ROLE N | reserve AGENT ROLE RESOURCES
//	tick DURATION
//	explain s1 [RESOURCES]
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{now: time.Unix(0, 0).UTC(), records: make(map[string][]byte), tasks: make(map[proffer.TaskID]proffer.TaskInfo)}
		s.start(t)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.out.Reset()
			s.command(t, d)
			if s.out.Len() == 0 {
				return "nothing"
			}
			return s.out.String()
		})
	})
}

type script struct {
	core    *mastercore.Core
	now     time.Time
	out     strings.Builder
	records map[string][]byte                   // the registry
	tasks   map[proffer.TaskID]proffer.TaskInfo // that were launched
}

func (s *script) start(t *testing.T) {
	core, err := mastercore.Recover(mastercore.Config{
		KeepCompleted: 3, AgentTimeout: 75 * time.Second, ReregisterTimeout: 10 * time.Minute,
		Offers: offers.Config{Policy: policy.DRF(), Preemption: &offers.Preemption{After: 10 * time.Second}},
	}, s.now, s.records)
	if err != nil {
		t.Fatal(err)
	}
	s.core = core
	s.save()
}

// save makes durable what has changed.
func (s *script) save() {
	for key, value := range s.core.Changes() {
		if value == nil {
			delete(s.records, key)
		} else {
			s.records[key] = value
		}
	}
}

func (s *script) command(t *testing.T, d *datadriven.TestData) {
	args := map[string][]string{}
	var pos []string
	for _, a := range d.CmdArgs {
		if len(a.Vals) == 0 {
			pos = append(pos, a.Key)
		} else {
			args[a.Key] = append(args[a.Key], a.Vals...)
		}
	}
	arg := func(i int) string {
		if i >= len(pos) {
			t.Fatalf("%s: %s: argument %d is missing", d.Pos, d.Cmd, i+1)
		}
		return pos[i]
	}
	number := func() uint64 {
		n, err := strconv.ParseUint(strings.TrimLeft(arg(0), "sl"), 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		return n
	}
	switch d.Cmd {
	case "tick":
		s.tick(parseDuration(t, arg(0)))
		return
	case "explain":
		var wanted resources.Resources
		if len(pos) > 1 {
			wanted = resources.MustParse(arg(1))
		}
		e, err := s.core.Explain(mastercore.SessionID(number()), wanted)
		if err != nil {
			fmt.Fprintf(&s.out, "error: %v\n", err)
			return
		}
		fmt.Fprintln(&s.out, e)
		return
	case "crash":
		s.start(t)
	case "records":
		for _, key := range slices.Sorted(maps.Keys(s.records)) {
			fmt.Fprintln(&s.out, key)
		}
		return
	case "quota", "maintain", "drain", "running", "activate-agent", "gone", "tear-down", "weight", "reserve":
		if err := s.operate(t, d.Cmd, pos, args); err != nil {
			fmt.Fprintf(&s.out, "error: %v\n", err)
		}
	case "subscribe":
		s.subscribe(t, mastercore.SessionID(number()), arg(1), args)
	case "disconnect":
		s.core.Disconnect(s.now, mastercore.SessionID(number()))
	case "unlink":
		s.core.Unlink(s.now, mastercore.LinkID(number()))
	case "register", "leave", "status", "task-ended", "executor-message", "executor-exited", "framework-ended":
		s.core.FromAgent(s.now, mastercore.LinkID(number()), s.fromAgent(t, d, pos, args))
	default:
		s.core.Call(s.now, mastercore.SessionID(number()), s.call(t, d, pos, args))
	}
	s.core.Advance(s.now)
	s.effects()
	s.tick(2 * time.Millisecond)
}

func (s *script) subscribe(t *testing.T, id mastercore.SessionID, name string, args map[string][]string) {
	info := proffer.FrameworkInfo{Name: name, Roles: args["roles"], PartitionAware: true, FailoverTimeout: time.Hour}
	if len(info.Roles) == 0 {
		info.Roles = []string{"*"}
	}
	if v := args["id"]; len(v) > 0 {
		info.ID = proffer.FrameworkID(v[0])
	}
	if v := args["failover"]; len(v) > 0 {
		info.FailoverTimeout = parseDuration(t, v[0])
	}
	if v := args["aware"]; len(v) > 0 {
		info.PartitionAware = v[0] == "yes"
	}
	if err := s.core.Subscribe(s.now, id, info, offers.Subscription{}); err != nil {
		fmt.Fprintf(&s.out, "error: %v\n", err)
	}
}

func (s *script) operate(t *testing.T, what string, pos []string, args map[string][]string) error {
	id := proffer.AgentID(pos[0])
	switch what {
	case "quota":
		return s.core.SetQuotas(s.now, map[string]offers.Quota{pos[0]: {Guarantee: resources.MustParseQuantities(args["guarantee"][0])}})
	case "maintain":
		return s.core.SetUnavailability(s.now, id, &offers.Unavailability{Start: s.now.Add(parseDuration(t, pos[1]))})
	case "drain":
		return s.core.Drain(s.now, id, parseDuration(t, pos[1]))
	case "activate-agent":
		return s.core.ActivateAgent(s.now, id)
	case "gone":
		return s.core.MarkGone(s.now, id)
	case "tear-down":
		return s.core.Teardown(s.now, proffer.FrameworkID(pos[0]))
	case "weight":
		weight, err := strconv.ParseFloat(pos[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return s.core.SetWeight(pos[0], weight)
	case "reserve":
		v, err := offers.Convert(offers.Reserve{
			Resources: resources.MustParse(pos[2]), By: resources.Reservation{Role: pos[1], Dynamic: true},
		}, pos[1])
		if err != nil {
			return err
		}
		return s.core.Convert(s.now, id, v)
	default:
		fmt.Fprintf(&s.out, "running: %v\n", s.core.Running(id))
		return nil
	}
}

func (s *script) tick(d time.Duration) {
	end := s.now.Add(d)
	for {
		at, ok := s.core.Deadline()
		if !ok || at.After(end) {
			break
		}
		if at.After(s.now) {
			s.now = at
		}
		s.core.Advance(s.now)
		s.effects()
	}
	s.now = end
}

func (s *script) effects() {
	s.save()
	for _, e := range s.core.Effects() {
		switch {
		case e.Link != 0:
			fmt.Fprintf(&s.out, "l%d <- %s\n", e.Link, message(e.Message))
		case e.End != nil:
			fmt.Fprintf(&s.out, "s%d ends: %v\n", e.Session, e.End)
		default:
			fmt.Fprintf(&s.out, "s%d <- %s\n", e.Session, event(e.Event))
		}
	}
}

func event(e scheduler.Event) string {
	switch e := e.(type) {
	case *scheduler.SubscribedEvent:
		return fmt.Sprintf("subscribed as %s", e.FrameworkID)
	case *scheduler.OffersEvent:
		var list []string
		for _, o := range e.Offers {
			list = append(list, fmt.Sprintf("%s of %s (%s) %s", o.ID, o.AgentID, o.Role, o.Resources))
		}
		return "offers " + strings.Join(list, ", ")
	case *scheduler.RescindEvent:
		return fmt.Sprintf("rescind %s", e.OfferID)
	case *scheduler.InverseOfferEvent:
		return fmt.Sprintf("inverse offer %s", e.Offer)
	case *scheduler.RescindInverseEvent:
		return fmt.Sprintf("rescind inverse offer %s", e.ID)
	case *scheduler.OperationsEvent:
		if e.Err != nil {
			return fmt.Sprintf("%d operations on %s failed: %v", len(e.Operations), e.AgentID, e.Err)
		}
		return fmt.Sprintf("%d operations on %s carried out", len(e.Operations), e.AgentID)
	case *scheduler.UpdateEvent:
		return fmt.Sprintf("update %d %s [%s of %s]", e.Status.UpdateID, e.Status, e.Status.Source, e.Status.AgentID)
	case *scheduler.MessageEvent:
		return fmt.Sprintf("message %q of %s on %s", e.Data, e.ExecutorID, e.AgentID)
	case *scheduler.FailureEvent:
		if e.Exit != nil {
			return fmt.Sprintf("failure of executor %s on %s: %s", e.ExecutorID, e.AgentID, e.Exit)
		}
		return fmt.Sprintf("failure of %s: %s", e.AgentID, e.Message)
	case *scheduler.ErrorEvent:
		return fmt.Sprintf("error %v", e.Err)
	default:
		return fmt.Sprintf("%T", e)
	}
}

func message(m protocol.ToAgent) string {
	switch m := m.(type) {
	case *protocol.Registered:
		return fmt.Sprintf("registered as %s", m.AgentID)
	case *protocol.Refused:
		if m.Shutdown {
			return fmt.Sprintf("refused, to shut down: %s", m.Message)
		}
		return fmt.Sprintf("refused: %s", m.Message)
	case *protocol.RunTasks:
		var ids []string
		for _, t := range m.Tasks {
			ids = append(ids, string(t.ID))
		}
		kind := "run"
		if m.Group {
			kind = "run group"
		}
		return fmt.Sprintf("%s %s of %s", kind, strings.Join(ids, " "), m.FrameworkID)
	case *protocol.KillTask:
		if m.Grace != nil {
			return fmt.Sprintf("kill %s within %s", m.TaskID, *m.Grace)
		}
		return fmt.Sprintf("kill %s", m.TaskID)
	case *protocol.Acknowledge:
		return fmt.Sprintf("acknowledge %s %d", m.TaskID, m.UpdateID)
	case *protocol.FrameworkMessage:
		return fmt.Sprintf("message %q to %s", m.Data, m.ExecutorID)
	case *protocol.ShutdownExecutor:
		return fmt.Sprintf("shut down executor %s of %s", m.ExecutorID, m.FrameworkID)
	case *protocol.ShutdownFramework:
		return fmt.Sprintf("shut down framework %s", m.FrameworkID)
	default:
		return fmt.Sprintf("%T", m)
	}
}

func (s *script) fromAgent(t *testing.T, d *datadriven.TestData, pos []string, args map[string][]string) protocol.ToMaster {
	framework := func() proffer.FrameworkID { return proffer.FrameworkID(pos[1]) }
	switch d.Cmd {
	case "leave":
		return &protocol.Leave{}
	case "register":
		m := &protocol.Register{Info: proffer.AgentInfo{Hostname: cmp.Or(first(args["host"]), "host"), Resources: resources.MustParse(pos[1])}, Instance: first(args["instance"])}
		if v := args["id"]; len(v) > 0 {
			m.Info.ID = proffer.AgentID(v[0])
		}
		for _, v := range args["task"] {
			part := strings.SplitN(v, "/", 4)
			info, known := s.tasks[proffer.TaskID(part[1])]
			if !known {
				info = task(part[1], part[3])
			}
			m.Tasks = append(m.Tasks, protocol.RunningTask{
				FrameworkID: proffer.FrameworkID(part[0]), Role: "*", Task: &info, State: state(t, part[2]),
			})
		}
		return m
	case "status":
		id, err := strconv.ParseUint(pos[4], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		m := &protocol.StatusUpdate{FrameworkID: framework(), Latest: state(t, pos[3]), Status: &proffer.TaskStatus{
			TaskID: proffer.TaskID(pos[2]), AgentID: "A1", State: state(t, pos[3]), UpdateID: id, Source: proffer.SourceExecutor,
		}}
		if v := args["latest"]; len(v) > 0 {
			m.Latest = state(t, v[0])
		}
		return m
	case "task-ended":
		return &protocol.TaskEnded{FrameworkID: framework(), TaskID: proffer.TaskID(pos[2]), State: state(t, pos[3])}
	case "executor-message":
		return &protocol.ExecutorMessage{FrameworkID: framework(), ExecutorID: proffer.ExecutorID(pos[2]), Data: []byte(pos[3])}
	case "executor-exited":
		code, err := strconv.Atoi(pos[3])
		if err != nil {
			t.Fatal(err)
		}
		return &protocol.ExecutorExited{FrameworkID: framework(), ExecutorID: proffer.ExecutorID(pos[2]), Exit: &proffer.ExitStatus{Code: code}}
	default:
		return &protocol.FrameworkEnded{FrameworkID: framework()}
	}
}

func unreachable(t *testing.T, args map[string][]string) *proffer.UnreachablePolicy {
	after, kill := first(args["give-up"]), first(args["kill-on-return"])
	switch {
	case after == "at-once":
		return &proffer.UnreachablePolicy{GiveUpAfter: proffer.AtOnce}
	case after != "":
		return &proffer.UnreachablePolicy{GiveUpAfter: parseDuration(t, after)}
	case kill != "":
		return &proffer.UnreachablePolicy{KillOnReturn: true}
	}
	return nil
}

func (s *script) call(t *testing.T, d *datadriven.TestData, pos []string, args map[string][]string) scheduler.Call {
	switch d.Cmd {
	case "demand":
		c := &scheduler.DemandCall{Role: cmp.Or(first(args["role"]), "*")}
		for _, p := range pos[1:] {
			count, shape, _ := strings.Cut(p, "*")
			var demand offers.Demand
			demand.Count, _ = strconv.Atoi(count)
			demand.Resources = resources.MustParseQuantities(shape)
			_, demand.Gang = args["gang"]
			c.Demands = append(c.Demands, demand)
		}
		return c
	case "clear-demand":
		return &scheduler.ClearDemandCall{Role: "*"}
	case "hold":
		return &scheduler.HoldCall{OfferIDs: []proffer.OfferID{proffer.OfferID(pos[1])}}
	case "answer-inverse":
		return &scheduler.AnswerInverseCall{ID: proffer.InverseOfferID(pos[1]), Accept: pos[2] == "accept"}
	case "launch-all": // OFFER/TASK/RESOURCES ...
		c := &scheduler.AcceptAllCall{}
		for _, p := range pos[1:] {
			part := strings.SplitN(p, "/", 3)
			c.Answers = append(c.Answers, scheduler.Answer{
				OfferIDs:   []proffer.OfferID{proffer.OfferID(part[0])},
				Operations: []offers.Operation{offers.Launch{Tasks: []proffer.TaskInfo{task(part[1], part[2])}}},
			})
		}
		return c
	case "launch":
		c := &scheduler.AcceptCall{}
		for id := range strings.SplitSeq(pos[1], "+") {
			c.OfferIDs = append(c.OfferIDs, proffer.OfferID(id))
		}
		if v := args["reserve"]; len(v) > 0 {
			role, res, _ := strings.Cut(v[0], "/")
			c.Operations = append(c.Operations, offers.Reserve{
				Resources: resources.MustParse(res), By: resources.Reservation{Role: role, Dynamic: true},
			})
		}
		var tasks []proffer.TaskInfo
		for _, p := range pos[2:] {
			id, res, _ := strings.Cut(p, "/")
			info := task(id, res)
			info.Unreachable = unreachable(t, args)
			if v := args["executor"]; len(v) > 0 {
				executor, needs, _ := strings.Cut(v[0], "/")
				info.Command, info.Executor = nil, &proffer.ExecutorInfo{
					ID: proffer.ExecutorID(executor), Name: "built-in", Resources: resources.MustParse(needs),
				}
			}
			tasks = append(tasks, info)
			s.tasks[info.ID] = info
		}
		if _, group := args["group"]; group {
			c.Operations = append(c.Operations, offers.LaunchGroup{Group: proffer.TaskGroup{Tasks: tasks}})
		} else if len(tasks) > 0 {
			c.Operations = append(c.Operations, offers.Launch{Tasks: tasks})
		}
		return c
	case "decline":
		return &scheduler.DeclineCall{OfferIDs: []proffer.OfferID{proffer.OfferID(pos[1])}}
	case "suppress":
		return &scheduler.SuppressCall{Roles: pos[1:]}
	case "revive":
		return &scheduler.ReviveCall{Roles: pos[1:]}
	case "roles":
		return &scheduler.UpdateCall{Terms: offers.Subscription{Roles: pos[1:]}}
	case "kill":
		c := &scheduler.KillCall{TaskID: proffer.TaskID(pos[1])}
		if v := args["grace"]; len(v) > 0 {
			grace := parseDuration(t, v[0])
			c.Grace = &grace
		}
		return c
	case "reconcile":
		c := &scheduler.ReconcileCall{}
		for _, p := range pos[1:] {
			id, agent, _ := strings.Cut(p, "@")
			c.Tasks = append(c.Tasks, scheduler.TaskRef{TaskID: proffer.TaskID(id), AgentID: proffer.AgentID(agent)})
		}
		return c
	case "ack":
		id, err := strconv.ParseUint(pos[3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return &scheduler.AcknowledgeCall{AgentID: proffer.AgentID(pos[1]), TaskID: proffer.TaskID(pos[2]), UpdateID: id}
	case "message":
		return &scheduler.MessageCall{AgentID: proffer.AgentID(pos[1]), ExecutorID: proffer.ExecutorID(pos[2]), Data: []byte(pos[3])}
	case "shutdown":
		return &scheduler.ShutdownExecutorCall{AgentID: proffer.AgentID(pos[1]), ExecutorID: proffer.ExecutorID(pos[2])}
	case "teardown":
		return &scheduler.TeardownCall{}
	default:
		t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
		return nil
	}
}

func task(id, res string) proffer.TaskInfo {
	return proffer.TaskInfo{ID: proffer.TaskID(id), Command: proffer.Shell("true"), Resources: resources.MustParse(res)}
}

func state(t *testing.T, s string) proffer.TaskState {
	st, err := proffer.ParseTaskState("TASK_" + s)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func parseDuration(t *testing.T, s string) time.Duration {
	v, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
