// Package agent is the agent: it runs the tasks of a master on this machine, or
// on a part of it.
//
//	a, err := agent.New(agent.Config{Master: m, WorkDir: dir, Containerizer: c})
//	err = a.Run(ctx)
//
// # What it runs
//
// Commands run in containers, each in a sandbox of its own with the files
// stdout and stderr. The agent kills them by request, and when they take too
// long or are unhealthy, with SIGTERM first. Health checks and checks are for
// commands only: they connect to 127.0.0.1, or run in the container.
//
// Executors run in this process if they are built in (Config.Executors), else
// in a container. A built-in executor that panics has crashed: its tasks fail,
// and the agent goes on. It cannot be ended by force, though: one whose callback
// does not return holds up the end of its framework and of Run, and nobody else.
//
// A command has these variables in its environment, and those of its
// description: PROFFER_TASK_ID, PROFFER_FRAMEWORK_ID, PROFFER_AGENT_ID,
// PROFFER_SANDBOX, and PATH. It runs as the user that it names, else as that
// of its framework, else as the agent's own.
//
// # What it promises
//
// Statuses arrive in order, each again and again until it is acknowledged, the
// terminal one last; they wait while there is no master. A container, a launch
// or an executor that is stuck holds up no other. When Run returns, nothing of
// what it started runs any more, or it says so ([ErrLeftBehind]); with a
// checkpoint containers run on.
//
// A connection that is lost is opened again, and the agent registers with what
// it runs.
//
// Sandboxes are removed some time after the end of their tasks. What is mounted
// in them, and what symbolic links lead to, is left alone.
//
// # Restarts
//
// With Config.Checkpoint the agent can be ended, or killed with kill -9, and
// started again with the same work directory. What it holds is in
// WorkDir/agent.db, written before anything is done that rests on it: a status
// is sent, a container launched or removed, an executor told that it was heard,
// only when that is durable. The next agent
//
//   - adopts the containers that run, with their processes, output, probes and
//     what is left of their maximum completion time;
//   - tells the real exits of those that ended meanwhile, and sends again what
//     was not acknowledged, and nothing else;
//   - goes on with kills that were under way;
//   - ends tasks that were never started with TASK_DROPPED, so that launching
//     them again is safe, and those of executors that were built in with
//     TASK_GONE;
//   - waits for executors in processes of their own to connect again, and
//     registers with the master once they have or are too late;
//   - ends and removes containers of its own that no task wants.
//
// After a restart of the machine, tasks are TASK_GONE unless their exit is on
// record. A checkpoint that is damaged, or written by a newer version, is
// refused with its path and what to do; nothing is touched then. A store that
// fails (a full disk, say) ends Run with its error, and containers run on.
//
// Containers have to outlive the agent: process.Config.EndWithProgram is off
// and its Root is kept. Under systemd the unit needs KillMode=process.
//
// # How
//
// The decisions are those of a core without I/O (internal/agentcore), which the
// goroutine of Run owns. Everything else puts what happened into its queue.
// What the core has decided goes through a log (internal/writeahead), which has
// a goroutine of its own, and is carried out when it comes back.
// There is one goroutine for the connection to the master and one for old
// sandboxes; one that saves how far Config.Output has come; one for each
// built-in executor; for each container one that sees it through, two that
// follow its output if Config.Output is set, one for each of its checks, and
// short ones for signals and for its removal; for each executor process one
// that accepts its connections, and two for each of them. All end before Run
// returns.
package agent
