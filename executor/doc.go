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
// An executor in a process of its own outlives its agent if that has a
// checkpoint, goes on with its tasks, and registers with the agent that is
// started next. One inside the agent's process ends with it: its tasks are
// TASK_GONE.
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
//
// An agent that has a checkpoint (its Config.Checkpoint) says that it has a
// record only when what follows from it is written down. It may be started
// again: the socket then comes back at the same place, the token is the same,
// and the session in Registered is another one. The executor has to be quick,
// within 2 seconds if the agent says nothing else, and is ended otherwise. In a
// new session both sides number from 1 again, and received is 0. The executor
// begins with Tasks: those that it was told to launch, but for those whose
// terminal Update the agent has. The agent ends what it had sent and is not
// among them, with TASK_DROPPED, and launches the rest of what waits. Then the
// executor sends again what the agent does not have. The sequence of an Update,
// which counts updates over all sessions, tells the agent which it knows all
// the same. Register carries the session of the last Registered, and is empty
// before the first: an executor that was never registered has nothing to say
// but Register.
package executor
