package shim

import (
	"sync"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// execution is a further command in the container.
type execution struct {
	pid    int
	status chan ending
}

// ending is how a further command ended.
type ending struct {
	unix.WaitStatus
	withContainer bool // it was killed because the container ends
}

// exec starts a further command; a goroutine answers when it has ended.
func (s *shim) exec(r *request, x *record.Exec) {
	if s.ending() {
		r.reply <- &record.Response{Failure: failure(record.Failure_EXITED, errEnded)}
		return
	}
	command := s.inside(x.GetCommand())
	stdout, stderr := &capture{max: x.GetMaxOutput()}, &capture{max: x.GetMaxOutput()}
	outputs, stage, err := startExec(command)
	if err != nil {
		r.reply <- &record.Response{Failure: failure(record.Failure_OTHER, err)}
		return
	}
	outputs[0].carry(stdout)
	outputs[1].carry(stderr)
	e := &execution{pid: stage.pid, status: make(chan ending, 1)}
	s.execs[e.pid] = e
	s.childless = false
	go func() {
		started := make(chan *record.Failure, 1)
		go func() { started <- stage.become(command) }()
		var status ending
		select {
		case status = <-e.status:
		case <-r.gone:
			s.cancels <- e
			status = <-e.status
		}
		if f := <-started; f != nil {
			r.reply <- &record.Response{Failure: f}
			return
		}
		for _, o := range outputs {
			o.drain()
		}
		if status.withContainer {
			r.reply <- &record.Response{Failure: failure(record.Failure_EXITED, errEnded)}
			return
		}
		result := &record.ExecResult{Stdout: stdout.bytes(), Stderr: stderr.bytes(), Truncated: stdout.full || stderr.full}
		result.Code, result.Signal = exitOf(status.WaitStatus)
		r.reply <- &record.Response{Exec: result}
	}()
}

func startExec(command *record.Command) ([2]*output, *spawned, error) {
	var outputs [2]*output
	for i := range outputs {
		o, err := newOutput(command.GetUser())
		if err != nil {
			return outputs, nil, err
		}
		outputs[i] = o
	}
	stage, err := spawn(outputs[0].fd, outputs[1].fd)
	return outputs, stage, err
}

// cancel kills a command that has not ended yet, and its group.
func (s *shim) cancel(e *execution) {
	if s.execs[e.pid] == e {
		_ = unix.Kill(-e.pid, unix.SIGKILL) // it is not reaped yet, so it is there
	}
}

// inside returns the command with what it takes over from the container's.
func (s *shim) inside(c *record.Command) *record.Command {
	own := s.launch.GetCommand()
	merged := &record.Command{
		Argv: c.GetArgv(), Dir: own.GetDir(), User: c.GetUser(), Cgroup: own.GetCgroup(),
		Env:     mergeEnv(own.GetEnv(), c.GetEnv()),
		Rlimits: append(append([]*record.Rlimit(nil), own.GetRlimits()...), c.GetRlimits()...),
	}
	if merged.User == nil && own.GetUser() != nil {
		merged.User = proto.CloneOf(own.GetUser())
	}
	return merged
}

// ended is called when the command has ended. What it left in its group is
// killed, so that its output ends.
func (e *execution) ended(status unix.WaitStatus, containerEnds bool) {
	_ = unix.Kill(-e.pid, unix.SIGKILL) // mostly there is nothing left
	e.status <- ending{status, containerEnds && status.Signaled()}
}

// capture keeps the beginning of what is written to it.
type capture struct {
	max int64

	mu   sync.Mutex
	kept []byte
	full bool
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(int64(len(p)), c.max-int64(len(c.kept)))
	c.kept = append(c.kept, p[:n]...)
	c.full = c.full || n < int64(len(p))
	return len(p), nil
}

func (c *capture) bytes() []byte { return c.kept }
