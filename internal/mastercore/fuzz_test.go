package mastercore_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/internal/wire"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// The inputs of FuzzMaster, each with its bytes behind it.
const (
	inputSubscribe = iota // a name, or an id
	inputCall             // an envelope of a driver
	inputAgent            // an envelope of an agent
	inputTime             // seconds
	inputRestart
	inputs
)

// FuzzMaster is F39: whatever frameworks and agents say, in whatever order, the
// master goes on, and what it keeps is enough for the next.
func FuzzMaster(f *testing.F) {
	f.Add(typical(f))
	f.Fuzz(func(t *testing.T, script []byte) { play(t, script) })
}

// The same with what is typical, damaged at random, as a part of the tests.
func TestF39MasterTakesWhateverComes(t *testing.T) {
	script := typical(t)
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 39))
		damaged := append([]byte(nil), script...)
		for range 1 + rng.IntN(20) {
			damaged[rng.IntN(len(damaged))] = byte(rng.Uint32())
		}
		defer func() {
			if v := recover(); v != nil {
				t.Fatalf("seed %d: %v", seed, v)
			}
		}()
		play(t, damaged)
	}
}

func input(kind byte, content []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(content))), content...)
}

// typical is the life of some tasks.
func typical(t testing.TB) []byte {
	var script []byte
	say := func(kind byte, message any) {
		b, err := wire.Encode(wire.Header{Connection: 1, Number: 1}, message)
		if err != nil {
			t.Fatal(err)
		}
		script = append(script, input(kind, b)...)
	}
	t1, t2 := task("t1", "cpus:1"), task("t2", "cpus:1")
	t1.Unreachable = &proffer.UnreachablePolicy{GiveUpAfter: time.Minute}
	status := func(id proffer.TaskID, state proffer.TaskState, n uint64) *protocol.StatusUpdate {
		return &protocol.StatusUpdate{FrameworkID: "F1", Latest: state, Status: &proffer.TaskStatus{TaskID: id, AgentID: "A1", State: state, UpdateID: n}}
	}
	info := proffer.AgentInfo{ID: "A1", Hostname: "h", Resources: resources.MustParse("cpus:4;mem:100;ports:[1-10]")}
	script = append(script, input(inputSubscribe, []byte("hello"))...)
	say(inputAgent, &protocol.Register{Info: info})
	script = append(script, input(inputTime, []byte{1})...)
	say(inputCall, &scheduler.AcceptCall{OfferIDs: []proffer.OfferID{"O1"}, Operations: []offers.Operation{
		offers.Reserve{Resources: resources.MustParse("cpus:1"), By: resources.Reservation{Role: "eng", Dynamic: true}},
		offers.Launch{Tasks: []proffer.TaskInfo{t1, t2}},
	}})
	say(inputCall, &scheduler.DemandCall{Role: "*", Demands: []offers.Demand{{Shape: offers.Shape{Resources: resources.MustParseQuantities("cpus:1")}, Count: 2}}})
	say(inputAgent, status("t1", proffer.TaskRunning, 1))
	say(inputCall, &scheduler.AcknowledgeCall{AgentID: "A1", TaskID: "t1", UpdateID: 1})
	say(inputCall, &scheduler.KillCall{TaskID: "t2"})
	say(inputAgent, status("t2", proffer.TaskKilled, 1))
	script = append(script, input(inputRestart, nil)...)
	script = append(script, input(inputSubscribe, []byte("F1"))...)
	say(inputCall, &scheduler.ReconcileCall{Tasks: []scheduler.TaskRef{{TaskID: "t1"}, {TaskID: "t9", AgentID: "A1"}}})
	say(inputAgent, &protocol.Register{Info: info, Tasks: runs(proffer.TaskRunning, t1)})
	script = append(script, input(inputTime, []byte{200})...)
	say(inputAgent, &protocol.Leave{})
	say(inputCall, &scheduler.TeardownCall{})
	return script
}

// play feeds a script to masters on one registry.
func play(t testing.TB, script []byte) {
	records := make(map[string][]byte)
	now := time.Unix(1_000_000, 0)
	start := func() *mastercore.Core {
		core, err := mastercore.Recover(mastercore.Config{
			KeepCompleted: 2, AgentTimeout: agentTimeout, ReregisterTimeout: reregisterTimeout,
			Offers: offers.Config{Policy: policy.DRF(), Preemption: &offers.Preemption{After: 10 * time.Second}},
		}, now, records)
		if err != nil {
			t.Fatalf("what a master has kept is not good enough for the next: %v", err)
		}
		return core
	}
	core := start()
	session := mastercore.SessionID(1)
	for link := mastercore.LinkID(1); len(script) >= 3; {
		kind, size := script[0]%inputs, int(binary.BigEndian.Uint16(script[1:]))
		script = script[3:]
		content := script[:min(size, len(script))]
		script = script[len(content):]
		switch kind {
		case inputSubscribe:
			session++
			info := proffer.FrameworkInfo{Name: string(content), Roles: []string{"*", "eng"}, PartitionAware: true, FailoverTimeout: time.Hour}
			if len(content) > 0 && content[0] == 'F' {
				info.ID = proffer.FrameworkID(content)
			}
			_ = core.Subscribe(now, session, info, offers.Subscription{}) // it may well be refused
		case inputCall:
			if _, m, err := wire.DecodeCall(content); err == nil {
				if call, ok := m.(scheduler.Call); ok {
					core.Call(now, session, call)
				}
			}
		case inputAgent:
			if _, m, err := wire.DecodeToMaster(content); err == nil {
				if _, again := m.(*protocol.Register); again {
					link++
				}
				core.FromAgent(now, link, m)
			}
		case inputTime:
			core.Unlink(now, link)
			for range content {
				now = now.Add(time.Second)
			}
			if len(content) > 0 {
				now = now.Add(time.Duration(content[0]) * time.Second)
			}
		case inputRestart:
			core = start()
		}
		core.Advance(now)
		for key, value := range core.Changes() {
			if value == nil {
				delete(records, key)
			} else {
				records[key] = value
			}
		}
		core.Effects()
	}
	start()
}
