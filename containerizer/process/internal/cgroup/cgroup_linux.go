package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/cgroups/v3"
	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// noProcessLimit is the greatest value of pids.max short of "max", which
// containerd/cgroups cannot write on version 1.
const noProcessLimit = 4 << 20

// quotaPeriod is the kernel's default, in microseconds.
const quotaPeriod uint64 = 100_000

// Find returns where the program may make groups with all limits, below a
// group of the given name; it tries by making one. Where it may not, the error
// wraps [ErrUnavailable] and says why.
func Find(name string) (*record.Cgroup, error) {
	var candidates []*record.Cgroup
	var err error
	if cgroups.Mode() == cgroups.Unified {
		candidates, err = candidates2(name)
	} else {
		candidates, err = candidates1(name)
	}
	errs := []error{err}
	for _, candidate := range candidates {
		if err := Try(candidate); err != nil {
			errs = append(errs, err)
			continue
		}
		return candidate, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrUnavailable, errors.Join(errs...))
}

// Try makes and removes a group with all limits below parent.
func Try(parent *record.Cgroup) error {
	probe, err := Create(Child(parent, "probe"), &record.Limits{CpuShares: SharesPerCPU, MemoryBytes: 64 << 20, Processes: 64})
	if err == nil {
		_, err = probe.Usage()
		err = errors.Join(err, probe.Delete())
	}
	if err != nil {
		return errors.Join(err, Remove(parent))
	}
	return nil
}

// Create makes a group with limits. The limit of processes is not yet the one
// asked for but a little above: Update sets it when the command runs.
func Create(name *record.Cgroup, l *record.Limits) (Group, error) {
	if name.GetVersion() == 2 {
		return create2(name, l)
	}
	return create1(name, l)
}

// Open returns the group of that name, or an error that wraps fs.ErrNotExist.
func Open(name *record.Cgroup) (Group, error) {
	if name.GetVersion() == 2 {
		return open2(name)
	}
	return open1(name)
}

// Remove removes an empty group and the one above it, which is shared by all
// containerizers, if that is empty too.
func Remove(parent *record.Cgroup) error {
	var errs []error
	for _, dir := range dirs(parent) {
		if err := unix.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove cgroup %s: %w", dir, err))
			continue
		}
		_ = unix.Rmdir(filepath.Dir(dir)) // others may use it
	}
	return errors.Join(errs...)
}

// Children returns the names of the groups right below parent.
func Children(parent *record.Cgroup) ([]string, error) {
	seen := make(map[string]bool)
	var names []string
	for _, dir := range dirs(parent) {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() && !seen[e.Name()] {
				seen[e.Name()] = true
				names = append(names, e.Name())
			}
		}
	}
	return names, nil
}

func dirs(name *record.Cgroup) []string {
	if name.GetVersion() == 2 {
		return []string{filepath.Join(mount2, name.GetPaths()[""])}
	}
	return dirs1(name)
}

// removeTree removes a group with those inside it, which a container may have
// made. Only empty directories go, the innermost first.
func removeTree(root string) error {
	var dirs []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, p)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var errs []error
	for _, dir := range slices.Backward(dirs) {
		if err := unix.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove cgroup %s: %w", dir, err))
		}
	}
	return errors.Join(errs...)
}

func killAll(pids []int) (int, error) {
	var errs []error
	for _, pid := range pids {
		if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			errs = append(errs, fmt.Errorf("kill process %d: %w", pid, err))
		}
	}
	return len(pids), errors.Join(errs...)
}

// quota returns the processor time in a period, in microseconds.
func quota(l *record.Limits) int64 {
	return int64(l.GetCpuQuotaThousandths()) * int64(quotaPeriod) / 1000
}

func orUnlimited(limit uint64, unlimited int64) int64 {
	if limit == 0 {
		return unlimited
	}
	return int64(limit)
}

// untilExec returns the limits of the time before the command is executed.
func untilExec(l *record.Limits) *record.Limits {
	early := &record.Limits{
		CpuShares: l.GetCpuShares(), CpuQuotaThousandths: l.GetCpuQuotaThousandths(),
		MemoryBytes: l.GetMemoryBytes(), Processes: l.GetProcesses(),
	}
	if early.Processes > 0 {
		early.Processes += stageThreads
	}
	return early
}
