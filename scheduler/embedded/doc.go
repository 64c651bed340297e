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
// kill -9. Output and sandboxes survive where Config.Dir is set.
//
// # Goroutines
//
// Start starts one for the master and one for each agent, which ends with
// Close; see packages scheduler/master and executor/agent for those below.
package embedded
