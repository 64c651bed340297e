package agentcore_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/internal/store"
)

// full returns a checkpoint with records of every kind.
func full(t testing.TB) map[string][]byte {
	t.Helper()
	records := map[string][]byte{}
	core, err := agentcore.Recover(config(), time.Unix(0, 0), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	task := func(id proffer.TaskID) *proffer.TaskInfo {
		return &proffer.TaskInfo{ID: id, Command: proffer.Shell("true"), MaxCompletionTime: time.Hour, Data: []byte("data")}
	}
	remote := task("x")
	remote.Command, remote.Executor = nil, &proffer.ExecutorInfo{ID: "e", Command: proffer.Shell("serve")}
	core.Connected()
	core.FromMaster(now, &protocol.Registered{AgentID: "A1"})
	core.FromMaster(now, &protocol.RunTasks{FrameworkID: "F1", Role: "r", User: "u", Tasks: []*proffer.TaskInfo{task("a"), task("b")}, Group: true})
	core.FromMaster(now, &protocol.RunTasks{FrameworkID: "F1", Role: "r", Tasks: []*proffer.TaskInfo{remote}})
	core.Report(now, 1, agentcore.Launched{Container: &proffer.ContainerStatus{ID: "c", PID: 7, Sandbox: "/s"}})
	core.Report(now, 3, agentcore.Registered{})
	core.Report(now, 3, &agentcore.Numbered{Update: 1, Number: 1, Report: agentcore.Updated{
		Status: &proffer.TaskStatus{TaskID: "x", State: proffer.TaskRunning},
	}})
	core.FromMaster(now, &protocol.KillTask{FrameworkID: "F1", TaskID: "a"})
	core.FromMaster(now, &protocol.RunTasks{FrameworkID: "F2", Role: "r", Tasks: []*proffer.TaskInfo{task("c")}})
	core.FromMaster(now, &protocol.ShutdownFramework{FrameworkID: "F2"})
	for key, value := range core.Changes() {
		if value != nil {
			records[key] = value
		}
	}
	return records
}

func TestRecordsThatCannotBeUsedAreNamed(t *testing.T) {
	for key, value := range full(t) {
		for _, tc := range []struct {
			name  string
			value []byte
			want  error
		}{
			{"torn", value[:len(value)/2], store.ErrCorrupt},
			{"empty", nil, store.ErrCorrupt},
			{"newer", append([]byte{0x08, 99}, value[2:]...), store.ErrNewer}, // the version comes first
			{"of another kind", []byte{0x08, 1, 0x1A, 0}, store.ErrCorrupt},
		} {
			if tc.name == "of another kind" && strings.HasPrefix(key, "framework/") {
				continue // it is this kind
			}
			records := full(t)
			records[key] = tc.value
			_, err := agentcore.Recover(config(), time.Unix(0, 0), records, nil)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), `"`+key) {
				t.Errorf("%s %s: %v, want %v with the key", tc.name, key, err, tc.want)
			}
		}
	}
	records := full(t)
	delete(records, "agent")
	if _, err := agentcore.Recover(config(), time.Unix(0, 0), records, nil); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("without the agent's own record: %v", err)
	}
}

func TestADescriptionThatCannotBeKeptIsRefused(t *testing.T) {
	for name, info := range map[string]*proffer.TaskInfo{
		"not UTF-8": {ID: "t", Name: "\xff", Command: proffer.Shell("true")},
		"too large": {ID: "t", Command: &proffer.CommandInfo{Args: []string{"echo", strings.Repeat("x", store.MaxRecordSize)}}},
	} {
		core, err := agentcore.Recover(config(), time.Unix(0, 0), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		core.Connected()
		core.FromMaster(time.Unix(0, 0), &protocol.Registered{AgentID: "A1"})
		core.FromMaster(time.Unix(0, 0), &protocol.RunTasks{FrameworkID: "F1", Role: "r", Tasks: []*proffer.TaskInfo{info}})
		effects := core.Effects()
		last, ok := effects[len(effects)-1].Message.(*protocol.StatusUpdate)
		if !ok || last.Status.State != proffer.TaskError || last.Status.Reason != proffer.ReasonTaskInvalid {
			t.Errorf("%s: %+v, want TASK_ERROR", name, effects[len(effects)-1])
		}
		if _, err := agentcore.Recover(config(), time.Unix(0, 0), core.Changes(), nil); err != nil {
			t.Errorf("%s: recovered: %v", name, err)
		}
	}
}

// FuzzRecover has a core go on from records with one that is damaged, as no
// store would return it, and then live: it refuses, or it works.
func FuzzRecover(f *testing.F) {
	for key, value := range full(f) {
		f.Add(key, value)
	}
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		records := maps.Clone(full(t))
		records[key] = value
		cfg := config()
		cfg.BootID, cfg.Uptime = "boot", time.Hour
		now := time.Unix(5000, 0)
		core, err := agentcore.Recover(cfg, now, records, []agentcore.Found{{Container: proffer.ContainerStatus{ID: "a-x-1.1"}}})
		if err != nil {
			return
		}
		core.Connected()
		core.FromMaster(now, &protocol.Registered{AgentID: "A2"})
		for run := range agentcore.RunID(5) {
			core.Report(now, run, &agentcore.Exited{})
		}
		for range 20 {
			at, ok := core.Deadline()
			if !ok {
				break
			}
			core.Advance(at)
		}
		core.Effects()
		maps.Copy(records, core.Changes())
		maps.DeleteFunc(records, func(_ string, v []byte) bool { return v == nil })
		if _, err := agentcore.Recover(cfg, now, records, nil); err != nil {
			t.Errorf("what the core wrote cannot be read: %v", err)
		}
	})
}
