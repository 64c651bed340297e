package agentcore_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
)

// TestCrashesAreNotSeen lets commands and an executor live, be killed and end
// at random, with an agent that crashes at random: before its changes are
// written, after that, or in the midst of its effects. The promises hold all
// the same: statuses arrive in order and each says the same every time, what is
// acknowledged for good is not sent again, every task comes to one end, no
// container is launched twice, none of a task that was never started, and in
// the end nothing is left. PROFFER_SEED repeats a run.
func TestCrashesAreNotSeen(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("PROFFER_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("PROFFER_SEED=%d", seed)
	crashes := 0
	for round := range uint64(300) {
		m := &machine{
			T: t, rng: rand.New(rand.NewPCG(seed, round)), now: time.Unix(1e9, 0), uptime: time.Hour,
			records: map[string][]byte{}, containers: map[proffer.ContainerID]*box{}, tasks: map[proffer.TaskID]*wanted{},
		}
		m.run()
		crashes += m.crashes
		if t.Failed() {
			t.Fatalf("PROFFER_SEED=%d, round %d", seed, round)
		}
	}
	t.Logf("%d crashes", crashes)
}

// machine is what an agent's core lives on, with its master.
type machine struct {
	*testing.T
	rng     *rand.Rand
	now     time.Time
	uptime  time.Duration
	core    *agentcore.Core
	records map[string][]byte
	crashes int
	calm    bool // no more crashes
	linked  bool

	containers map[proffer.ContainerID]*box
	runs       map[agentcore.RunID]*box
	launches   int

	tasks map[proffer.TaskID]*wanted
	order []proffer.TaskID
}

// box is a container.
type box struct {
	id       proffer.ContainerID
	task     proffer.TaskID // of a command
	executor *remote
	run      agentcore.RunID // of this core; 0 for none
	reported bool            // that it was launched, to some core
	exit     *proffer.ExitStatus
	told     bool // of its exit, to this core
}

// remote is an executor in a process of its own.
type remote struct {
	tasks   map[proffer.TaskID]bool
	updates []agentcore.Numbered // that are not confirmed
	made    uint64
	sent    int // of updates, to this core
	number  uint64
	back    bool // it has registered with this core
	session bool // it was registered ever
}

// wanted is what the master knows of a task.
type wanted struct {
	executor bool
	arrived  bool // its launch is durable
	told     map[uint64]proffer.TaskState
	last     uint64
	acked    uint64 // for good
	started  int    // containers, or launches by the executor
	end      proffer.TaskState
}

// run has things happen, then lets everything come to its end.
func (m *machine) run() {
	m.start()
	for range 250 {
		m.happen(m.rng.IntN(20))
		if m.Failed() {
			return
		}
	}
	m.calm = true
	for range 100 {
		for _, b := range m.sorted() {
			m.reportOn(b)
		}
		for _, id := range m.order {
			m.killOne(id)
		}
		m.link()
		m.pass(20 * time.Second)
		m.acknowledgeAll()
		if m.settled() {
			break
		}
	}
	m.checkEnd()
}

func (m *machine) happen(what int) {
	switch what {
	case 0, 1:
		m.launch(1)
	case 2:
		m.launch(3)
	case 3, 4:
		m.kill()
	case 5, 6, 7:
		m.pass(time.Duration(m.rng.Int64N(int64(8 * time.Second))))
	case 8:
		if m.linked {
			m.linked = false
			m.core.Disconnected()
		}
	case 9:
		m.link()
	case 10:
		m.crash(m.rng.IntN(10) == 0)
	case 11, 12, 13:
		m.acknowledgeAll()
	default:
		m.reports()
	}
	m.link()
}

// start starts a core on what there is.
func (m *machine) start() {
	cfg := config()
	cfg.Uptime, cfg.BootID = m.uptime, "boot"
	var found []agentcore.Found
	for _, b := range m.sorted() {
		found = append(found, agentcore.Found{Container: proffer.ContainerStatus{ID: b.id, Sandbox: "/s"}, Exited: b.exit != nil})
		b.run, b.told = 0, false
		if x := b.executor; x != nil {
			x.back, x.sent, x.number = false, 0, 0
		}
	}
	m.linked, m.runs = false, map[agentcore.RunID]*box{}
	core, err := agentcore.Recover(cfg, m.now, maps.Clone(m.records), found)
	if err != nil {
		m.Fatal(err)
	}
	m.core = core
	m.step(func() {}, nil)
}

func (m *machine) sorted() []*box {
	var list []*box
	for _, id := range slices.Sorted(maps.Keys(m.containers)) {
		list = append(list, m.containers[id])
	}
	return list
}

// step has the core take an input, and writes and does what follows, unless it
// crashes on the way. Durable is called once the changes are.
func (m *machine) step(input, durable func()) {
	input()
	changes, effects := m.core.Changes(), slices.Clone(m.core.Effects())
	crash := !m.calm && m.rng.IntN(60) == 0
	if crash && m.rng.IntN(2) == 0 {
		m.crashes++
		m.start()
		return
	}
	for key, value := range changes {
		if m.records[key] = value; value == nil {
			delete(m.records, key)
		}
	}
	if durable != nil {
		durable()
	}
	if crash {
		effects = effects[:m.rng.IntN(len(effects)+1)]
	}
	core := m.core
	for _, e := range effects {
		if m.carryOut(e); m.core != core {
			return // it crashed on the way
		}
	}
	if crash {
		m.crashes++
		m.start()
	}
}

func (m *machine) crash(lookAlike bool) {
	if m.calm {
		return
	}
	m.crashes++
	m.pass(0)
	before := m.core
	m.now = m.now.Add(time.Duration(m.rng.Int64N(int64(time.Hour))) - 20*time.Minute) // the clock is nothing to go by
	if !lookAlike {
		m.start()
		return
	}
	want := introduction(before)
	for id := range want { // a launch under way and an executor that is awaited are another matter
		if b := m.boxOf(id); b == nil || !b.reported {
			delete(want, id)
		}
	}
	m.calm = true // so that there is no further crash in between
	m.start()
	got := introduction(m.core)
	m.calm = false
	maps.DeleteFunc(got, func(id proffer.TaskID, _ protocol.RunningTask) bool {
		_, wanted := want[id]
		return !wanted
	})
	if len(got) > 0 { // else it waits for its executor
		if diff := cmp.Diff(want, got); diff != "" {
			m.Errorf("what the agent holds, without a crash and with one (-want +got)\n%s", diff)
		}
	}
	m.start()
}

func (m *machine) boxOf(id proffer.TaskID) *box {
	for _, b := range m.containers {
		if b.task == id {
			return b
		}
	}
	return nil
}

// introduction returns what a core tells the master that it holds.
func introduction(core *agentcore.Core) map[proffer.TaskID]protocol.RunningTask {
	core.Disconnected()
	core.Connected()
	held := map[proffer.TaskID]protocol.RunningTask{}
	for _, e := range core.Effects() {
		if r, ok := e.Message.(*protocol.Register); ok {
			for _, t := range r.Tasks {
				held[t.Task.ID] = t
			}
		}
	}
	return held
}

func (m *machine) carryOut(e agentcore.Effect) {
	switch {
	case e.Message != nil:
		m.hear(e.Message)
	case e.Action == agentcore.StartCommand, e.Action == agentcore.StartExecutor:
		m.launches++
		b := &box{id: e.Start.Container, run: e.Run}
		if m.containers[b.id] != nil {
			m.Errorf("container %s is launched twice", b.id)
		}
		if e.Start.Executor != nil {
			b.executor = &remote{tasks: map[proffer.TaskID]bool{}}
		} else {
			b.task = e.Start.Task.ID
			m.tasks[b.task].started++
		}
		m.containers[b.id], m.runs[e.Run] = b, b
	case e.Action == agentcore.Adopt:
		b := m.containers[e.Start.Container]
		b.run, b.reported, m.runs[e.Run] = e.Run, true, b
	case e.Action == agentcore.Remove:
		if b := m.containers[e.Start.Container]; b != nil && b.exit == nil {
			m.Errorf("container %s is removed while it runs", b.id)
		}
		delete(m.containers, e.Start.Container)
	case e.Action == agentcore.Kill:
		if b := m.runs[e.Run]; b != nil && b.exit == nil {
			b.exit = &proffer.ExitStatus{Code: 137, Signal: 9}
		}
	case e.Action == agentcore.Tell:
		if b := m.runs[e.Run]; b != nil && b.executor != nil && b.exit == nil {
			m.executorHears(b.executor, e.Event)
		}
	case e.Action == agentcore.Confirm:
		if b := m.runs[e.Run]; b != nil {
			b.executor.confirm(e.Number)
		}
	}
}

func (x *remote) confirm(number uint64) {
	for len(x.updates) > 0 && x.sent > 0 && x.updates[0].Number <= number {
		x.updates, x.sent = x.updates[1:], x.sent-1
	}
}

func (m *machine) executorHears(x *remote, e executor.Event) {
	if !x.back {
		return // it never arrives: the agent dies before
	}
	switch e := e.(type) {
	case executor.LaunchEvent:
		m.tasks[e.Task.ID].started++
		x.tasks[e.Task.ID] = true
		x.update(e.Task.ID, proffer.TaskRunning)
	case *executor.KillEvent:
		if x.tasks[e.TaskID] {
			delete(x.tasks, e.TaskID)
			x.update(e.TaskID, proffer.TaskKilled)
		}
	}
}

func (x *remote) update(id proffer.TaskID, state proffer.TaskState) {
	x.made++
	x.updates = append(x.updates, agentcore.Numbered{
		Update: x.made, Report: agentcore.Updated{Status: &proffer.TaskStatus{TaskID: id, State: state}},
	})
}
