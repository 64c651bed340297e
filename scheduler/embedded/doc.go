// Package embedded is a whole cluster in your process, in one call: a master,
// some agents, and plain processes as containers. Nothing has to be installed or
// started before, and nothing is left behind.
//
//	cluster, err := embedded.Start(embedded.Config{Agents: 3})
//	defer cluster.Close()
//	d, err := scheduler.New(mine, scheduler.Config{Name: "mine", Master: cluster})
//	err = d.Run(ctx)
//
// or, for a single framework, all of that in one call of [Run].
//
// It is what tests and programs on one machine use. The agents share the
// machine: by default each has an equal part of its processors, memory and
// ports.
//
// # What is left
//
// Close ends every task with all that it started and removes the cluster's
// temporary directory. The same happens when the program is killed, even with
// kill -9.
//
// # What goes on
//
// With Config.Dir it is the other way round: when the program ends, by Close or
// by kill -9 at any moment, its tasks go on, and the next program that starts a
// cluster on the directory finds everything as it was. No task is run twice,
// none is forgotten, and how one exited meanwhile is told.
//
//	cluster, err := embedded.Start(embedded.Config{Dir: "/var/lib/mine"})
//	d, err := scheduler.New(mine, scheduler.Config{
//		Name: "mine", Master: cluster, IDs: scheduler.IDFile("/var/lib/mine/framework-id"),
//	})
//
// The framework is the same by its id. Of its tasks it is told by statuses, and
// before any offer comes, of those that it names itself: see
// [scheduler.Reconciler]. Whether Dir was used before makes no difference to
// the program.
//
// # Goroutines
//
// Start starts one for the master and one for each agent, which ends with
// Close; see packages scheduler/master and executor/agent for those below.
package embedded
