// Package proffer holds the nouns of a cluster scheduler: identifiers, tasks,
// their states and statuses, agents, frameworks, executors.
//
// Proffer is a library for writing your own cluster scheduler. It is Mesos's
// two-level model as importable packages: your application decides what to run
// where, Proffer decides who is offered what, launches, supervises, recovers.
package proffer
