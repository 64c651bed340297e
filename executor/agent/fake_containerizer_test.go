package agent_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/resources"
)

// fakeContainerizer runs commands that are words: "exit N", "sleep" ends by a
// signal, "deaf" by SIGKILL only, "undead" never, "slow" is never launched,
// "late" only when that is called off, "absent" cannot be.
type fakeContainerizer struct {
	exec func(ctx context.Context, spec containerizer.ExecSpec) (containerizer.ExecResult, error)

	mu         sync.Mutex
	containers map[proffer.ContainerID]*fakeContainer
	launched   []containerizer.Spec
	signals    []string
}

type fakeContainer struct {
	containerizer.Container
	ended chan struct{}
	kind  string
}

var _ containerizer.Containerizer = (*fakeContainerizer)(nil)

func newFakeContainerizer() *fakeContainerizer {
	return &fakeContainerizer{containers: make(map[proffer.ContainerID]*fakeContainer)}
}

func (f *fakeContainerizer) Launch(ctx context.Context, spec containerizer.Spec) (containerizer.Container, error) {
	if err := spec.Validate(); err != nil {
		return containerizer.Container{}, &containerizer.LaunchError{ID: spec.ID, Err: err}
	}
	c := &fakeContainer{kind: spec.Command.Args[0], ended: make(chan struct{})}
	switch c.kind {
	case "slow":
		<-ctx.Done()
		return containerizer.Container{}, &containerizer.LaunchError{ID: spec.ID, Err: context.Cause(ctx)}
	case "late": // calling it off comes too late
		<-ctx.Done()
	case "absent":
		return containerizer.Container{}, &containerizer.LaunchError{ID: spec.ID, Err: containerizer.ErrCommandNotFound}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.containers[spec.ID] != nil {
		return containerizer.Container{}, containerizer.ErrExists
	}
	c.Container = containerizer.Container{ID: spec.ID, Labels: spec.Labels, Sandbox: spec.Sandbox, PID: 100 + len(f.launched)}
	f.containers[spec.ID] = c
	f.launched = append(f.launched, spec)
	if c.kind == "exit" {
		code, err := strconv.Atoi(spec.Command.Args[1])
		if err != nil {
			panic(err)
		}
		c.end(proffer.ExitStatus{Code: code})
	}
	return c.Container, nil
}

func (c *fakeContainer) end(exit proffer.ExitStatus) {
	if c.Exit == nil {
		c.Exit = &exit
		close(c.ended)
	}
}

func (f *fakeContainerizer) find(id proffer.ContainerID) (*fakeContainer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.containers[id]; ok {
		return c, nil
	}
	return nil, containerizer.ErrUnknownContainer
}

func (f *fakeContainerizer) Wait(ctx context.Context, id proffer.ContainerID) (proffer.ExitStatus, error) {
	c, err := f.find(id)
	if err != nil {
		return proffer.ExitStatus{}, err
	}
	select {
	case <-c.ended:
		return *c.Exit, nil
	case <-ctx.Done():
		return proffer.ExitStatus{}, context.Cause(ctx)
	}
}

func (f *fakeContainerizer) signal(id proffer.ContainerID, sig syscall.Signal) error {
	c, err := f.find(id)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.signals = append(f.signals, sig.String())
	if c.kind == "undead" || (c.kind == "deaf" && sig != syscall.SIGKILL) {
		return nil
	}
	c.end(proffer.ExitStatus{Code: 128 + int(sig), Signal: sig})
	return nil
}

func (f *fakeContainerizer) Signal(_ context.Context, id proffer.ContainerID, sig syscall.Signal) error {
	return f.signal(id, sig)
}

func (f *fakeContainerizer) Kill(_ context.Context, id proffer.ContainerID) error {
	return f.signal(id, syscall.SIGKILL)
}

// finish ends the only container that runs.
func (f *fakeContainerizer) finish(exit proffer.ExitStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.containers {
		c.end(exit)
	}
}

func (f *fakeContainerizer) Exec(ctx context.Context, id proffer.ContainerID, spec containerizer.ExecSpec) (containerizer.ExecResult, error) {
	if _, err := f.find(id); err != nil {
		return containerizer.ExecResult{}, err
	}
	return f.exec(ctx, spec)
}

func (f *fakeContainerizer) Update(context.Context, proffer.ContainerID, resources.Resources, containerizer.Limits) error {
	return containerizer.ErrNoLimits
}

func (f *fakeContainerizer) Stats(context.Context, proffer.ContainerID) (containerizer.Stats, error) {
	return containerizer.Stats{}, errors.New("not measured")
}

func (f *fakeContainerizer) List(context.Context) ([]containerizer.Container, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []containerizer.Container
	for _, id := range slices.Sorted(maps.Keys(f.containers)) {
		list = append(list, f.containers[id].Container)
	}
	return list, nil
}

func (f *fakeContainerizer) Remove(_ context.Context, id proffer.ContainerID) error {
	c, err := f.find(id)
	if err != nil {
		return err
	}
	select {
	case <-c.ended:
	default:
		return containerizer.ErrRunning
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.containers, id)
	return nil
}

func (f *fakeContainerizer) Close() error { return nil }
