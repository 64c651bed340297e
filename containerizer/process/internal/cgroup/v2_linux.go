package cgroup

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup2"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// mount2 is where the unified hierarchy is; a variable for the test.
var mount2 = "/sys/fs/cgroup"

var controllers2 = []string{"cpu", "memory", "pids"}

// weightPerCPU stands for one cpu in cpu.weight; it is the kernel's default.
// Weights go up to 10000, so beyond 100 cpus the share does not grow.
const (
	weightPerCPU = 100
	maxWeight    = 10_000
)

type group2 struct {
	manager *cgroup2.Manager
	dir     string
}

// candidates2 tries below the program's own group first, in which an operator
// may have bounded it. Version 2 allows no processes in a group that hands
// controllers down, so next is beside it, and last at the top.
func candidates2(name string) ([]*record.Cgroup, error) {
	_, own, err := cgroups.ParseCgroupFileUnified("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	var candidates []*record.Cgroup
	for _, base := range slices.Compact([]string{own, path.Dir(own), "/"}) {
		candidates = append(candidates, &record.Cgroup{Version: 2, Paths: map[string]string{"": path.Join(base, "proffer", name)}})
	}
	return candidates, nil
}

func create2(name *record.Cgroup, l *record.Limits) (Group, error) {
	group := name.GetPaths()[""]
	settings := settings2(untilExec(l))
	manager, err := cgroup2.NewManager(mount2, group, settings)
	if err != nil {
		return nil, fmt.Errorf("create cgroup: %w", err)
	}
	g := &group2{manager, filepath.Join(mount2, group)}
	if err := errors.Join(g.requireControllers(), g.limitSwap(l)); err != nil {
		return nil, errors.Join(err, g.Delete())
	}
	return g, nil
}

func open2(name *record.Cgroup) (Group, error) {
	group := name.GetPaths()[""]
	dir := filepath.Join(mount2, group)
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	manager, err := cgroup2.Load(group, cgroup2.WithMountpoint(mount2))
	if err != nil {
		return nil, err
	}
	return &group2{manager, dir}, nil
}

func (g *group2) requireControllers() error {
	have, err := g.manager.Controllers()
	if err != nil {
		return err
	}
	for _, controller := range controllers2 {
		if !slices.Contains(have, controller) {
			return fmt.Errorf("cgroup %s has no controller %q, only %q", g.dir, controller, have)
		}
	}
	return nil
}

func settings2(l *record.Limits) *cgroup2.Resources {
	weight := uint64(weightPerCPU)
	if l.GetCpuShares() > 0 {
		weight = min(max(1, l.GetCpuShares()*weightPerCPU/SharesPerCPU), maxWeight)
	}
	var quotaOrMax *int64
	if q := quota(l); q > 0 {
		quotaOrMax = &q
	}
	period := quotaPeriod
	memory := orUnlimited(l.GetMemoryBytes(), math.MaxInt64) // the kernel reads it as "max"
	return &cgroup2.Resources{
		CPU:    &cgroup2.CPU{Weight: &weight, Max: cgroup2.NewCPUMax(quotaOrMax, &period)},
		Memory: &cgroup2.Memory{Max: &memory},
		Pids:   &cgroup2.Pids{Max: orUnlimited(l.GetProcesses(), -1)},
	}
}

// limitSwap keeps the container from swapping what is beyond its limit of
// memory. Where the kernel does not account for swap there is no such file.
func (g *group2) limitSwap(l *record.Limits) error {
	if _, err := os.Stat(filepath.Join(g.dir, "memory.swap.max")); err != nil {
		return nil //nolint:nilerr // the limit is put where there is a place for it
	}
	swap := int64(math.MaxInt64)
	if l.GetMemoryBytes() > 0 {
		swap = 0
	}
	return g.manager.Update(&cgroup2.Resources{Memory: &cgroup2.Memory{Swap: &swap}})
}

func (g *group2) Join() error { return g.manager.AddProc(uint64(os.Getpid())) }

func (g *group2) Update(l *record.Limits) error {
	return errors.Join(g.manager.Update(settings2(l)), g.limitSwap(l))
}

func (g *group2) Kill() (int, error) {
	limited := g.manager.Update(&cgroup2.Resources{Pids: &cgroup2.Pids{Max: 1}})
	procs, err := g.manager.Procs(true)
	if err != nil {
		return 0, errors.Join(limited, err)
	}
	// The kernel kills all of them at once since 5.14; one by one serves too,
	// as they cannot fork any more.
	if os.WriteFile(filepath.Join(g.dir, "cgroup.kill"), []byte("1"), 0) == nil {
		return len(procs), nil
	}
	pids := make([]int, len(procs))
	for i, pid := range procs {
		pids[i] = int(pid)
	}
	n, err := killAll(pids)
	return n, errors.Join(limited, err)
}

func (g *group2) Usage() (Usage, error) {
	m, err := g.manager.StatFiltered(cgroup2.StatPids | cgroup2.StatCPU | cgroup2.StatMemory | cgroup2.StatMemoryEvents)
	if err != nil {
		return Usage{}, err
	}
	return Usage{
		CPU:          time.Duration(m.GetCPU().GetUsageUsec()) * time.Microsecond,
		Memory:       int64(m.GetMemory().GetUsage()),
		MemoryLimit:  limitOf(m.GetMemory().GetUsageLimit(), 1<<62),
		Processes:    int64(m.GetPids().GetCurrent()),
		ProcessLimit: limitOf(m.GetPids().GetLimit(), noProcessLimit),
		OOMKills:     m.GetMemoryEvents().GetOomKill(),
	}, nil
}

func (g *group2) Delete() error { return removeTree(g.dir) }
