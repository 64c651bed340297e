package mastercore_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// What users of other systems suffered, as tests of the master.

const (
	agentTimeout      = 75 * time.Second
	reregisterTimeout = 10 * time.Minute
)

// world is masters on one registry, one after the other.
type world struct {
	t       *testing.T
	core    *mastercore.Core
	now     time.Time
	records map[string][]byte
	ids     uint64 // of sessions and links

	statuses map[proffer.TaskID][]proffer.TaskStatus // by task, as told
	sent     []protocol.ToAgent
	offers   []*offers.Offer
	failures []proffer.AgentID
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, now: time.Unix(1_000_000, 0), records: make(map[string][]byte),
		statuses: make(map[proffer.TaskID][]proffer.TaskStatus),
	}
	w.restart()
	return w
}

// restart has another master take over.
func (w *world) restart() {
	core, err := mastercore.Recover(mastercore.Config{
		KeepCompleted: 1000, AgentTimeout: agentTimeout, ReregisterTimeout: reregisterTimeout,
		Offers: offers.Config{Policy: policy.DRF()},
	}, w.now, w.records)
	if err != nil {
		w.t.Fatal(err)
	}
	w.core = core
	w.settle()
}

// settle makes what has changed durable and takes down what is said.
func (w *world) settle() {
	w.core.Advance(w.now)
	for key, value := range w.core.Changes() {
		if value == nil {
			delete(w.records, key)
		} else {
			w.records[key] = value
		}
	}
	for _, e := range w.core.Effects() {
		switch event := e.Event.(type) {
		case *scheduler.UpdateEvent:
			w.statuses[event.Status.TaskID] = append(w.statuses[event.Status.TaskID], event.Status)
		case *scheduler.OffersEvent:
			w.offers = append(w.offers, event.Offers...)
		case *scheduler.FailureEvent:
			w.failures = append(w.failures, event.AgentID)
		}
		if e.Message != nil {
			w.sent = append(w.sent, e.Message)
		}
	}
}

func (w *world) tick(d time.Duration) {
	end := w.now.Add(d)
	for {
		at, ok := w.core.Deadline()
		if !ok || at.After(end) {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		w.settle()
	}
	w.now = end
	w.settle()
}

func (w *world) subscribe(name string, id proffer.FrameworkID) mastercore.SessionID {
	w.t.Helper()
	w.ids++
	session := mastercore.SessionID(w.ids)
	info := proffer.FrameworkInfo{ID: id, Name: name, Roles: []string{"*"}, PartitionAware: true, FailoverTimeout: time.Hour}
	if err := w.core.Subscribe(w.now, session, info, offers.Subscription{}); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	return session
}

func (w *world) register(id proffer.AgentID, tasks ...protocol.RunningTask) mastercore.LinkID {
	w.ids++
	link := mastercore.LinkID(w.ids)
	w.core.FromAgent(w.now, link, &protocol.Register{
		Info:  proffer.AgentInfo{ID: id, Hostname: string(id), Resources: resources.MustParse("cpus:16;mem:1024")},
		Tasks: tasks,
	})
	w.settle()
	return link
}

func (w *world) call(s mastercore.SessionID, c scheduler.Call) {
	w.core.Call(w.now, s, c)
	w.settle()
}

// launch accepts the latest offer of an agent for tasks.
func (w *world) launch(s mastercore.SessionID, id proffer.AgentID, tasks ...proffer.TaskInfo) {
	w.t.Helper()
	w.tick(10 * time.Second)
	for _, o := range slices.Backward(w.offers) {
		if o.AgentID == id {
			w.call(s, &scheduler.AcceptCall{OfferIDs: []proffer.OfferID{o.ID}, Operations: []offers.Operation{offers.Launch{Tasks: tasks}}})
			return
		}
	}
	w.t.Fatalf("nothing of %s is offered", id)
}

func (w *world) status(l mastercore.LinkID, a proffer.AgentID, id proffer.TaskID, state proffer.TaskState, update uint64) {
	w.core.FromAgent(w.now, l, &protocol.StatusUpdate{FrameworkID: "F1", Latest: state, Status: &proffer.TaskStatus{
		TaskID: id, AgentID: a, State: state, UpdateID: update, Source: proffer.SourceExecutor,
	}})
	w.settle()
}

func (w *world) last(id proffer.TaskID) proffer.TaskState {
	list := w.statuses[id]
	if len(list) == 0 {
		return proffer.TaskStaging
	}
	return list[len(list)-1].State
}

func runs(state proffer.TaskState, tasks ...proffer.TaskInfo) []protocol.RunningTask {
	var list []protocol.RunningTask
	for i := range tasks {
		list = append(list, protocol.RunningTask{FrameworkID: "F1", Role: "*", Task: &tasks[i], State: state})
	}
	return list
}

func tasksOf(n int) []proffer.TaskInfo {
	var list []proffer.TaskInfo
	for i := range n {
		list = append(list, task(fmt.Sprint("t", i+1), "cpus:1"))
	}
	return list
}

func (w *world) wantNoKill() {
	w.t.Helper()
	for _, m := range w.sent {
		switch m.(type) {
		case *protocol.KillTask, *protocol.ShutdownFramework, *protocol.ShutdownExecutor:
			w.t.Errorf("an agent was sent %s", message(m))
		}
	}
}

// F1: a leader that comes back does not act on what it remembers from before:
// it reads the registry.
func TestF1LeadersAlternate(t *testing.T) {
	w := newWorld(t)
	tasks := tasksOf(10)
	first := w.subscribe("hello", "")
	w.register("A1")
	w.launch(first, "A1", tasks[:5]...)
	w.restart() // another leads
	w.register("A1", runs(proffer.TaskRunning, tasks[:5]...)...)
	second := w.subscribe("hello", "F1")
	w.launch(second, "A1", tasks[5:]...)
	w.restart() // the first one leads again
	w.subscribe("hello", "F1")
	w.register("A1", runs(proffer.TaskRunning, tasks...)...)
	w.tick(time.Hour)
	w.wantNoKill()
	for _, task := range tasks {
		if s := w.last(task.ID); s.Terminal() {
			t.Errorf("%s is %s", task.ID, s)
		}
	}
}

// F6: a master with an empty memory says nothing of tasks before their agents
// have had their time.
func TestF6NoVerdictBeforeAgentsHadTheirTime(t *testing.T) {
	w := newWorld(t)
	tasks := tasksOf(10)
	s := w.subscribe("hello", "")
	w.register("A1")
	w.register("A2")
	w.launch(s, "A1", tasks[:5]...)
	w.launch(s, "A2", tasks[5:]...)
	w.restart()
	clear(w.statuses)
	s = w.subscribe("hello", "F1")
	var refs []scheduler.TaskRef
	for _, task := range tasks {
		refs = append(refs, scheduler.TaskRef{TaskID: task.ID})
	}
	w.call(s, &scheduler.ReconcileCall{Tasks: refs})
	w.tick(reregisterTimeout - time.Second)
	if len(w.statuses) > 0 {
		t.Errorf("it was told %v before any agent came back", w.statuses)
	}
	w.register("A1", runs(proffer.TaskRunning, tasks[:5]...)...)
	w.tick(time.Second)
	for i, task := range tasks {
		want := proffer.TaskRunning
		if i >= 5 {
			want = proffer.TaskUnreachable
		}
		if got := w.last(task.ID); got != want {
			t.Errorf("%s is %s, want %s", task.ID, got, want)
		}
	}
	w.register("A2", runs(proffer.TaskRunning, tasks[5:]...)...)
	for _, task := range tasks {
		if got := w.last(task.ID); got != proffer.TaskRunning {
			t.Errorf("%s is %s in the end", task.ID, got)
		}
	}
	w.wantNoKill()
}

// F7: an agent that was out of reach comes back while the replacement of its
// task is pending, runs or has failed. Whatever order its messages come in, one
// instance runs in the end.
func TestF7ReturnWithReplacement(t *testing.T) {
	steps := []string{"registers", "tells a status", "loses its old link"}
	for _, replacement := range []proffer.TaskState{proffer.TaskStaging, proffer.TaskRunning, proffer.TaskFailed} {
		for _, order := range permutations(steps) {
			t.Run(fmt.Sprintf("%s/%v", replacement, order), func(t *testing.T) {
				w := newWorld(t)
				original, second := task("t1", "cpus:1"), task("t2", "cpus:1")
				original.Unreachable = &proffer.UnreachablePolicy{KillOnReturn: true}
				s := w.subscribe("hello", "")
				old := w.register("A1")
				other := w.register("A2")
				w.launch(s, "A1", original)
				w.status(old, "A1", "t1", proffer.TaskRunning, 1)
				w.core.Unlink(w.now, old)
				w.tick(agentTimeout)
				if got := w.last("t1"); got != proffer.TaskUnreachable {
					t.Fatalf("t1 is %s", got)
				}
				w.launch(s, "A2", second)
				if replacement != proffer.TaskStaging {
					w.status(other, "A2", "t2", replacement, 1)
				}
				link := old
				for _, step := range order {
					switch step {
					case "registers":
						link = w.register("A1", runs(proffer.TaskRunning, original)...)
					case "tells a status":
						w.status(link, "A1", "t1", proffer.TaskRunning, 1)
					case "loses its old link":
						w.core.Unlink(w.now, old)
						w.settle()
					}
				}
				w.tick(time.Second)
				killed := slices.ContainsFunc(w.sent, func(m protocol.ToAgent) bool {
					k, ok := m.(*protocol.KillTask)
					return ok && k.TaskID == "t1"
				})
				if !killed {
					t.Error("the original runs on beside its replacement")
				}
				w.status(link, "A1", "t1", proffer.TaskKilled, 2)
				if replacement == proffer.TaskFailed {
					w.launch(s, "A1", task("t3", "cpus:1"))
					w.status(link, "A1", "t3", proffer.TaskRunning, 1)
				} else {
					w.status(other, "A2", "t2", proffer.TaskRunning, 2)
				}
				running := 0
				for id := range w.statuses {
					if w.last(id) == proffer.TaskRunning {
						running++
					}
				}
				if running != 1 {
					t.Errorf("%d run in the end: %v", running, w.statuses)
				}
			})
		}
	}
}

func permutations(list []string) [][]string {
	if len(list) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i, x := range list {
		rest := slices.Delete(slices.Clone(list), i, i+1)
		for _, p := range permutations(rest) {
			all = append(all, append([]string{x}, p...))
		}
	}
	return all
}

// F8: a new leader gives every agent its time anew: a stall at the change loses
// none of a thousand.
func TestF8LeaderChangeLosesNoAgent(t *testing.T) {
	w := newWorld(t)
	w.subscribe("hello", "")
	const n = 1000
	for i := range n {
		w.register(proffer.AgentID(fmt.Sprint("agent-", i)))
	}
	w.now = w.now.Add(30 * 24 * time.Hour) // what the old leader counted is long ago
	w.restart()
	w.subscribe("hello", "F1")
	w.tick(2 * time.Second)
	for i := range n {
		w.register(proffer.AgentID(fmt.Sprint("agent-", i)))
	}
	w.tick(2 * reregisterTimeout)
	if len(w.failures) > 0 {
		t.Errorf("%d agents were lost", len(w.failures))
	}
}

// F9: a wall clock that is years off after a restart does not matter: no time
// that was kept is compared with another.
func TestF9ClockJumpsOverARestart(t *testing.T) {
	for _, jump := range []time.Duration{2 * 365 * 24 * time.Hour, -2 * 365 * 24 * time.Hour} {
		w := newWorld(t)
		tasks := tasksOf(3)
		tasks[2].Unreachable = &proffer.UnreachablePolicy{GiveUpAfter: time.Hour}
		s := w.subscribe("hello", "")
		lost := w.register("A2")
		w.register("A1")
		w.launch(s, "A1", tasks[:2]...)
		w.launch(s, "A2", tasks[2])
		w.core.Unlink(w.now, lost)
		w.tick(agentTimeout)
		w.now = w.now.Add(jump)
		w.restart()
		w.tick(time.Second)
		w.subscribe("hello", "F1")
		w.register("A1", runs(proffer.TaskRunning, tasks[:2]...)...)
		w.tick(time.Minute)
		if got := w.last("t3"); got != proffer.TaskUnreachable {
			t.Errorf("jump of %v: t3 is %s before its time", jump, got)
		}
		w.tick(time.Hour)
		if got := w.last("t3"); got != proffer.TaskGone {
			t.Errorf("jump of %v: t3 is %s, an hour after the restart", jump, got)
		}
		w.wantNoKill()
	}
}

// F10: several agents that fail together are all noticed in time.
func TestF10AgentsLostTogether(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe("hello", "")
	var links []mastercore.LinkID
	tasks := tasksOf(4)
	for i := range tasks {
		id := proffer.AgentID(fmt.Sprint("A", i+1))
		links = append(links, w.register(id))
		w.launch(s, id, tasks[i])
	}
	for _, l := range links {
		w.core.Unlink(w.now, l)
	}
	w.settle()
	w.tick(agentTimeout)
	for _, task := range tasks {
		if got := w.last(task.ID); got != proffer.TaskUnreachable {
			t.Errorf("%s is %s", task.ID, got)
		}
	}
}

// F30: the registry of a large cluster is many small records, whatever the tasks
// carry, and is read fast.
func TestF30LargeRegistry(t *testing.T) {
	tasks := 100_000
	if testing.Short() {
		tasks = 10_000
	}
	w := newWorld(t)
	s := w.subscribe("app", "")
	w.register("A1")
	big := task("t0", "cpus:1")
	big.Data = make([]byte, proffer.MaxDataSize)
	w.launch(s, "A1", big)
	for i := range tasks {
		w.records[fmt.Sprint("task/F1/app-", i)] = w.records["task/F1/t0"]
	}
	for key, value := range w.records {
		if len(value) > 1<<10 {
			t.Errorf("record %s has %d bytes", key, len(value))
		}
	}
	began := time.Now()
	w.restart()
	took := time.Since(began)
	t.Logf("%d tasks are read in %v", tasks, took)
	if took > 30*time.Second {
		t.Errorf("reading %d tasks took %v", tasks, took)
	}
	w.register("A1") // without any of them
	w.subscribe("app", "F1")
	if got := w.last("app-0"); got != proffer.TaskDropped {
		t.Errorf("app-0 is %s: the tasks were not read", got)
	}
}

// F33: a drain is done when the tasks have ended, not when they were told to;
// those on an agent that is out of reach may run.
func TestF33DrainIsDoneWhenTasksHaveEnded(t *testing.T) {
	w := newWorld(t)
	tasks := tasksOf(1)
	s := w.subscribe("hello", "")
	link := w.register("A1")
	w.launch(s, "A1", tasks...)
	w.status(link, "A1", "t1", proffer.TaskRunning, 1)
	if err := w.core.Drain(w.now, "A1", -1); err != nil {
		t.Fatal(err)
	}
	w.settle()
	stillRuns := func(when string) {
		t.Helper()
		if got := w.core.Running("A1"); len(got) != 1 {
			t.Errorf("%s: %v run", when, got)
		}
	}
	stillRuns("after the kill was sent")
	w.status(link, "A1", "t1", proffer.TaskKilling, 2)
	stillRuns("while it ends")
	w.core.Unlink(w.now, link)
	w.tick(2 * agentTimeout)
	stillRuns("out of reach")
	w.restart()
	w.subscribe("hello", "F1")
	stillRuns("with another master")
	link = w.register("A1", runs(proffer.TaskKilling, tasks...)...)
	stillRuns("back")
	w.status(link, "A1", "t1", proffer.TaskKilled, 3)
	if got := w.core.Running("A1"); len(got) != 0 {
		t.Errorf("%v run in the end", got)
	}
}

// F34: statuses that come twice, late or in another order never take a task out
// of its end, and free its resources once.
func TestF34StatusesInAnyOrder(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 34))
		w := newWorld(t)
		s := w.subscribe("hello", "")
		link := w.register("A1")
		w.launch(s, "A1", tasksOf(1)...)
		states := []proffer.TaskState{proffer.TaskStarting, proffer.TaskRunning, proffer.TaskKilling, proffer.TaskFailed, proffer.TaskKilled}
		ended := false
		for range 20 {
			i := rng.IntN(len(states))
			switch rng.IntN(4) {
			case 0:
				w.core.FromAgent(w.now, link, &protocol.TaskEnded{FrameworkID: "F1", TaskID: "t1", State: proffer.TaskFailed})
				w.settle()
				ended = true
			case 1:
				w.call(s, &scheduler.AcknowledgeCall{AgentID: "A1", TaskID: "t1", UpdateID: uint64(rng.IntN(6))})
			default:
				w.status(link, "A1", "t1", states[i], uint64(i+1))
				ended = ended || states[i].Terminal()
			}
		}
		if ended && len(w.core.Running("A1")) > 0 {
			t.Errorf("seed %d: it is taken for running after its end", seed)
		}
	}
}

// F38: whatever record is lost, a reconciliation tells where the tasks stand,
// and nothing is active for ever.
func TestF38AnyRecordIsLost(t *testing.T) {
	build := func() (*world, []proffer.TaskInfo) {
		w := newWorld(t)
		tasks := tasksOf(3)
		s := w.subscribe("hello", "")
		w.register("A1")
		w.launch(s, "A1", tasks[:2]...)
		w.register("A2")
		w.launch(s, "A2", tasks[2])
		return w, tasks
	}
	full, _ := build()
	for _, lost := range slices.Sorted(maps.Keys(full.records)) {
		w, tasks := build()
		delete(w.records, lost)
		clear(w.statuses)
		w.restart()
		s := w.subscribe("hello", "F1")
		w.register("A1", runs(proffer.TaskRunning, tasks[:2]...)...) // A2 burns
		w.call(s, &scheduler.ReconcileCall{Tasks: []scheduler.TaskRef{{TaskID: "t1", AgentID: "A1"}, {TaskID: "t2"}, {TaskID: "t3", AgentID: "A2"}}})
		w.tick(reregisterTimeout)
		for i, task := range tasks {
			want := []proffer.TaskState{proffer.TaskRunning}
			if i == 2 {
				want = []proffer.TaskState{proffer.TaskUnreachable, proffer.TaskUnknown}
			}
			if got := w.last(task.ID); !slices.Contains(want, got) {
				t.Errorf("without %s: %s is %s, want one of %v", lost, task.ID, got, want)
			}
		}
		w.wantNoKill()
	}
}
