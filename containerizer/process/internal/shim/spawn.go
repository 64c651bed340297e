package shim

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// spawned is a stage that was started and is becoming its command.
type spawned struct {
	pid     int
	status  *os.File
	command *os.File
}

// spawn starts a stage with the given outputs, in a session of its own. It
// must be called from the thread whose end is the shim's: the kernel takes it
// for the parent whose death kills the command.
func spawn(stdout, stderr int) (*spawned, error) {
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(null) //nolint:errcheck // nothing was written
	orNull := func(fd int) int {
		if fd < 0 {
			return null
		}
		return fd
	}
	statusR, statusW, err := Pipe()
	if err != nil {
		return nil, err
	}
	commandR, commandW, err := Pipe()
	if err != nil {
		CloseAll(statusR, statusW)
		return nil, err
	}
	pid, err := Start([]string{stageName, strconv.Itoa(os.Getpid())}, "", []int{null, orNull(stdout), orNull(stderr), statusW, commandR})
	CloseAll(statusW, commandR)
	if err != nil {
		CloseAll(statusR, commandW)
		return nil, err
	}
	return &spawned{pid: pid, status: os.NewFile(uintptr(statusR), "status"), command: os.NewFile(uintptr(commandW), "command")}, nil
}

// become waits until the stage has become the command c, or returns why not.
func (s *spawned) become(c *record.Command) *record.Failure {
	b, err := proto.Marshal(c)
	if err == nil {
		_, err = s.command.Write(b)
	}
	err = errors.Join(err, s.command.Close())
	answer, readErr := io.ReadAll(s.status)
	_ = s.status.Close() // it was only read
	if len(answer) > 0 {
		f := new(record.Failure)
		if err := proto.Unmarshal(answer, f); err != nil {
			return failure(record.Failure_OTHER, err)
		}
		return f
	}
	if err := errors.Join(err, readErr); err != nil {
		return failure(record.Failure_OTHER, err)
	}
	return nil
}

// Pipe returns descriptors that nothing else in the process touches. Reading
// and writing block, as the command expects of its outputs.
func Pipe() (r, w int, err error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(fds[:]); err != nil {
		return 0, 0, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	return fds[0], fds[1], nil
}

// CloseAll closes descriptors of pipes.
func CloseAll(fds ...int) {
	for _, fd := range fds {
		_ = unix.Close(fd) // pipes have nothing to lose
	}
}
