package agentcore_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
)

// TestF34DuplicatesAndReorderings has messages of the master and reports come
// twice, late and in the wrong order. Nothing of it hurts: a task id that the
// agent has is not launched again, and terminal is final.
func TestF34DuplicatesAndReorderings(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for round := range uint64(300) {
		m := &muddle{
			T: t, rng: rand.New(rand.NewPCG(seed, round)), core: agentcore.New(config()), now: time.Unix(0, 0),
			starts: map[proffer.TaskID]int{}, ended: map[proffer.TaskID]uint64{}, forgotten: map[proffer.TaskID]bool{},
		}
		m.core.Connected()
		m.input(func() { m.core.FromMaster(m.now, &protocol.Registered{AgentID: "A1"}) })
		for range 200 {
			m.happen()
			m.look()
		}
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

// muddle is a core to which things come as they like.
type muddle struct {
	*testing.T
	rng  *rand.Rand
	core *agentcore.Core
	now  time.Time
	past []func() // what arrived before

	starts    map[proffer.TaskID]int
	ended     map[proffer.TaskID]uint64 // the number of the terminal status
	forgotten map[proffer.TaskID]bool   // that was acknowledged
}

func (m *muddle) input(f func()) {
	m.past = append(m.past, f)
	f()
}

func (m *muddle) happen() {
	id := proffer.TaskID(rune('a' + m.rng.IntN(4)))
	run := agentcore.RunID(m.rng.IntN(6))
	n := m.rng.Uint64N(6)
	code := m.rng.IntN(2)
	switch m.rng.IntN(8) {
	case 0:
		if m.starts[id] == 0 {
			m.input(func() {
				task := &proffer.TaskInfo{ID: id, Command: proffer.Shell("true")}
				m.core.FromMaster(m.now, &protocol.RunTasks{FrameworkID: "F1", Role: "*", Tasks: []*proffer.TaskInfo{task}})
			})
		}
	case 1:
		m.input(func() { m.core.Report(m.now, run, agentcore.Launched{Container: &proffer.ContainerStatus{ID: "c"}}) })
	case 2:
		m.input(func() { m.core.Report(m.now, run, &agentcore.Exited{Exit: &proffer.ExitStatus{Code: code}}) })
	case 3, 4:
		m.input(func() {
			m.forgotten[id] = m.forgotten[id] || n > 0 && m.ended[id] == n
			m.core.FromMaster(m.now, &protocol.Acknowledge{FrameworkID: "F1", TaskID: id, UpdateID: n})
		})
	case 5:
		m.now = m.now.Add(time.Duration(m.rng.Int64N(int64(time.Minute))))
		m.core.Advance(m.now)
	default: // once more
		m.past[m.rng.IntN(len(m.past))]()
	}
}

// look holds what the core does against the promises.
func (m *muddle) look() {
	for _, e := range m.core.Effects() {
		if e.Action == agentcore.StartCommand {
			id := e.Start.Task.ID
			if m.starts[id]++; m.starts[id] > 1 && !m.forgotten[id] {
				m.Errorf("%s is launched twice", id)
			}
		}
		u, ok := e.Message.(*protocol.StatusUpdate)
		if !ok || m.starts[u.Status.TaskID] != 1 {
			continue
		}
		s := u.Status
		if last, ended := m.ended[s.TaskID]; ended && s.UpdateID > last {
			m.Errorf("%s (%d) comes after the end (%d)", s, s.UpdateID, last)
		}
		if s.State.Terminal() {
			m.ended[s.TaskID] = s.UpdateID
		}
	}
}
