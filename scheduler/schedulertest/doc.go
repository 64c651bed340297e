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
// The drivers are those of production. The master with its allocator, and the
// agents with their statuses, acknowledgements, retries and kills, are the
// library's own state machines, and so are their recoveries. Simulated are the
// clock, the network, the disks and the containers: a task runs for as long as
// [Config].Lifetime says and ends when it is told to.
//
// # Time and order
//
// Nothing waits in real time. The clock stands still while anything is to be
// done and then moves to the next event, so that a day takes as long as its
// work. Of several frameworks one works at a time, and what happens does not
// depend on anything but the program and Config.Seed: the same program gives the
// same history, see [Replay].
//
// At one instant the agents and the master come first, then what the test has
// scheduled with [Cluster.At] and [Cluster.After].
//
// # Faults
//
// A test causes single faults, such as with [Cluster.CrashAgent],
// [Cluster.Partition] or [Cluster.CrashMaster], or has everything go wrong by
// chance with Config.Faults, and ends it with [Cluster.StopFaults].
//
// Every message goes through its protobuf form to bytes and back, in numbered
// envelopes on a connection. Without faults it arrives at once. One that is lost
// or overtaken breaks its connection: its receiver finds the gap with the next
// message, or the next keepalive (15 s). An end that has heard nothing for 75 s
// breaks it, too. Then both begin anew, agents and drivers after a moment.
//
// The master has a registry and each agent a checkpoint. What is written
// survives a crash, what waits to be written does not, and nothing is told
// before what it rests on is written. Containers survive the crash of their
// agent, and end with its machine. After a restart a clock may be off by years.
//
// # What must never happen
//
// After every event the cluster looks whether something has happened that must
// not, whatever the framework and the faults: two runs of a task, a task that
// ends in two ways, more on an agent than it has, a launch that the registry
// does not know of, a status that comes again after its acknowledgement. Time
// stops then, and [Cluster.Err] tells it as a story. Whether something was
// forgotten is asked with [Cluster.Verify] when faults have stopped and
// everything has had its time.
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
