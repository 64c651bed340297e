package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
)

// Func makes a Go function an executor: each task is a call of f in a
// goroutine of its own. The task runs when f is called; a nil result finishes
// it, an error fails it with the error's text, and so does a panic, with its
// value and stack.
//
// A kill ends f's context with the cause [ErrKilled]; the task is killed when f
// returns. Nothing can end a function that does not look at its context: grace
// times have no effect. The executor ends when all calls have returned.
func Func(f func(ctx context.Context, task proffer.TaskInfo) error) Executor {
	return &function{call: f}
}

// function is what [Serve] calls; every session has one of its own.
type function struct {
	call func(ctx context.Context, task proffer.TaskInfo) error

	mu    sync.Mutex
	tasks map[proffer.TaskID]context.CancelCauseFunc
	calls sync.WaitGroup
}

// forSession returns an executor with the tasks of one session.
func (x *function) forSession() *function {
	return &function{call: x.call, tasks: make(map[proffer.TaskID]context.CancelCauseFunc)}
}

// Launch implements [Executor].
func (x *function) Launch(ctx context.Context, d *Driver, task proffer.TaskInfo) error {
	if err := d.Update(proffer.TaskStatus{TaskID: task.ID, State: proffer.TaskRunning}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	x.mu.Lock()
	x.tasks[task.ID] = cancel
	x.mu.Unlock()
	x.calls.Go(func() {
		defer cancel(nil)
		status := x.run(ctx, task)
		x.mu.Lock()
		delete(x.tasks, task.ID)
		x.mu.Unlock()
		if err := d.Update(status); err != nil {
			d.log.Info("end of task not reported", zap.String("task_id", string(task.ID)), zap.Error(err))
		}
	})
	return nil
}

// run calls the function and returns the status in which it ends.
func (x *function) run(ctx context.Context, task proffer.TaskInfo) (status proffer.TaskStatus) {
	status.TaskID = task.ID
	defer func() {
		if v := recover(); v != nil {
			status.State = proffer.TaskFailed
			status.Message = bounded(fmt.Sprintf("panic: %v\n\n%s", v, panicStack(debug.Stack())))
		}
	}()
	err := x.call(ctx, task)
	switch {
	case errors.Is(context.Cause(ctx), ErrKilled):
		status.State = proffer.TaskKilled
	case err != nil:
		status.State = proffer.TaskFailed
	default:
		status.State = proffer.TaskFinished
	}
	if err != nil {
		status.Message = bounded(err.Error())
	}
	return status
}

// panicStack leaves out what is above the panic in a stack: this package.
func panicStack(stack []byte) []byte {
	if _, below, ok := bytes.Cut(stack, []byte("\npanic(")); ok {
		if _, frames, ok := bytes.Cut(below, []byte("\n\t")); ok {
			if _, frames, ok := bytes.Cut(frames, []byte("\n")); ok {
				return frames
			}
		}
	}
	return stack
}

// Kill implements [Executor].
func (x *function) Kill(_ context.Context, d *Driver, id proffer.TaskID, _ time.Duration) error {
	x.mu.Lock()
	cancel, ok := x.tasks[id]
	x.mu.Unlock()
	if !ok {
		return nil // it has ended meanwhile
	}
	err := d.Update(proffer.TaskStatus{TaskID: id, State: proffer.TaskKilling})
	cancel(ErrKilled)
	return err
}

// Shutdown implements [Shutdowner].
func (x *function) Shutdown(context.Context, *Driver, time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, cancel := range x.tasks {
		cancel(ErrKilled)
	}
}
