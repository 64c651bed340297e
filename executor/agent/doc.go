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
// what it started runs any more, or it says so ([ErrLeftBehind]).
//
// A connection that is lost is opened again, and the agent registers with what
// it runs. An agent that is started anew knows nothing of what an earlier one
// left: containers should end with the program.
//
// Sandboxes are removed some time after the end of their tasks. What is mounted
// in them, and what symbolic links lead to, is left alone.
//
// # How
//
// The decisions are those of a core without I/O (internal/agentcore), which the
// goroutine of Run owns. Everything else puts what happened into its queue.
// There is one goroutine for the connection to the master and one for old
// sandboxes; one for each built-in executor; for each container one that sees
// it through, two that follow its output if Config.Output is set, one for each
// of its checks, and short ones for signals; for each executor process one that
// accepts its connections, and two for each of them. All end before Run
// returns.
package agent
