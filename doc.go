// Package proffer holds the nouns of a cluster scheduler: identifiers, tasks,
// their states and statuses, agents, frameworks, executors.
//
// Proffer is a library for writing your own cluster scheduler. It is Mesos's
// two-level model, resource offers, as importable packages: your application
// decides what to run where; Proffer decides who is offered what, launches and
// supervises. To proffer is to hold something out for acceptance.
//
// # The map
//
// Begin with examples/hello, a complete framework of sixty lines, and
// examples/batch, one that you would use; examples/replay tries policies on
// real traces. Then, from the outside inwards:
//
//   - scheduler: what a framework implements ([scheduler.Scheduler], two
//     methods) and the driver that keeps it subscribed.
//   - scheduler/embedded: a whole cluster in your process, in one call: a
//     master, some agents, processes as containers.
//   - scheduler/master: the in-process master; scheduler/registry: what it
//     remembers beyond its end.
//   - scheduler/schedulertest: a simulated cluster on a virtual clock, with
//     faults, to test your Scheduler with.
//   - offers: offers, demands, roles, quotas, and the allocator, which can be
//     used on its own; offers/policy: who is next, and which agent;
//     offers/offerstest: what every policy must pass.
//   - resources: exact values and arithmetic of resources.
//   - executor: what an executor implements, in your program or as a process
//     of its own; executor/agent: the agent that runs them.
//   - containerizer: the interface that isolates and supervises containers;
//     containerizer/process: plain processes, the default, needs nothing;
//     containerizer/containerizertest: what every implementation must pass.
//
// # The life of a task
//
//	agent ──resources──▶ master ──offer──▶ driver ──ResourceOffers──▶ your Scheduler
//	                                                                       │
//	agent ◀───launch──── master ◀──────────────── accept ──────────────────┘
//	  │
//	  └─▶ executor ─▶ container      TASK_STARTING → TASK_RUNNING → TASK_FINISHED
//	  ◀── status, again and again until it is acknowledged ──▶ StatusUpdate
//
// # How it is built
//
// State lives in cores: the allocator, the master, the agent and its tasks are
// state machines without goroutines, locks, clocks or I/O. Around each stands a
// shell, one goroutine that owns the core, feeds it what arrives, writes down
// what has to outlive it, and then carries out what it decides. Between driver,
// master and agent there are messages and nothing else.
//
// The words are Mesos's own, and so are the rules, but for these, on purpose:
// freed resources are offered at once; offers time out; frameworks fail over
// for a week unless they say otherwise; an invalid answer is an error with the
// numbers in it; arithmetic is exact and never clamps.
//
// [scheduler.Scheduler]: https://pkg.go.dev/github.com/proffer-go/proffer/scheduler#Scheduler
package proffer
