// Package registry is what a master remembers beyond its end: frameworks,
// agents, quotas, and every launch before it is sent.
//
// A [Registry] keeps records; what is in them is the master's. Package
// scheduler/registry/bolt has the one that needs nothing installed, a file;
// [Memory] is for tests. Package scheduler/registry/registrytest is the suite
// that every implementation passes, and the precise form of what is promised
// here.
//
// One master uses a registry at a time. What keeps others away is the
// implementation's: the file is locked.
//
// There are no goroutines here.
package registry
