package agentcore_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
)

// TestStatusesArriveInOrder has executors, acknowledgements, lost connections
// and time come in random order, and holds what the master receives against
// the promises: the statuses of a task arrive in order, each again and again
// until it is acknowledged, and the terminal one last and never after that.
func TestStatusesArriveInOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for round := range uint64(200) {
		w := &world{t: t, core: agentcore.New(config()), rng: rand.New(rand.NewPCG(seed, round)), tasks: map[proffer.TaskID]*seen{}}
		w.run()
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

// world is the surroundings of a core: a master, one executor, time.
type world struct {
	t         *testing.T
	core      *agentcore.Core
	rng       *rand.Rand
	now       time.Time
	connected bool
	tasks     map[proffer.TaskID]*seen
	order     []proffer.TaskID
	run1      agentcore.RunID
}

// seen is what the master knows of a task.
type seen struct {
	told  []proffer.TaskState // by the executor, up to the first terminal one
	head  uint64              // received last
	acked uint64
}

func (w *world) run() {
	w.now = time.Unix(0, 0)
	w.connect()
	for range 400 {
		switch w.rng.IntN(12) {
		case 0:
			w.launch()
		case 1, 2, 3, 4:
			w.update()
		case 5, 6, 7:
			w.acknowledge(true)
		case 8:
			w.acknowledge(false)
		case 9, 10:
			w.pass(time.Duration(w.rng.Int64N(int64(15 * time.Second))))
		case 11:
			if w.connected {
				w.connected = false
				w.core.Disconnected()
			} else {
				w.connect()
			}
		}
		w.receive()
	}
	w.finish()
}

// connect registers, with the executor running.
func (w *world) connect() {
	w.connected = true
	w.core.Connected()
	w.core.FromMaster(w.now, &protocol.Registered{AgentID: "A1"})
	w.receive()
}

func (w *world) launch() {
	if !w.connected {
		return
	}
	id := proffer.TaskID(fmt.Sprintf("t%d", len(w.order)))
	w.order = append(w.order, id)
	w.tasks[id] = &seen{}
	w.core.FromMaster(w.now, &protocol.RunTasks{FrameworkID: "F1", Role: "*", Tasks: []*proffer.TaskInfo{
		{ID: id, Executor: &proffer.ExecutorInfo{ID: "e", Name: "built-in"}},
	}})
	w.receive()
	w.core.Report(w.now, w.run1, agentcore.Registered{})
}

func (w *world) any() (proffer.TaskID, *seen) {
	if len(w.order) == 0 {
		return "", nil
	}
	id := w.order[w.rng.IntN(len(w.order))]
	return id, w.tasks[id]
}

// update has the executor tell anything, also after the end.
func (w *world) update() {
	id, s := w.any()
	if s == nil {
		return
	}
	states := []proffer.TaskState{
		proffer.TaskStarting, proffer.TaskRunning, proffer.TaskRunning, proffer.TaskKilling,
		proffer.TaskFinished, proffer.TaskFailed,
	}
	state := states[w.rng.IntN(len(states))]
	if n := len(s.told); n == 0 || !s.told[n-1].Terminal() {
		s.told = append(s.told, state)
	}
	w.core.Report(w.now, w.run1, agentcore.Updated{Status: &proffer.TaskStatus{TaskID: id, State: state}})
}

// acknowledge answers what was received, or a number out of the air.
func (w *world) acknowledge(rightly bool) {
	id, s := w.any()
	if s == nil || !w.connected {
		return
	}
	n := s.head
	if !rightly {
		n = w.rng.Uint64N(6)
	}
	if n == s.head && n > s.acked {
		s.acked = n
	}
	w.core.FromMaster(w.now, &protocol.Acknowledge{FrameworkID: "F1", TaskID: id, UpdateID: n})
}

// pass lets time pass, as the agent does.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for {
		at, ok := w.core.Deadline()
		if !ok || at.After(end) {
			break
		}
		w.now = at
		w.core.Advance(w.now)
		w.receive()
	}
	w.now = end
	w.core.Advance(w.now)
}

// receive is the master's view.
func (w *world) receive() {
	for _, e := range w.core.Effects() {
		if e.Action == agentcore.StartExecutor {
			w.run1 = e.Run
		}
		u, ok := e.Message.(*protocol.StatusUpdate)
		if !ok {
			continue
		}
		s, n := w.tasks[u.Status.TaskID], u.Status.UpdateID
		switch {
		case !w.connected:
			w.t.Errorf("%s: status %d was sent without a connection", u.Status.TaskID, n)
		case n != s.acked+1:
			w.t.Errorf("%s: status %d came, %d are acknowledged", u.Status.TaskID, n, s.acked)
		case u.Status.State != s.told[n-1]:
			w.t.Errorf("%s: status %d is %s, the executor told %s", u.Status.TaskID, n, u.Status.State, s.told[n-1])
		case u.Latest != s.told[len(s.told)-1]:
			w.t.Errorf("%s: the latest state is %s, want %s", u.Status.TaskID, u.Latest, s.told[len(s.told)-1])
		}
		s.head = n
	}
}

// finish acknowledges everything, and expects everything that was told.
func (w *world) finish() {
	if !w.connected {
		w.connect()
	}
	for _, id := range w.order {
		s := w.tasks[id]
		for s.acked < uint64(len(s.told)) {
			if s.head != s.acked+1 {
				w.t.Errorf("%s: status %d of %d was not sent", id, s.acked+1, len(s.told))
				return
			}
			s.acked = s.head
			w.core.FromMaster(w.now, &protocol.Acknowledge{FrameworkID: "F1", TaskID: id, UpdateID: s.head})
			w.receive()
		}
	}
	w.pass(time.Hour)
	w.core.Connected()
	for _, e := range w.core.Effects() {
		m, ok := e.Message.(*protocol.Register)
		if !ok {
			w.t.Errorf("%+v came when everything was acknowledged", e)
			continue
		}
		for _, r := range m.Tasks {
			if told := w.tasks[r.Task.ID].told; len(told) > 0 && told[len(told)-1].Terminal() {
				w.t.Errorf("%s is kept though its end is acknowledged", r.Task.ID)
			}
		}
	}
}
