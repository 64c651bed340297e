// Package containerizer is the contract between an agent and what isolates and
// supervises its containers.
//
// A container is one command and everything it starts. A [Containerizer]
// launches containers, tells how they ended, and leaves nothing of them
// behind. Package containerizer/process does so with plain processes; package
// containerizer/containerizertest is the suite that every implementation
// passes, and the precise form of what is promised here.
//
// The promises in short:
//
//   - An exit is never lost: Wait delivers the kernel's own exit code or
//     signal, any number of times until Remove, also for a container that ended
//     while nobody was looking. Where it cannot be known, it says so
//     ([ErrExitUnknown]) and makes nothing up.
//   - Output does not pass through the program that called Launch: its absence
//     neither blocks the command nor loses a byte, a full disk drops output and
//     counts it, and files rotate.
//   - A container ends with its command: what it left running in the background
//     is killed, and Wait returns when it is gone.
//   - A container that resists its end delays nobody but those who wait for it.
//
// The package itself has no goroutine and no state.
package containerizer
