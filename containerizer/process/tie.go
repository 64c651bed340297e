package process

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
)

// tie binds the containers' lives to the program's by two pipes that nobody
// writes to. The kernel closes the program's ends however it ends: that of
// lifetime tells the shims, that of presence, once the shims have gone too,
// tells the janitor.
type tie struct {
	lifetimeR, lifetimeW int // every shim holds the former
	presenceW            int // every shim holds it
	janitor              int // process id
	conn                 *os.File
}

func newTie(s *state, group *record.Cgroup, remove []string) (*tie, error) {
	lifetimeR, lifetimeW, err := shim.Pipe()
	if err != nil {
		return nil, err
	}
	presenceR, presenceW, err := shim.Pipe()
	if err != nil {
		shim.CloseAll(lifetimeR, lifetimeW)
		return nil, err
	}
	t := &tie{lifetimeR: lifetimeR, lifetimeW: lifetimeW, presenceW: presenceW}
	conn, pid, err := startRole([]string{shim.JanitorName}, "", nil, presenceR)
	shim.CloseAll(presenceR)
	if err != nil {
		t.cut()
		return nil, err
	}
	t.conn, t.janitor = conn, pid
	job := &record.Janitor{Cgroup: group, MarkPrefix: s.instance.GetName() + "/"}
	if s.temporary {
		job.Remove = append(job.Remove, []byte(s.root))
	}
	for _, dir := range remove {
		job.Remove = append(job.Remove, []byte(dir))
	}
	if err := shim.Send(conn, job); err != nil {
		t.cut()
		return nil, errors.Join(err, t.wait())
	}
	return t, nil
}

// cut has the shims kill their containers.
func (t *tie) cut() { shim.CloseAll(t.lifetimeR, t.lifetimeW, t.presenceW) }

// wait returns when the janitor has done its work, after the shims have gone.
func (t *tie) wait() error {
	answer := new(record.Response)
	err := shim.Receive(t.conn, answer)
	err = errors.Join(err, shim.Err(answer.GetFailure()), t.conn.Close())
	reap(t.janitor)
	return err
}

// startRole starts a process of package shim with a connection to it and
// further descriptors. What it cannot tell over that goes to stderr, unless
// that is nil.
func startRole(argv []string, dir string, stderr *os.File, fds ...int) (*os.File, int, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, 0, err
	}
	defer null.Close() //nolint:errcheck // nothing is written
	if stderr == nil {
		stderr = null
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, 0, err
	}
	defer shim.CloseAll(theirs)
	pid, err := shim.Start(argv, dir, append([]int{int(null.Fd()), int(null.Fd()), int(stderr.Fd()), theirs}, fds...))
	if err != nil {
		return nil, 0, errors.Join(err, ours.Close())
	}
	return ours, pid, nil
}

func socketPair() (*os.File, int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, 0, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	if err := unix.SetNonblock(fds[0], true); err != nil {
		shim.CloseAll(fds[0], fds[1])
		return nil, 0, err
	}
	return os.NewFile(uintptr(fds[0]), "shim"), fds[1], nil
}

// reap waits for a child to end. A process that is no child is left alone.
func reap(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// isChild reports whether the process is a child that has not been reaped, and
// reaps it if it has ended.
func isChild(pid int) bool {
	p, err := unix.Wait4(pid, nil, unix.WNOHANG, nil)
	return err == nil && p == 0
}
