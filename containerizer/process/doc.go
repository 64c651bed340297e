// Package process runs containers as plain processes of the operating system.
// It needs nothing installed and no privilege; with root and Linux it also
// switches users and enforces limits by control groups.
//
// # How it works
//
// Beside every container runs a shim, a small process that starts the command,
// writes its output to rotated files, reaps and kills what it started, and
// leaves a record of how it ended. So a container survives the program that
// launched it, and a program started later finds it again.
//
// A shim is the program's own binary, executed again under the name
// proffer-shim: an init function of this package sees the name and takes over
// before main begins. It works in test binaries, too. What follows from it:
//
//   - Package initialisers of the program that Go runs before this package's
//     run in every shim as well. They should be cheap and without effect on the
//     outside; what is expensive belongs in main.
//   - proffer-shim, proffer-stage and proffer-janitor are reserved as argv[0]
//     of programs that import this package.
//
// The command itself is a child of the shim, in a session and a process group
// of its own, with /dev/null as its input. The shim is what Linux calls a child
// subreaper: processes that detach themselves come back to it, and it ends none
// of its work before the last of them is gone. A container that runs without
// control groups can only escape by processes that belong to another user
// (set-user-id programs).
//
// # Life and death
//
// Containers either end with the program (also when that is killed with
// kill -9: each shim notices, and a janitor process removes what is left) or
// outlive it; see [Config]. A shim that is killed takes its command with it,
// the rest of the container is killed by the program, and Wait returns
// [containerizer.ErrExitUnknown].
//
// Goroutines: one for each container, which waits for its shim to end; they
// end with the container or with Close.
//
// # Elsewhere than on Linux
//
// It builds and runs on macOS for development. There are no limits, processes
// that leave the command's process group are not found, and a command outlives
// a shim that is killed.
package process
