// Package schedulertest is a cluster for testing your own scheduler, what
// net/http/httptest is to a handler: a real master and simulated agents on a
// virtual clock.
//
//	c, err := schedulertest.New(schedulertest.Config{Agents: schedulertest.Agents(3, resources.MustParse("cpus:4"))})
//	d, err := scheduler.New(mine, scheduler.Config{Name: "mine", Master: c})
//	f := c.Go(ctx, d.Run)
//	c.RunFor(24 * time.Hour)
//
// # What is real
//
// The master with its allocator, and the agents with their statuses,
// acknowledgements, retries and kills, are the library's own state machines;
// the drivers are those of production. Simulated are the clock and the
// containers: a task runs for as long as [Config].Lifetime says and ends when it
// is told to; health checks succeed.
//
// # Time and order
//
// Nothing waits in real time. The clock stands still while anything is to be
// done and then moves to the next event, so that a day takes as long as its
// work. Of several frameworks one works at a time, and what happens does not
// depend on anything but the program: the same program gives the same history.
//
// At one instant the agents and the master come first, then what the test has
// scheduled with [Cluster.At] and [Cluster.After].
//
// # Goroutines
//
// Everything happens inside of the calls of New, Go, Run, RunFor, RunUntil and
// Close, on behalf of the goroutine that calls them: each framework is a
// coroutine (see [iter.Pull]), so that a panic or a [testing.T.FailNow] in a
// callback arrives there. A framework calls Receive of its session from the
// function that was given to Go and not from a goroutine of its own; the other
// methods of a driver may be called from anywhere, at the price that the
// history then depends on when.
package schedulertest
