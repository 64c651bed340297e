package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
	"github.com/proffer-go/proffer/internal/clock"
)

// ask has the container's shim do something.
func (c *Containerizer) ask(ctx context.Context, id proffer.ContainerID, request *record.Request) (*record.Response, error) {
	found, err := c.find(id)
	if err != nil {
		return nil, err
	}
	if err := c.begin(); err != nil {
		return nil, err
	}
	defer c.work.Done()
	response, err := c.exchange(ctx, found, request)
	if err != nil {
		return nil, idError(id, err)
	}
	return response, nil
}

func (c *Containerizer) exchange(ctx context.Context, found *container, request *record.Request) (*record.Response, error) {
	select {
	case <-found.ended:
		return nil, containerizer.ErrExited
	default:
	}
	conn, err := dial(found.dir)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return nil, fmt.Errorf("%w: its shim has gone: %w", containerizer.ErrExited, err)
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // the answer is there, or will not come
	stop := c.interrupt(ctx, func() error { return conn.SetDeadline(time.Unix(1, 0)) })
	response := new(record.Response)
	err = shim.Send(conn, request)
	if err == nil {
		err = shim.Receive(conn, response)
	}
	if cause := stop(); cause != nil && err != nil {
		return nil, cause
	}
	if err != nil {
		// The container has ended meanwhile, and the shim with it.
		return nil, fmt.Errorf("%w: %w", containerizer.ErrExited, err)
	}
	if f := response.GetFailure(); f != nil {
		return nil, &refusal{shim.Err(f)}
	}
	return response, nil
}

// refusal is the error of a shim that answered, unlike that of one that did not.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// dial connects to the shim of a run directory.
func dial(dir string) (net.Conn, error) {
	path, done, err := socketPath(filepath.Join(dir, shim.ControlSocket))
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("unix", path)
	return conn, errors.Join(err, done())
}

// Stats implements [containerizer.Containerizer]. Without limits, memory is
// the sum of the resident sets.
func (c *Containerizer) Stats(ctx context.Context, id proffer.ContainerID) (containerizer.Stats, error) {
	response, err := c.ask(ctx, id, &record.Request{Request: &record.Request_Stats{Stats: true}})
	if err != nil {
		return containerizer.Stats{}, err
	}
	s := response.GetStats()
	return containerizer.Stats{
		Time: clock.System.Now(), CPU: time.Duration(s.GetCpuNanoseconds()),
		MemoryBytes: s.GetMemoryBytes(), MemoryLimitBytes: s.GetMemoryLimitBytes(),
		Processes: s.GetProcesses(), ProcessLimit: s.GetProcessLimit(),
		DroppedLogBytes: s.GetDroppedLogBytes(),
	}, nil
}

// Exec implements [containerizer.Containerizer]. When it ends, what the
// command left in its process group is killed.
func (c *Containerizer) Exec(ctx context.Context, id proffer.ContainerID, spec containerizer.ExecSpec) (containerizer.ExecResult, error) {
	if err := spec.Validate(); err != nil {
		return containerizer.ExecResult{}, &containerizer.LaunchError{ID: id, Err: fmt.Errorf("%w: %w", containerizer.ErrInvalidSpec, err)}
	}
	user, err := credential(spec.Command.User)
	if err != nil {
		return containerizer.ExecResult{}, &containerizer.LaunchError{ID: id, Err: err}
	}
	exec := &record.Exec{Command: command(spec.Command, spec.Command.Env, user), MaxOutput: int64(spec.MaxOutput)}
	if spec.MaxOutput == 0 {
		exec.MaxOutput = containerizer.DefaultMaxOutput
	}
	response, err := c.ask(ctx, id, &record.Request{Request: &record.Request_Exec{Exec: exec}})
	if refused := (*refusal)(nil); errors.As(err, &refused) && !errors.Is(err, containerizer.ErrExited) {
		return containerizer.ExecResult{}, &containerizer.LaunchError{ID: id, Err: refused.error}
	}
	if err != nil {
		return containerizer.ExecResult{}, err
	}
	r := response.GetExec()
	return containerizer.ExecResult{
		Exit:   exitStatus(&record.Exit{Code: r.GetCode(), Signal: r.GetSignal()}),
		Stdout: r.GetStdout(), Stderr: r.GetStderr(), Truncated: r.GetTruncated(),
	}, nil
}
