// Package executor is what runs tasks: the [Executor] that you implement, and
// the [Driver] that carries its reports to the agent.
//
// A command needs no executor. For a Go function there is [Func]. Implement
// Executor for tasks that share something: a model in memory, a connection, a
// pool of workers. It then runs in one of two ways:
//
//   - inside the agent's process, given to the agent by name (package
//     executor/agent, Config.Executors; [proffer.ExecutorInfo].Name): a task
//     costs some microseconds;
//   - in a process of its own, started by the agent
//     ([proffer.ExecutorInfo].Command), with a main function of one line:
//     executor.Main(mine{}).
//
// The agent starts an executor with the first task that names its id, and keeps
// it until the framework ends or shuts it down. When it ends by itself, its
// tasks fail with [proffer.ReasonExecutorTerminated].
//
// The driver has no goroutines. [Run] has two, which end before it returns, and
// [Func] one for each task.
//
// # The protocol
//
// What follows is for executors that are not written in Go; others are served
// by [Main]. The records are in internal/executorwire/executorwire.proto.
//
// The agent sets the environment variables PROFFER_EXECUTOR_SOCKET,
// PROFFER_EXECUTOR_TOKEN, PROFFER_FRAMEWORK_ID and PROFFER_EXECUTOR_ID. The
// socket is a Unix stream socket that is there for this executor alone. Both
// sides write records: the size in bytes as a protobuf varint, then the
// protobuf message, ToAgent one way and ToExecutor the other. A record has at
// most 4 MiB, the first one of a connection at most 64 KiB, and opaque data at
// most 1 MiB.
//
// The executor begins with Register, with the values from its environment, and
// receives Registered, or Refused and the end of the connection. It has a
// minute from its start to do so. Then the agent sends Launch, Kill, Message
// and at last Shutdown; the executor sends Update and Message at any time, and
// ends itself after a Shutdown, within the grace.
//
// So that nothing is lost with a connection, each side numbers its records
// from 1 (Register, Registered and Refused have 0) and keeps them until the
// other has them. Every record carries, in received, the number of the last
// one from the other side; one without content does nothing else. After a lost
// connection the executor connects and registers again; the received of
// Register and Registered tell both sides what to send again. Whoever gets a
// number twice ignores the second, and still says that it has it. A
// gap in the numbers, an unknown state, a record that is too large or cannot be
// read ends the connection with Refused: sending it again is pointless.
package executor
