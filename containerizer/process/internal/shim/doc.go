// Package shim is what runs beside a container: the program's own binary,
// executed again under another name and taken over before main begins.
//
// There are three roles, told apart by argv[0]:
//
//   - proffer-shim supervises one container. It outlives the program where that
//     is wanted, writes the container's logs, reaps and kills its processes,
//     and leaves the record of how it ended.
//   - proffer-stage becomes the container's command: it joins the control
//     group, sets limits and user, and executes the command in its own place.
//   - proffer-janitor waits until the program and all of its shims are gone and
//     removes what they left.
//
// A shim is one loop, in the main goroutine, that owns all state; goroutines
// around it read connections and pipes and send it what they read. They end
// with the process.
package shim
