package agent_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

// noop finishes every task in no time, or with keep set, never.
type noop struct{ keep bool }

func (n noop) Launch(_ context.Context, d *executor.Driver, task proffer.TaskInfo) error {
	if err := d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskRunning}); err != nil || n.keep {
		return err
	}
	return d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskFinished})
}

func (n noop) Kill(context.Context, *executor.Driver, proffer.TaskID, time.Duration) error {
	return nil
}

// ackingMaster acknowledges every status and counts the tasks in a state.
type ackingMaster struct {
	*fakeMaster
	mu    sync.Mutex
	count int
	want  int
	done  chan struct{}
}

func newAckingMaster(state proffer.TaskState, want int) *ackingMaster {
	m := &ackingMaster{fakeMaster: newFakeMaster(), want: want, done: make(chan struct{})}
	m.on = func(l *fakeLink, message protocol.ToMaster) {
		u, ok := message.(*protocol.StatusUpdate)
		if !ok {
			return
		}
		l.messages.Put(&protocol.Acknowledge{FrameworkID: u.FrameworkID, TaskID: u.Status.TaskID, UpdateID: u.Status.UpdateID})
		if u.Status.State == state {
			m.mu.Lock()
			if m.count++; m.count == m.want {
				close(m.done)
			}
			m.mu.Unlock()
		}
	}
	return m
}

// launches returns messages that launch n tasks, a hundred each.
func launches(n int) []protocol.ToAgent {
	const batch = 100
	e := &proffer.ExecutorInfo{ID: "noop", Name: "noop"}
	res := resources.MustParse("cpus:0.001")
	var list []protocol.ToAgent
	for i := 0; i < n; i += batch {
		m := &protocol.RunTasks{FrameworkID: "F1", Role: "*"}
		tasks := make([]proffer.TaskInfo, min(batch, n-i))
		for k := range tasks {
			tasks[k] = proffer.TaskInfo{ID: proffer.TaskID(strconv.Itoa(i + k)), Executor: e, Resources: res}
			m.Tasks = append(m.Tasks, &tasks[k])
		}
		list = append(list, m)
	}
	return list
}

// BenchmarkAgentTask is the path of a task through the agent and an executor
// that is built in: launch, running, acknowledged, finished, acknowledged.
func BenchmarkAgentTask(b *testing.B) { benchmarkTask(b, false) }

// BenchmarkAgentTaskCheckpointed is the same with every step of it durable
// before the next.
func BenchmarkAgentTaskCheckpointed(b *testing.B) { benchmarkTask(b, true) }

func benchmarkTask(b *testing.B, checkpoint bool) {
	m := newAckingMaster(proffer.TaskFinished, b.N)
	list := launches(b.N)
	startAgent(b, m.fakeMaster, agent.Config{Checkpoint: checkpoint, Executors: map[string]executor.Executor{"noop": noop{}}})
	b.ReportAllocs()
	b.ResetTimer()
	m.send(list...)
	<-m.done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// BenchmarkAgentMemory is the heap of the agent for a task that runs.
func BenchmarkAgentMemory(b *testing.B) {
	const tasks = 100_000
	for b.Loop() {
		m := newAckingMaster(proffer.TaskRunning, tasks)
		list := launches(tasks)
		stop := startAgent(b, m.fakeMaster, agent.Config{Executors: map[string]executor.Executor{"noop": noop{keep: true}}})
		before := heap()
		m.send(list...)
		<-m.done
		after := heap()
		b.ReportMetric(float64(after-before)/tasks, "B/running-task")
		runtime.KeepAlive(list)
		if err := stop(); err == nil {
			b.Fatal("Run ended without an error")
		}
	}
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
