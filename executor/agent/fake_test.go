package agent_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

// fakeMaster is a master that admits every agent as A1. What the agent sends
// is handled by on, in the agent's goroutine, or waits for next.
type fakeMaster struct {
	on func(l *fakeLink, m protocol.ToMaster) // nil: next receives it

	registered chan struct{} // gets a token with every register
	received   *mailbox.Mailbox[protocol.ToMaster]

	mu     sync.Mutex
	closed error
	link   *fakeLink
	ended  map[proffer.TaskID]*proffer.TaskStatus // seen while waiting for others
	queue  []protocol.ToMaster
}

func newFakeMaster() *fakeMaster {
	return &fakeMaster{
		registered: make(chan struct{}, 100), received: mailbox.New[protocol.ToMaster](),
	}
}

// ConnectAgent implements protocol.Master.
func (m *fakeMaster) ConnectAgent() (protocol.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed != nil {
		return nil, m.closed
	}
	m.link = &fakeLink{master: m, messages: mailbox.New[protocol.ToAgent]()}
	return m.link, nil
}

// fakeLink is a connection of the agent.
type fakeLink struct {
	master   *fakeMaster
	messages *mailbox.Mailbox[protocol.ToAgent]
	buf      []protocol.ToAgent
}

// Send implements protocol.Link.
func (l *fakeLink) Send(m protocol.ToMaster) {
	if _, ok := m.(*protocol.Register); ok {
		l.messages.Put(&protocol.Registered{AgentID: "A1"})
		l.master.registered <- struct{}{}
	}
	if l.master.on != nil {
		l.master.on(l, m)
		return
	}
	l.master.received.Put(m)
}

// Receive implements protocol.Link.
func (l *fakeLink) Receive(done <-chan struct{}) ([]protocol.ToAgent, error) {
	var err error
	l.buf, err = l.messages.Receive(done, l.buf)
	return l.buf, err
}

// Close implements protocol.Link.
func (l *fakeLink) Close() { l.messages.Close(nil) }

// send has the agent receive a message on the present link.
func (m *fakeMaster) send(messages ...protocol.ToAgent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.link.messages.Put(messages...)
}

// breakLink ends the present link.
func (m *fakeMaster) breakLink() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.link.messages.Close(errors.New("the connection broke"))
}

// next waits for the next message of the agent.
func (m *fakeMaster) next(t testing.TB) protocol.ToMaster {
	t.Helper()
	for len(m.queue) == 0 {
		var err error
		if m.queue, err = m.received.Receive(t.Context().Done(), nil); err != nil {
			t.Fatal(err)
		}
		if t.Context().Err() != nil {
			t.Fatal("the test has ended")
		}
	}
	message := m.queue[0]
	m.queue = m.queue[1:]
	return message
}

// startAgent runs an agent with the master. It has registered when startAgent
// returns, and ends with the test or by the function.
func startAgent(t testing.TB, m *fakeMaster, cfg agent.Config) (stop func() error) {
	t.Helper()
	cfg.Master = m
	if cfg.WorkDir == "" {
		cfg.WorkDir = t.TempDir()
	}
	a, err := agent.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = stop() })
	<-m.registered
	if m.on == nil {
		if r, ok := m.next(t).(*protocol.Register); !ok {
			t.Fatalf("the first message is %+v, want a register", r)
		}
	}
	return stop
}

// run launches commands of framework F1.
func run(tasks ...*proffer.TaskInfo) *protocol.RunTasks {
	return &protocol.RunTasks{FrameworkID: "F1", Role: "*", Tasks: tasks}
}

// command is a task of words.
func command(id proffer.TaskID, words ...string) *proffer.TaskInfo {
	return &proffer.TaskInfo{ID: id, Command: proffer.Args(words...), Resources: resources.MustParse("cpus:0.1;mem:32")}
}

// status waits for the next status, which is to be of the task in the state,
// and acknowledges it.
func (m *fakeMaster) status(t testing.TB, task proffer.TaskID, state proffer.TaskState) *proffer.TaskStatus {
	t.Helper()
	message := m.next(t)
	for _, ended := message.(*protocol.TaskEnded); ended; _, ended = message.(*protocol.TaskEnded) {
		message = m.next(t) // it tells less than the status that follows
	}
	u, ok := message.(*protocol.StatusUpdate)
	if !ok {
		t.Fatalf("%T %+v came, want %s of %s", message, message, state, task)
	}
	if u.Status.TaskID != task || u.Status.State != state {
		t.Fatalf("%s came, want %s of %s", u.Status, state, task)
	}
	m.send(&protocol.Acknowledge{FrameworkID: u.FrameworkID, TaskID: task, UpdateID: u.Status.UpdateID})
	return u.Status
}

// end waits for the terminal status of a task, whatever is before it, and
// acknowledges all. It remembers the ends of others.
func (m *fakeMaster) end(t testing.TB, task proffer.TaskID) *proffer.TaskStatus {
	t.Helper()
	if m.ended == nil {
		m.ended = make(map[proffer.TaskID]*proffer.TaskStatus)
	}
	for {
		if status, ok := m.ended[task]; ok {
			delete(m.ended, task)
			return status
		}
		u, ok := m.next(t).(*protocol.StatusUpdate)
		if !ok {
			continue
		}
		m.send(&protocol.Acknowledge{FrameworkID: u.FrameworkID, TaskID: u.Status.TaskID, UpdateID: u.Status.UpdateID})
		if u.Status.State.Terminal() {
			m.ended[u.Status.TaskID] = u.Status
		}
	}
}
