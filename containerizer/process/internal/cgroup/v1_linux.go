package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/cgroups/v3/cgroup1"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// controllers1 are those that a container needs. All of them must be there:
// limits that bind in part would look like limits.
var controllers1 = []cgroup1.Name{cgroup1.Cpu, cgroup1.Cpuacct, cgroup1.Memory, cgroup1.Pids}

type group1 struct {
	control cgroup1.Cgroup
	name    *record.Cgroup
}

// candidates1 nests below the program's own group, in which an operator may
// have bounded it.
func candidates1(name string) ([]*record.Cgroup, error) {
	path := cgroup1.NestedPath("/proffer/" + name)
	group := &record.Cgroup{Version: 1, Paths: make(map[string]string, len(controllers1))}
	for _, controller := range controllers1 {
		p, err := path(controller)
		if err != nil {
			return nil, fmt.Errorf("controller %s: %w", controller, err)
		}
		group.Paths[string(controller)] = p
	}
	return []*record.Cgroup{group}, nil
}

func path1(name *record.Cgroup) cgroup1.Path {
	return func(controller cgroup1.Name) (string, error) {
		if p, ok := name.GetPaths()[string(controller)]; ok {
			return p, nil
		}
		return "", cgroup1.ErrControllerNotActive
	}
}

// root1 is the directory below which the controllers are mounted.
var root1 = sync.OnceValues(func() (string, error) {
	active, err := cgroup1.Default()
	if err != nil {
		return "", err
	}
	for _, s := range active {
		if p, ok := s.(interface{ Path(path string) string }); ok {
			return filepath.Dir(p.Path("/")), nil
		}
	}
	return "", cgroup1.ErrMountPointNotExist
})

func hierarchy1() ([]cgroup1.Subsystem, error) {
	root, err := root1()
	if err != nil {
		return nil, err
	}
	return []cgroup1.Subsystem{
		cgroup1.NewCpu(root),
		cgroup1.NewCpuacct(root),
		// Kernels have begun to drop the kmem files, which nobody needs here.
		cgroup1.NewMemory(root, cgroup1.IgnoreModules("kmem", "kmem.tcp"), cgroup1.OptionalSwap()),
		cgroup1.NewPids(root),
	}, nil
}

func dirs1(name *record.Cgroup) []string {
	root, err := root1()
	if err != nil {
		return nil
	}
	var dirs []string
	for _, controller := range controllers1 {
		if p, ok := name.GetPaths()[string(controller)]; ok {
			dirs = append(dirs, filepath.Join(root, string(controller), p))
		}
	}
	return dirs
}

func create1(name *record.Cgroup, l *record.Limits) (Group, error) {
	control, err := cgroup1.New(path1(name), settings1(name, untilExec(l), false), cgroup1.WithHierarchy(hierarchy1))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create cgroup: %w", err), (&group1{name: name}).Delete())
	}
	return &group1{control, name}, nil
}

func open1(name *record.Cgroup) (Group, error) {
	control, err := cgroup1.Load(path1(name), cgroup1.WithHierarchy(hierarchy1))
	if errors.Is(err, cgroup1.ErrCgroupDeleted) {
		return nil, fmt.Errorf("cgroup: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	return &group1{control, name}, nil
}

// settings1 leaves out what is not limited, except when it replaces a limit.
func settings1(name *record.Cgroup, l *record.Limits, replace bool) *specs.LinuxResources {
	cpu, memory, pids := &specs.LinuxCPU{}, &specs.LinuxMemory{}, &specs.LinuxPids{}
	if l.GetCpuShares() > 0 || replace {
		shares := uint64(orUnlimited(l.GetCpuShares(), SharesPerCPU))
		cpu.Shares = &shares
	}
	if l.GetCpuQuotaThousandths() > 0 || (replace && hasFile(name, cgroup1.Cpu, "cpu.cfs_quota_us")) {
		quota, period := quota(l), quotaPeriod
		if quota == 0 {
			quota = -1
		}
		cpu.Quota, cpu.Period = &quota, &period
	}
	if l.GetMemoryBytes() > 0 || replace {
		limit := orUnlimited(l.GetMemoryBytes(), -1)
		memory.Limit = &limit
		if swapAccounted1() {
			memory.Swap = &limit // memory and swap together
		}
	}
	if l.GetProcesses() > 0 || replace {
		limit := orUnlimited(l.GetProcesses(), noProcessLimit)
		pids.Limit = &limit
	}
	return &specs.LinuxResources{CPU: cpu, Memory: memory, Pids: pids}
}

func hasFile(name *record.Cgroup, controller cgroup1.Name, file string) bool {
	root, err := root1()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(root, string(controller), name.GetPaths()[string(controller)], file))
	return err == nil
}

func swapAccounted1() bool {
	return hasFile(&record.Cgroup{}, cgroup1.Memory, "memory.memsw.limit_in_bytes")
}

func (g *group1) Join() error {
	return g.control.AddTask(cgroup1.Process{Pid: unix.Gettid()})
}

func (g *group1) Update(l *record.Limits) error {
	settings := settings1(g.name, l, true)
	if settings.Memory.Swap != nil {
		// The limit of memory may never be above that of memory and swap, so
		// that goes first when they grow.
		now, err := g.Usage()
		if err != nil {
			return err
		}
		limit := int64(l.GetMemoryBytes())
		if grows := limit == 0 || (now.MemoryLimit != 0 && limit > now.MemoryLimit); grows {
			swap := &specs.LinuxMemory{Swap: settings.Memory.Swap}
			if err := g.control.Update(&specs.LinuxResources{Memory: swap}); err != nil {
				return err
			}
		}
	}
	return g.control.Update(settings)
}

func (g *group1) Kill() (int, error) {
	one := int64(1)
	// Without this, a fork bomb may outrun the killing.
	limited := g.control.Update(&specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &one}})
	processes, err := g.control.Processes(cgroup1.Pids, true)
	if err != nil {
		return 0, errors.Join(limited, err)
	}
	pids := make([]int, len(processes))
	for i, p := range processes {
		pids[i] = p.Pid
	}
	n, err := killAll(pids)
	return n, errors.Join(limited, err)
}

func (g *group1) Usage() (Usage, error) {
	m, err := g.control.Stat()
	if err != nil {
		return Usage{}, err
	}
	return Usage{
		CPU:          time.Duration(m.GetCPU().GetUsage().GetTotal()),
		Memory:       int64(m.GetMemory().GetUsage().GetUsage()),
		MemoryLimit:  limitOf(m.GetMemory().GetUsage().GetLimit(), 1<<62),
		Processes:    int64(m.GetPids().GetCurrent()),
		ProcessLimit: limitOf(m.GetPids().GetLimit(), noProcessLimit),
		OOMKills:     m.GetMemoryOomControl().GetOomKill(),
	}, nil
}

// limitOf returns 0 for the values that stand for no limit.
func limitOf(value, unlimited uint64) int64 {
	if value >= unlimited {
		return 0
	}
	return int64(value)
}

func (g *group1) Delete() error {
	var errs []error
	for _, dir := range dirs1(g.name) {
		errs = append(errs, removeTree(dir))
	}
	return errors.Join(errs...)
}
