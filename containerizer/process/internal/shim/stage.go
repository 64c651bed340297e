package shim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// The descriptors of a stage beyond stdin, stdout and stderr.
const (
	statusFD  = 3 // takes the failure, or nothing and ends when the command is executed
	commandFD = 4
)

// runStage becomes the command. It returns only if that is not possible, and
// then has said so on the status pipe.
func runStage() error {
	unix.CloseOnExec(statusFD)
	unix.CloseOnExec(commandFD)
	status := os.NewFile(statusFD, "status")
	f := become(os.NewFile(commandFD, "command"))
	b, err := proto.Marshal(f)
	if err != nil {
		return err
	}
	_, err = status.Write(b)
	return err
}

func become(r io.Reader) *record.Failure {
	b, err := io.ReadAll(r)
	if err != nil {
		return failure(record.Failure_OTHER, err)
	}
	c := new(record.Command)
	if err := proto.Unmarshal(b, c); err != nil {
		return failure(record.Failure_OTHER, err)
	}
	if err := os.Chdir(string(c.GetDir())); err != nil {
		return failure(record.Failure_SANDBOX, err)
	}
	if c.GetCgroup() != nil {
		group, err := cgroup.Open(c.GetCgroup())
		if err == nil {
			err = group.Join()
		}
		if err != nil {
			return failure(record.Failure_OTHER, fmt.Errorf("join cgroup: %w", err))
		}
	}
	// Limits come before the user, who may not raise them, and the user before
	// the command is looked up, which is to be found with the user's rights.
	for _, l := range c.GetRlimits() {
		if err := setRlimit(l); err != nil {
			return failure(record.Failure_RLIMIT, err)
		}
	}
	if err := setUser(c.GetUser()); err != nil {
		return failure(record.Failure_OTHER, err)
	}
	if err := dieWithShim(); err != nil {
		return failure(record.Failure_OTHER, err)
	}
	argv, env := toStrings(c.GetArgv()), toStrings(c.GetEnv())
	path, f := lookUp(argv[0], env)
	if f != nil {
		return f
	}
	return explain(path, syscall.Exec(path, argv, env))
}

func toStrings(list [][]byte) []string {
	converted := make([]string, len(list))
	for i, b := range list {
		converted[i] = string(b)
	}
	return converted
}

func setRlimit(l *record.Rlimit) error {
	resource, ok := rlimits[l.GetName()]
	if !ok {
		return fmt.Errorf("unknown rlimit %q: want a name such as nofile", l.GetName())
	}
	value := syscall.Rlimit{Cur: rlimitValue(l.GetSoft()), Max: rlimitValue(l.GetHard())}
	if err := syscall.Setrlimit(resource, &value); err != nil {
		return fmt.Errorf("rlimit %s (soft %d, hard %d): %w", l.GetName(), l.GetSoft(), l.GetHard(), err)
	}
	return nil
}

func rlimitValue(v uint64) uint64 {
	if v == proffer.RlimitInfinity {
		return unix.RLIM_INFINITY
	}
	return v
}

func setUser(user *record.Credential) error {
	if user == nil {
		return nil
	}
	groups := make([]int, len(user.GetGroups()))
	for i, g := range user.GetGroups() {
		groups[i] = int(g)
	}
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("set groups %v: %w", groups, err)
	}
	if err := syscall.Setgid(int(user.GetGid())); err != nil {
		return fmt.Errorf("set group %d: %w", user.GetGid(), err)
	}
	if err := syscall.Setuid(int(user.GetUid())); err != nil {
		return fmt.Errorf("set user %d: %w", user.GetUid(), err)
	}
	return nil
}

// isOrphan reports whether the shim that started this stage is gone.
func isOrphan() bool {
	return len(os.Args) < 2 || strconv.Itoa(os.Getppid()) != os.Args[1]
}

// lookUp finds the program the way a shell does.
func lookUp(name string, env []string) (string, *record.Failure) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	var path string
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, "PATH="); ok {
			path = value
		}
	}
	var unusable *record.Failure
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		candidate := dir + "/" + name
		info, err := os.Stat(candidate)
		if err != nil || info.IsDir() {
			continue
		}
		if err := unix.Access(candidate, unix.X_OK); err != nil {
			unusable = failure(record.Failure_NOT_EXECUTABLE, fmt.Errorf("%s: %w", candidate, err))
			continue
		}
		return candidate, nil
	}
	if unusable != nil {
		return "", unusable
	}
	return "", failure(record.Failure_COMMAND_NOT_FOUND, fmt.Errorf("%q is not in the PATH %q", name, path))
}

// explain says why path was not executed. The kernel's answer means several
// things: ENOENT may be about the interpreter that the file asks for.
func explain(path string, err error) *record.Failure {
	info, statErr := os.Stat(path)
	switch {
	case statErr == nil && info.IsDir():
		return failure(record.Failure_NOT_EXECUTABLE, fmt.Errorf("%s is a directory", path))
	case statErr == nil && errors.Is(err, syscall.ENOENT):
		return failure(record.Failure_NOT_EXECUTABLE, fmt.Errorf("the interpreter of %s does not exist", path))
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR):
		return failure(record.Failure_COMMAND_NOT_FOUND, fmt.Errorf("%s: %w", path, err))
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.ELOOP):
		return failure(record.Failure_NOT_EXECUTABLE, fmt.Errorf("%s: %w", path, err))
	default:
		return failure(record.Failure_OTHER, fmt.Errorf("execute %s: %w", path, err))
	}
}
