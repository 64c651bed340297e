package schedulertest

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/proffer-go/proffer/scheduler"
)

// Framework is a framework's program that a cluster runs: whatever was given to
// [Cluster.Go].
type Framework struct {
	peer
	cluster *Cluster
	number  int
	ctx     context.Context //nolint:containedctx // it is that of the program, which outlives calls
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	done    bool
	err     error

	broken  bool // its last connection was: it pauses before the next
	pausing bool
	awaits  bool // the master, who is out of reach
}

// Go starts a framework: run, which is the Run method of a driver, or a function
// that calls it. It works until it waits for the master, and further whenever
// time passes. It ends as Run does, also when ctx ends, which is noticed before
// the clock moves on.
func (c *Cluster) Go(ctx context.Context, run func(ctx context.Context) error) *Framework {
	c.launched++
	f := &Framework{cluster: c, number: c.launched, ctx: ctx}
	f.name = "framework " + strconv.Itoa(f.number)
	f.next, f.stop = iter.Pull(func(yield func(struct{}) bool) {
		f.yield = yield
		f.err = run(ctx)
	})
	c.programs = append(c.programs, f)
	if ctx.Done() != nil {
		c.watched = append(c.watched, f)
	}
	f.resume()
	return f
}

// Done reports whether the program has returned.
func (f *Framework) Done() bool { return f.done }

// Err returns what the program returned, nil before it has.
func (f *Framework) Err() error { return f.err }

// resume lets the program work until it waits or ends.
func (f *Framework) resume() {
	if f.done {
		return
	}
	before := f.cluster.current
	f.cluster.current = f
	defer func() { f.cluster.current = before }()
	if _, waits := f.next(); !waits {
		f.forget()
	}
}

// end has the program return: its session is over.
func (f *Framework) end() {
	before := f.cluster.current
	f.cluster.current = f
	defer func() { f.cluster.current = before }()
	defer f.forget() // also when a callback panics
	f.stop()
}

func (f *Framework) forget() {
	f.done = true
	is := func(o *Framework) bool { return o == f }
	f.cluster.programs = slices.DeleteFunc(f.cluster.programs, is)
	f.cluster.watched = slices.DeleteFunc(f.cluster.watched, is)
	f.cluster.awaiting = slices.DeleteFunc(f.cluster.awaiting, is)
}

// park waits, within the program, until there is something to receive. It
// returns false when the cluster ends.
func (f *Framework) park() bool { return f.yield(struct{}{}) }

// awaitMaster waits, within the program, until the master can be reached; for a
// moment at least where the last connection broke.
func (f *Framework) awaitMaster(ctx context.Context) error {
	c := f.cluster
	if f.broken {
		f.broken, f.pausing = false, true
		c.timers.set(&timer{fire: func() { f.pausing = false; c.awake(f) }}, c.elapsed()+c.pause())
	}
	for f.pausing || !c.master.reachable(&f.peer) {
		f.awaits = true
		more := f.park()
		f.awaits = false
		switch {
		case !more:
			return scheduler.ErrMasterClosed
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return nil
}

// awake lets a framework see whether the master can be reached.
func (c *Cluster) awake(f *Framework) {
	if f.awaits && !slices.Contains(c.awaiting, f) {
		c.awaiting = append(c.awaiting, f)
	}
}
