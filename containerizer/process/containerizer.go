package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/cgroup"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/resources"
)

// closeTime is how long Close waits for containers that it has killed. What
// does not end by then hangs in the kernel; others shall not hang with it.
const closeTime = 15 * time.Second

// Containerizer runs containers as plain processes. Its methods are safe for
// concurrent use.
type Containerizer struct {
	cfg       Config
	state     *state
	cgroup    *record.Cgroup // parent of the containers' groups; nil without limits
	noLimits  error          // why limits are not enforced
	tie       *tie           // nil when the containers outlive the program
	closing   chan struct{}
	closeOnce func() error

	mu         sync.Mutex
	closed     bool
	containers map[proffer.ContainerID]*container
	work       sync.WaitGroup // of everything that Close waits for
}

var _ containerizer.Containerizer = (*Containerizer)(nil)

// New returns a Containerizer with the containers of its root directory, among
// them those that an earlier program left running or that ended meanwhile.
func New(cfg Config) (*Containerizer, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("process: %w", err)
	}
	c := &Containerizer{
		cfg: cfg, closing: make(chan struct{}),
		containers: make(map[proffer.ContainerID]*container),
	}
	c.closeOnce = sync.OnceValue(c.close)
	if err := c.open(); err != nil {
		return nil, fmt.Errorf("process: %w", errors.Join(err, c.Close()))
	}
	return c, nil
}

// open takes possession of the root directory and what is in it.
func (c *Containerizer) open() error {
	var err error
	if c.state, err = openState(c.cfg.Root); err != nil {
		return err
	}
	if err := c.findCgroup(); err != nil {
		return err
	}
	if err := c.adopt(); err != nil {
		return err
	}
	if c.cfg.EndWithProgram {
		c.tie, err = newTie(c.state, c.cgroup, c.cfg.RemoveAtEnd)
	}
	return err
}

// LimitsError returns nil if limits of processor, memory and processes are
// enforced, or why they are not.
func (c *Containerizer) LimitsError() error { return c.noLimits }

// begin registers work that Close waits for.
func (c *Containerizer) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return containerizer.ErrClosed
	}
	c.work.Add(1)
	return nil
}

// Launch implements [containerizer.Containerizer].
func (c *Containerizer) Launch(ctx context.Context, spec containerizer.Spec) (containerizer.Container, error) {
	if err := c.begin(); err != nil {
		return containerizer.Container{}, err
	}
	defer c.work.Done()
	if err := spec.Validate(); err != nil {
		return containerizer.Container{}, &containerizer.LaunchError{ID: spec.ID, Err: err}
	}
	if err := c.reserve(spec.ID); err != nil {
		return containerizer.Container{}, err
	}
	launched, err := c.launch(ctx, &spec)
	if err != nil {
		c.forget(spec.ID)
		return containerizer.Container{}, &containerizer.LaunchError{ID: spec.ID, Err: err}
	}
	c.mu.Lock()
	c.containers[spec.ID] = launched
	c.watch(launched)
	c.mu.Unlock()
	return launched.describe(), nil
}

// reserve keeps an id for a launch.
func (c *Containerizer) reserve(id proffer.ContainerID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.containers[id]; ok {
		return idError(id, containerizer.ErrExists)
	}
	c.containers[id] = nil
	return nil
}

func (c *Containerizer) forget(id proffer.ContainerID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.containers, id)
}

func idError(id proffer.ContainerID, err error) error {
	return fmt.Errorf("container %q: %w", string(id), err)
}

// find returns a container. One that is being launched is not known yet.
func (c *Containerizer) find(id proffer.ContainerID) (*container, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, containerizer.ErrClosed
	}
	if found := c.containers[id]; found != nil {
		return found, nil
	}
	return nil, idError(id, containerizer.ErrUnknownContainer)
}

// Wait implements [containerizer.Containerizer].
func (c *Containerizer) Wait(ctx context.Context, id proffer.ContainerID) (proffer.ExitStatus, error) {
	found, err := c.find(id)
	if err != nil {
		return proffer.ExitStatus{}, err
	}
	select {
	case <-found.ended:
		return found.result()
	default:
	}
	select {
	case <-found.ended:
		return found.result()
	case <-c.closing:
		return proffer.ExitStatus{}, idError(id, containerizer.ErrClosed)
	case <-ctx.Done():
		return proffer.ExitStatus{}, idError(id, context.Cause(ctx))
	}
}

// Signal implements [containerizer.Containerizer].
func (c *Containerizer) Signal(ctx context.Context, id proffer.ContainerID, sig syscall.Signal) error {
	_, err := c.ask(ctx, id, &record.Request{Request: &record.Request_Signal{Signal: uint32(sig)}})
	return unlessExited(err)
}

// Kill implements [containerizer.Containerizer].
func (c *Containerizer) Kill(ctx context.Context, id proffer.ContainerID) error {
	_, err := c.ask(ctx, id, &record.Request{Request: &record.Request_Kill{Kill: true}})
	return unlessExited(err)
}

func unlessExited(err error) error {
	if errors.Is(err, containerizer.ErrExited) {
		return nil
	}
	return err
}

// Update implements [containerizer.Containerizer].
func (c *Containerizer) Update(ctx context.Context, id proffer.ContainerID, res resources.Resources, limits containerizer.Limits) error {
	if err := limits.Validate(); err != nil {
		return idError(id, fmt.Errorf("%w: %w", containerizer.ErrInvalidSpec, err))
	}
	_, err := c.ask(ctx, id, &record.Request{Request: &record.Request_Update{Update: limitsOf(res, limits)}})
	return err
}

// List implements [containerizer.Containerizer].
func (c *Containerizer) List(context.Context) ([]containerizer.Container, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, containerizer.ErrClosed
	}
	list := make([]containerizer.Container, 0, len(c.containers))
	for _, id := range slices.Sorted(maps.Keys(c.containers)) {
		if found := c.containers[id]; found != nil {
			list = append(list, found.describe())
		}
	}
	return list, nil
}

// Remove implements [containerizer.Containerizer].
func (c *Containerizer) Remove(_ context.Context, id proffer.ContainerID) error {
	found, err := c.take(id)
	if err != nil {
		return err
	}
	if err := shim.RemoveRunDir(found.dir); err != nil {
		c.mu.Lock()
		c.containers[id] = found
		c.mu.Unlock()
		return idError(id, err)
	}
	c.forget(id)
	return nil
}

// take takes an ended container out, and keeps its id reserved.
func (c *Containerizer) take(id proffer.ContainerID) (*container, error) {
	found, err := c.find(id)
	if err != nil {
		return nil, err
	}
	select {
	case <-found.ended:
	default:
		return nil, idError(id, containerizer.ErrRunning)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.containers[id] != found {
		return nil, idError(id, containerizer.ErrUnknownContainer)
	}
	c.containers[id] = nil
	return found, nil
}

// Close implements [containerizer.Containerizer]. Containers that end with the
// program are killed, and Close waits until they are gone.
func (c *Containerizer) Close() error { return c.closeOnce() }

func (c *Containerizer) close() error {
	c.mu.Lock()
	c.closed = true
	close(c.closing)
	watched := slices.Collect(maps.Values(c.containers))
	c.mu.Unlock()

	if c.tie == nil {
		releaseAll(watched)
		c.work.Wait()
	} else {
		c.tie.cut()
		if !c.workEndsWithin(closeTime) {
			releaseAll(watched)
			c.work.Wait()
			return errors.Join(fmt.Errorf("process: containers do not end within %v of being killed", closeTime), c.tie.conn.Close(), c.state.lock.Close())
		}
	}
	var errs []error
	if c.tie != nil {
		errs = append(errs, c.tie.wait())
	} else if c.cgroup != nil {
		_ = cgroup.Remove(c.cgroup) // it is busy while containers live on
	}
	if c.state != nil {
		errs = append(errs, c.state.close())
	}
	return errors.Join(errs...)
}

func releaseAll(watched []*container) {
	for _, w := range watched {
		if w != nil {
			w.release()
		}
	}
}

// workEndsWithin waits for the watching of the containers to end.
func (c *Containerizer) workEndsWithin(d time.Duration) bool {
	over := make(chan struct{})
	go func() {
		c.work.Wait()
		close(over)
	}()
	t := clock.System.NewTimer(d)
	defer t.Stop()
	select {
	case <-over:
		return true
	case <-t.C():
		return false
	}
}
