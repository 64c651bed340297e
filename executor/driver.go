package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
)

// Driver carries an executor's reports to its agent. Its methods may be called
// from callbacks and from any goroutine; none waits for the agent.
type Driver struct {
	session Session
	log     *zap.Logger
}

// Update tells where a task stands. TaskID and State must be set; the agent
// adds what only it knows, and the time where there is none. The states that
// an executor may tell are Starting, Running, Killing, Finished, Failed, Killed
// and Error. After a terminal one, further statuses of the task are dropped.
//
// An error names what is wrong with the status, or tells that the session has
// ended; then nothing was sent.
func (d *Driver) Update(status proffer.TaskStatus) error {
	if err := ValidateUpdate(&status); err != nil {
		return fmt.Errorf("executor: update: %w", err)
	}
	return d.session.Send(UpdateCall{Status: &status})
}

// SendMessage sends data to the scheduler. It is not retried.
func (d *Driver) SendMessage(data []byte) error {
	if len(data) > proffer.MaxDataSize {
		return fmt.Errorf("executor: message has %d bytes, at most %d are allowed", len(data), proffer.MaxDataSize)
	}
	return d.session.Send(&MessageCall{Data: slices.Clone(data)})
}

// ValidateUpdate reports why a status is not one for an executor to tell. The
// driver and the agent both ask.
func ValidateUpdate(s *proffer.TaskStatus) error {
	if err := proffer.ValidateID("task id", s.TaskID); err != nil {
		return err
	}
	switch s.State {
	case proffer.TaskStarting, proffer.TaskRunning, proffer.TaskKilling,
		proffer.TaskFinished, proffer.TaskFailed, proffer.TaskKilled, proffer.TaskError:
	default:
		return fmt.Errorf("task %q: %s is not for an executor to tell", string(s.TaskID), s.State)
	}
	if !s.Reason.Valid() {
		return fmt.Errorf("task %q: reason %d is none of package proffer", string(s.TaskID), uint8(s.Reason))
	}
	if s.Health > proffer.Unhealthy {
		return fmt.Errorf("task %q: health %d is none of package proffer", string(s.TaskID), uint8(s.Health))
	}
	if n := len(s.Message); n > proffer.MaxDataSize {
		return fmt.Errorf("task %q: message has %d bytes, at most %d are allowed", string(s.TaskID), n, proffer.MaxDataSize)
	}
	if n := len(s.Data); n > proffer.MaxDataSize {
		return fmt.Errorf("task %q: data has %d bytes, at most %d are allowed", string(s.TaskID), n, proffer.MaxDataSize)
	}
	return nil
}

// Serve calls e with the events of a session until it is shut down, which is
// no error, the session fails, or ctx ends. It is what [Run] and the agent are
// built on. A nil logger is silent.
func Serve(ctx context.Context, e Executor, session Session, log *zap.Logger) error {
	if log == nil {
		log = zap.NewNop()
	}
	d := &Driver{session: session, log: log}
	ctx, cancel := context.WithCancel(ctx)
	if shared, ok := e.(*function); ok {
		f := shared.forSession()
		e = f
		defer f.calls.Wait()
	}
	defer cancel()
	calls := newDispatcher(e)
	for {
		events, err := session.Receive(ctx.Done())
		switch {
		case errors.Is(err, ErrShutdown):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		for _, event := range events {
			calls.handle(ctx, d, event)
			if _, last := event.(ShutdownEvent); last {
				return nil
			}
		}
	}
}

// dispatcher calls the methods that an executor has.
type dispatcher struct {
	executor   Executor
	registrar  Registrar
	receiver   MessageReceiver
	shutdowner Shutdowner
}

func newDispatcher(e Executor) *dispatcher {
	h := &dispatcher{executor: e}
	h.registrar, _ = e.(Registrar)
	h.receiver, _ = e.(MessageReceiver)
	h.shutdowner, _ = e.(Shutdowner)
	return h
}

func (h *dispatcher) handle(ctx context.Context, d *Driver, event Event) {
	var err error
	switch e := event.(type) {
	case LaunchEvent:
		h.launch(ctx, d, e.Task)
	case *KillEvent:
		err = h.executor.Kill(ctx, d, e.TaskID, e.Grace)
	case RegisteredEvent:
		if h.registrar != nil {
			err = h.registrar.Registered(ctx, d, *e.Info)
		}
	case *MessageEvent:
		if h.receiver != nil {
			err = h.receiver.Message(ctx, d, e.Data)
		}
	case ShutdownEvent:
		if h.shutdowner != nil {
			h.shutdowner.Shutdown(ctx, d, e.Grace)
		}
	}
	if err != nil {
		d.log.Error("executor's callback failed", zap.Error(err))
	}
}

func (h *dispatcher) launch(ctx context.Context, d *Driver, task *proffer.TaskInfo) {
	err := h.executor.Launch(ctx, d, *task)
	if err == nil {
		return
	}
	err = d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskFailed, Message: bounded(err.Error())})
	if err != nil {
		d.log.Error("failed launch not reported", zap.String("task_id", string(task.ID)), zap.Error(err))
	}
}

// maxText bounds the text of an error in a status: it is for people.
const maxText = 8 << 10

func bounded(text string) string {
	if len(text) <= maxText {
		return text
	}
	return text[:maxText] + "…"
}
