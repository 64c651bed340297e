package shim

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The names under which the program's binary is executed again.
const (
	Name        = "proffer-shim"
	stageName   = "proffer-stage"
	JanitorName = "proffer-janitor"
)

// The descriptors that a shim and a janitor are born with.
const (
	connFD     = 3 // the connection to who started it
	lifetimeFD = 4 // shim: ends with the program
	presenceFD = 5 // shim: held open, for the janitor to see it end
	absenceFD  = 4 // janitor: ends when the program and all shims are gone
)

// The files in a container's run directory.
const (
	ContainerFile = "container" // record of the container
	ExitFile      = "exit"      // record of its end
	ControlSocket = "control"
	LogFile       = "shim.log" // what goes wrong in a shim, and nobody else could tell
)

// MarkVariable is the environment variable that marks the processes of a
// container, so that they are found when nothing else leads to them.
const MarkVariable = "PROFFER_CONTAINER"

func init() {
	if len(os.Args) == 0 {
		return
	}
	var role func() error
	switch os.Args[0] {
	case Name:
		role = runShim
	case stageName:
		role = runStage
	case JanitorName:
		role = runJanitor
	default:
		return
	}
	code := 0
	if err := role(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		code = 1
	}
	// Not os.Exit, which in a binary built with -race waits a second.
	syscall.Exit(code)
}

// Start executes the program's binary again in the role of the given name and
// returns its process id. files become its descriptors, from 0 on.
func Start(argv []string, dir string, files []int) (int, error) {
	binary, err := self()
	if err != nil {
		return 0, err
	}
	attr := &syscall.ProcAttr{Dir: dir, Env: os.Environ(), Sys: &syscall.SysProcAttr{Setsid: true}}
	for _, fd := range files {
		attr.Files = append(attr.Files, uintptr(fd))
	}
	return syscall.ForkExec(binary, argv, attr)
}

// closeInherited closes the descriptors that the program had itself inherited
// and so passed on unknowingly: a pipe, say, whose reader waits for its end.
// They are told by surviving the execution; everything that was opened since
// is closed on the next one.
func closeInherited(keep ...int) error {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 || slices.Contains(keep, fd) {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			CloseAll(fd)
		}
	}
	return nil
}

// inherited takes over a descriptor that the process was born with, for itself
// alone and for use with time-outs.
func inherited(fd int, name string) (*os.File, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("descriptor %d (%s): %w: the name %s is reserved for package containerizer/process", fd, name, err, os.Args[0])
	}
	return os.NewFile(uintptr(fd), name), nil
}
