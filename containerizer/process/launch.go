package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
	"github.com/proffer-go/proffer/resources"
)

// launch starts a shim and has it start the command.
func (c *Containerizer) launch(ctx context.Context, spec *containerizer.Spec) (*container, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	message, err := c.message(spec)
	if err != nil {
		return nil, err
	}
	if err := makeSandbox(spec.Sandbox, message.GetCommand().GetUser()); err != nil {
		return nil, fmt.Errorf("%w: %w", containerizer.ErrSandbox, err)
	}
	dir := c.state.runDir(spec.ID)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	var fds []int
	if c.tie != nil {
		fds = []int{c.tie.lifetimeR, c.tie.presenceW}
	}
	conn, pid, err := startShim(spec.ID, dir, fds)
	if err != nil {
		return nil, errors.Join(err, shim.RemoveRunDir(dir))
	}
	launched, err := c.command(ctx, conn, message)
	if err != nil {
		err = errors.Join(err, conn.Close())
		reap(pid)
		return nil, errors.Join(err, shim.RemoveRunDir(dir))
	}
	return newContainer(c, launched, conn, pid), nil
}

// startShim starts a shim that holds a lock as long as it lives, from the
// beginning.
func startShim(id proffer.ContainerID, dir string, fds []int) (*os.File, int, error) {
	log, err := os.OpenFile(filepath.Join(dir, shim.LogFile), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, err
	}
	defer log.Close() //nolint:errcheck // nothing is written by this process
	if err := unix.Flock(int(log.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, 0, fmt.Errorf("lock %s: %w", log.Name(), err)
	}
	return startRole([]string{shim.Name, string(id)}, dir, log, fds...)
}

// shimLives reports whether the shim of a run directory lives: whether the
// lock is held that it was born with.
func shimLives(dir string) (bool, error) {
	log, err := os.Open(filepath.Join(dir, shim.LogFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // it was not started yet, or has removed everything
	}
	if err != nil {
		return false, err
	}
	defer log.Close() //nolint:errcheck // it is only looked at
	err = unix.Flock(int(log.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// command has the shim launch the container.
func (c *Containerizer) command(ctx context.Context, conn *os.File, message *record.Launch) (*record.Container, error) {
	answer := new(record.Launched)
	err := shim.Send(conn, message)
	if err == nil {
		stop := c.interrupt(ctx, func() error {
			_, err := conn.Write([]byte{1}) // takes the launch back
			return err
		})
		err = shim.Receive(conn, answer)
		if cause := stop(); cause != nil {
			return nil, cause
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the shim ended without an answer: %w%s", err, lastWords(c.state.runDir(proffer.ContainerID(message.GetId()))))
	}
	if f := answer.GetFailure(); f != nil {
		return nil, shim.Err(f)
	}
	return answer.GetContainer(), nil
}

// interrupt calls f when ctx ends or the Containerizer is closed. The function
// it returns ends that and returns the reason, nil if there was none.
func (c *Containerizer) interrupt(ctx context.Context, f func() error) (stop func() error) {
	done, cause := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		select {
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-c.closing:
			err = containerizer.ErrClosed
		case <-done:
		}
		if err != nil {
			err = errors.Join(err, f())
		}
		cause <- err
	}()
	return func() error {
		close(done)
		return <-cause
	}
}

// lastWords returns what a shim complained about, to be put behind an error.
func lastWords(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, shim.LogFile))
	if err != nil || len(b) == 0 {
		return ""
	}
	const enough = 4096
	return fmt.Sprintf("; it said %q", b[:min(len(b), enough)])
}

// message returns what the shim is told.
func (c *Containerizer) message(spec *containerizer.Spec) (*record.Launch, error) {
	name := spec.Command.User
	if name == "" {
		name = spec.User
	}
	user, err := credential(name)
	if err != nil {
		return nil, err
	}
	m := &record.Launch{
		Id:      string(spec.ID),
		Command: command(spec.Command, environment(spec, c.state.mark(spec.ID)), user),
		Limits:  limitsOf(spec.Resources, spec.Limits),
		Stdout:  logOf(spec.Stdout, filepath.Join(spec.Sandbox, "stdout")),
		Stderr:  logOf(spec.Stderr, filepath.Join(spec.Sandbox, "stderr")),
		Labels:  spec.Labels, Sandbox: []byte(spec.Sandbox), EndWithProgram: c.tie != nil,
	}
	m.Command.Dir = []byte(spec.Sandbox)
	if c.cgroup != nil {
		m.Command.Cgroup = cgroup.Child(c.cgroup, groupName(spec.ID))
	}
	return m, nil
}

// groupName keeps ids apart from the files of the same directory.
func groupName(id proffer.ContainerID) string { return "c-" + string(id) }

func command(info *proffer.CommandInfo, env map[string]string, user *record.Credential) *record.Command {
	c := &record.Command{User: user}
	for _, arg := range info.Argv() {
		c.Argv = append(c.Argv, []byte(arg))
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		c.Env = append(c.Env, []byte(name+"="+env[name]))
	}
	for _, l := range info.Limit {
		c.Rlimits = append(c.Rlimits, &record.Rlimit{Name: l.Name, Soft: l.Soft, Hard: l.Hard})
	}
	return c
}

func environment(spec *containerizer.Spec, mark string) map[string]string {
	env := make(map[string]string, len(spec.Env)+len(spec.Command.Env)+2)
	if path := os.Getenv("PATH"); path != "" {
		env["PATH"] = path
	}
	maps.Copy(env, spec.Env)
	maps.Copy(env, spec.Command.Env)
	env[shim.MarkVariable] = mark
	return env
}

func limitsOf(res resources.Resources, l containerizer.Limits) *record.Limits {
	mem := l.Mem
	if mem == 0 {
		mem = res.Scalar("mem")
	}
	processes := uint64(max(0, l.Processes))
	if l.Processes == 0 {
		processes = containerizer.DefaultProcesses
	}
	return &record.Limits{
		CpuShares:           uint64(res.Scalar("cpus")) * cgroup.SharesPerCPU / 1000,
		CpuQuotaThousandths: uint64(l.CPUs),
		MemoryBytes:         mebibytes(mem),
		Processes:           processes,
	}
}

// mebibytes returns the bytes of an amount in MiB; beyond what a machine may
// have there is no limit to set.
func mebibytes(s resources.Scalar) uint64 {
	const thousandth = (1 << 20) / 1000.0
	if bytes := float64(s) * thousandth; bytes < 1<<62 {
		return uint64(bytes)
	}
	return 0
}

func logOf(spec containerizer.LogSpec, path string) *record.Log {
	if spec.Discard {
		return new(record.Log)
	}
	l := &record.Log{Path: []byte(path), MaxBytes: spec.MaxBytes, MaxFiles: int32(spec.MaxFiles)}
	if l.MaxBytes == 0 {
		l.MaxBytes = containerizer.DefaultLogBytes
	}
	if l.MaxFiles == 0 {
		l.MaxFiles = containerizer.DefaultLogFiles
	}
	return l
}

// makeSandbox sees to it that the directory exists. One that it makes belongs
// to the user.
func makeSandbox(dir string, user *record.Credential) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, os.ErrExist) {
		info, statErr := os.Stat(dir)
		if statErr == nil && !info.IsDir() {
			return fmt.Errorf("%s is not a directory", dir)
		}
		return statErr
	}
	if err != nil || user == nil {
		return err
	}
	return os.Chown(dir, int(user.GetUid()), int(user.GetGid()))
}
