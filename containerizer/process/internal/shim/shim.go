package shim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/internal/clock"
)

// How often the shim tries again to kill what does not end: at first
// quickly, because most of it ends at once.
const (
	firstSweep = 2 * time.Millisecond
	lastSweep  = 200 * time.Millisecond
)

// usage is what processes use, without a cgroup to tell.
type usage struct {
	cpu       time.Duration
	resident  int64
	processes int64
}

// shim supervises one container. Its fields belong to the main goroutine.
type shim struct {
	launch  *record.Launch
	durable bool // records survive a loss of power

	group    cgroup.Group // nil without limits
	logs     logs
	children chan os.Signal
	requests chan *request
	cancels  chan *execution

	cancelled <-chan struct{} // the launch was taken back
	lifetime  <-chan struct{} // ends with the program, if the container shall

	pid       int // of the command
	execs     map[int]*execution
	reapedCPU time.Duration

	killing   bool // somebody asked to kill it
	abandoned bool // nobody is interested in its end
	exited    bool // the command has ended, as status says
	status    unix.WaitStatus
	childless bool // there is no child, and so no descendant, left
	powerless bool // what is left is beyond the shim's rights

	sweepTimer clock.Timer
	sweepPause time.Duration
}

// runShim is the main function of a shim.
func runShim() error {
	if err := closeInherited(connFD, lifetimeFD, presenceFD); err != nil {
		return err
	}
	conn, err := inherited(connFD, "connection")
	if err != nil {
		return err
	}
	r := bufio.NewReader(conn)
	launch := new(record.Launch)
	if err := Receive(r, launch); err != nil {
		return fmt.Errorf("read the launch message: %w", err)
	}
	s := &shim{
		launch: launch, durable: !launch.GetEndWithProgram(),
		children: make(chan os.Signal, 1), requests: make(chan *request), cancels: make(chan *execution), execs: make(map[int]*execution),
		cancelled:  watchForCancel(r),
		sweepTimer: clock.System.NewTimer(0), sweepPause: firstSweep,
	}
	f := s.start()
	if f != nil {
		return errors.Join(s.cleanUp(), Send(conn, &record.Launched{Result: &record.Launched_Failure{Failure: f}}))
	}
	container, err := s.announce()
	if err != nil {
		s.abandoned = true // nobody could find it again
		return errors.Join(s.run(), Send(conn, &record.Launched{Result: &record.Launched_Failure{Failure: failure(record.Failure_OTHER, err)}}))
	}
	// The record is what counts: if the program is gone, the next one reads it.
	_ = Send(conn, &record.Launched{Result: &record.Launched_Container{Container: container}})
	return s.run()
}

// watchForCancel returns a channel that is closed when the program takes its
// launch back, which it says by a byte. That it goes away means nothing.
func watchForCancel(r io.ByteReader) <-chan struct{} {
	cancelled := make(chan struct{})
	go func() {
		if _, err := r.ReadByte(); err == nil {
			close(cancelled)
		}
	}()
	return cancelled
}

// start sets everything up and starts the command.
func (s *shim) start() *record.Failure {
	signal.Notify(s.children, syscall.SIGCHLD)
	// A shim ends when its container does and not before. Signals are caught
	// rather than ignored, for the command would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGPIPE)
	if err := errors.Join(showName(Name), adopt(), s.watchProgram()); err != nil {
		return failure(record.Failure_OTHER, err)
	}
	listener, err := net.Listen("unix", ControlSocket)
	if err != nil {
		return failure(record.Failure_OTHER, err)
	}
	command := s.launch.GetCommand()
	stdout, err := s.logs.open(s.launch.GetStdout(), command.GetUser())
	if err != nil {
		return failure(record.Failure_SANDBOX, err)
	}
	stderr, err := s.logs.open(s.launch.GetStderr(), command.GetUser())
	if err != nil {
		return failure(record.Failure_SANDBOX, err)
	}
	if command.GetCgroup() != nil {
		if s.group, err = cgroup.Create(command.GetCgroup(), s.launch.GetLimits()); err != nil {
			return failure(record.Failure_OTHER, err)
		}
	}
	stage, err := spawn(stdout.descriptor(), stderr.descriptor())
	if err != nil {
		return failure(record.Failure_OTHER, err)
	}
	s.logs.carry()
	s.pid = stage.pid
	if f := stage.become(command); f != nil {
		_, _ = unix.Wait4(stage.pid, nil, 0, nil) // it ends by itself
		return f
	}
	if s.group != nil {
		// Now that the stage's threads are gone the limit can be exact.
		if err := s.group.Update(s.launch.GetLimits()); err != nil {
			s.killing = true
			return failure(record.Failure_OTHER, errors.Join(err, s.finish()))
		}
	}
	go serve(listener, s.requests)
	return nil
}

// watchProgram takes over the descriptors that tie the shim to the program.
func (s *shim) watchProgram() error {
	if !s.launch.GetEndWithProgram() {
		return nil
	}
	lifetime, err := inherited(lifetimeFD, "lifetime")
	if err != nil {
		return err
	}
	unix.CloseOnExec(presenceFD)
	over := make(chan struct{})
	go func() {
		_, _ = lifetime.Read(make([]byte, 1)) // nothing is ever written: it ends when the program does
		close(over)
	}()
	s.lifetime = over
	return nil
}

// announce records that the command runs.
func (s *shim) announce() (*record.Container, error) {
	start, _ := StartTime(os.Getpid())
	c := &record.Container{
		Id: s.launch.GetId(), Labels: s.launch.GetLabels(), Sandbox: s.launch.GetSandbox(),
		Pid: int64(s.pid), StartedUnixNano: clock.System.Now().UnixNano(),
		ShimPid: int64(os.Getpid()), ShimStart: start, Cgroup: s.launch.GetCommand().GetCgroup(),
	}
	return c, record.Write(ContainerFile, c, s.durable)
}

// run supervises the container until it has ended, and leaves the record of
// that.
func (s *shim) run() error {
	if err := s.finish(); err != nil {
		return err
	}
	s.logs.drain()
	if s.abandoned {
		return s.removeRunDir()
	}
	exit := &record.Exit{EndedUnixNano: clock.System.Now().UnixNano(), DroppedLogBytes: s.logs.dropped()}
	exit.Code, exit.Signal = exitOf(s.status)
	exit.Oom = s.oomKilled()
	err := s.cleanUp()
	return errors.Join(err, record.Write(ExitFile, exit, s.durable))
}

// finish serves until nothing of the container runs.
func (s *shim) finish() error {
	for !s.gone() {
		select {
		case <-s.children:
			s.reap()
		case r := <-s.requests:
			s.handle(r)
		case e := <-s.cancels:
			s.cancel(e)
		case <-s.cancelled:
			s.cancelled = nil
			s.abandon()
		case <-s.lifetime:
			s.lifetime = nil
			s.abandon()
		case <-s.sweepTimer.C():
			if s.ending() {
				s.sweep()
			}
			continue
		}
		if s.ending() && s.sweepPause == firstSweep && !s.gone() {
			s.sweep()
		}
	}
	return nil
}

// abandon has the container end as if it had not been launched.
func (s *shim) abandon() {
	s.abandoned = true
	if err := os.Remove(ContainerFile); err != nil {
		complain(err)
	}
}

func (s *shim) ending() bool { return s.killing || s.abandoned || s.exited }

func (s *shim) gone() bool { return s.exited && (s.childless || s.powerless) }

// sweep kills what is left, and comes back for what does not end at once.
func (s *shim) sweep() {
	dying, beyond, err := killTree(s.pid)
	if s.group != nil {
		inGroup, groupErr := s.group.Kill()
		dying, err = dying+inGroup, errors.Join(err, groupErr)
	}
	if err != nil && s.sweepPause == firstSweep {
		complain(err) // once: it may come again and again
	}
	s.reap()
	s.powerless = dying == 0 && beyond > 0
	s.sweepTimer.Reset(s.sweepPause)
	s.sweepPause = min(2*s.sweepPause, lastSweep)
}

// reap collects the children that have ended.
func (s *shim) reap() {
	for {
		var status unix.WaitStatus
		var used unix.Rusage
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, &used)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			s.childless = true
			return
		case pid == 0:
			return
		}
		s.reapedCPU += time.Duration(used.Utime.Nano() + used.Stime.Nano())
		if pid == s.pid {
			s.exited, s.status = true, status
			if !adopts {
				_, _, _ = killTree(s.pid) // this is the last time that the group can be told
			}
		}
		if e := s.execs[pid]; e != nil {
			delete(s.execs, pid)
			e.ended(status, s.ending())
		}
	}
}

func exitOf(status unix.WaitStatus) (code, sig uint32) {
	if status.Signaled() {
		return 128 + uint32(status.Signal()), uint32(status.Signal())
	}
	return uint32(status.ExitStatus()), 0
}

func (s *shim) oomKilled() bool {
	if s.group == nil {
		return false
	}
	u, err := s.group.Usage()
	if err != nil {
		complain(err)
	}
	return u.OOMKills > 0
}

// cleanUp removes what is not needed any more.
func (s *shim) cleanUp() error {
	if s.group == nil {
		return nil
	}
	// A process that has just ended may keep its group busy for a moment.
	err := s.group.Delete()
	for pause := firstSweep; err != nil && pause < lastSweep; pause *= 2 {
		t := clock.System.NewTimer(pause)
		<-t.C()
		err = s.group.Delete()
	}
	return err
}

func (s *shim) removeRunDir() error {
	dir, err := os.Getwd()
	if err != nil {
		return errors.Join(err, s.cleanUp())
	}
	return errors.Join(s.cleanUp(), RemoveRunDir(dir))
}

// complain leaves word of what nobody else will notice.
func complain(err error) {
	_, _ = io.WriteString(os.Stderr, err.Error()+"\n") // there is nowhere else to go
}
