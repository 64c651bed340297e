package agent

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/mailbox"
)

// teller is a run that takes events.
type teller interface{ tell(e executor.Event) }

// builtin is the run of an executor in this process. It is the executor's
// session, too.
type builtin struct {
	agent    *Agent
	id       agentcore.RunID
	end      context.CancelFunc
	events   *mailbox.Mailbox[executor.Event]
	received []executor.Event // of Receive alone
	pending  []executor.Event // of the agent's Run alone
	ended    atomic.Bool
}

var _ executor.Session = (*builtin)(nil)

func (a *Agent) startExecutor(id agentcore.RunID, s *agentcore.Start) {
	if s.Executor.Command == nil {
		a.startBuiltin(id, s)
		return
	}
	a.startProcess(id, s)
}

func (a *Agent) startBuiltin(id agentcore.RunID, s *agentcore.Start) {
	e, ok := a.cfg.Executors[s.Executor.Name]
	if !ok {
		a.report(id, &agentcore.LaunchFailed{Invalid: true, Message: fmt.Sprintf(
			"no executor %q is built into the agent: it has %q", s.Executor.Name, slices.Sorted(maps.Keys(a.cfg.Executors)))})
		return
	}
	ctx, cancel := context.WithCancel(a.life)
	b := &builtin{agent: a, id: id, end: cancel, events: mailbox.New[executor.Event]()}
	a.runs[id] = b
	a.report(id, agentcore.Registered{})
	log := a.log.With(zap.String("framework_id", string(s.FrameworkID)), zap.String("executor_id", string(s.Executor.ID)))
	a.work.Go(func() {
		defer cancel()
		message := b.serve(ctx, e, log)
		b.ended.Store(true)
		a.report(id, &agentcore.Exited{Message: message})
	})
}

// serve runs the executor until its end and says what that was. A panic ends
// it as a crash ends one in a process of its own.
func (b *builtin) serve(ctx context.Context, e executor.Executor, log *zap.Logger) (message string) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("executor panicked", zap.Any("value", v), zap.ByteString("stack", debug.Stack()))
			message = fmt.Sprintf("panic: %v", v)
		}
	}()
	if err := executor.Serve(ctx, e, b, log); err != nil {
		return err.Error()
	}
	return "shut down"
}

// Send implements [executor.Session].
func (b *builtin) Send(call executor.Call) error {
	var r agentcore.Report
	switch c := call.(type) {
	case executor.UpdateCall:
		r = agentcore.Updated{Status: c.Status}
	case *executor.MessageCall:
		r = &agentcore.Sent{Data: c.Data}
	}
	if b.ended.Load() || !b.agent.report(b.id, r) {
		return executor.ErrShutdown
	}
	return nil
}

// Receive implements [executor.Session].
func (b *builtin) Receive(done <-chan struct{}) ([]executor.Event, error) {
	var err error
	b.received, err = b.events.Receive(done, b.received)
	return b.received, err
}

// tell implements teller.
func (b *builtin) tell(e executor.Event) {
	if len(b.pending) == 0 {
		b.agent.touched = append(b.agent.touched, b)
	}
	b.pending = append(b.pending, e)
}

func (b *builtin) flush() {
	b.events.Put(b.pending...)
	clear(b.pending)
	b.pending = b.pending[:0]
}

// kill implements run: the executor's context ends.
func (b *builtin) kill() { b.end() }
