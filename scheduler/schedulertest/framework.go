package schedulertest

import (
	"context"
	"iter"
	"slices"
)

// Framework is a framework's program that a cluster runs: whatever was given to
// [Cluster.Go].
type Framework struct {
	cluster *Cluster
	number  int
	ctx     context.Context //nolint:containedctx // it is that of the program, which outlives calls
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	done    bool
	err     error
}

// Go starts a framework: run, which is the Run method of a driver, or a function
// that calls it. It works until it waits for the master, and further whenever
// time passes. It ends as Run does, also when ctx ends, which is noticed before
// the clock moves on.
func (c *Cluster) Go(ctx context.Context, run func(ctx context.Context) error) *Framework {
	c.launched++
	f := &Framework{cluster: c, number: c.launched, ctx: ctx}
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
	f.cluster.current = f
	defer func() { f.cluster.current = nil }()
	defer f.forget() // also when a callback panics
	f.stop()
}

func (f *Framework) forget() {
	f.done = true
	is := func(o *Framework) bool { return o == f }
	f.cluster.programs = slices.DeleteFunc(f.cluster.programs, is)
	f.cluster.watched = slices.DeleteFunc(f.cluster.watched, is)
}

// park waits, within the program, until there is something to receive. It
// returns false when the cluster ends.
func (f *Framework) park() bool { return f.yield(struct{}{}) }
