package agent

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/executorwire"
)

// process is the run of an executor in a process of its own. The executor
// connects to a socket that is there for it alone.
type process struct {
	container
	start  *agentcore.Start
	token  string
	sender *executorwire.Sender[*executorwire.ToExecutor]

	conversations sync.WaitGroup
	turn          sync.Mutex // held by the one conversation that exchanges records

	mu      sync.Mutex
	current net.Conn // that has the turn, or waits for it
	open    map[net.Conn]struct{}
}

func (a *Agent) startProcess(id agentcore.RunID, s *agentcore.Start) {
	if a.cfg.Containerizer == nil {
		a.report(id, &agentcore.LaunchFailed{Message: noContainerizer})
		return
	}
	p := &process{start: s, sender: executorwire.ToExecutorSender(), open: make(map[net.Conn]struct{})}
	p.init(a, id, string(s.Executor.ID))
	a.runs[id] = p
	a.work.Go(func() {
		defer p.callOff()
		a.report(id, p.run())
	})
}

// run returns the last report.
func (p *process) run() agentcore.Report {
	s := p.start
	sandbox, err := p.agent.sandboxes.take(s.FrameworkID, "executor."+string(s.Executor.ID))
	if err != nil {
		return &agentcore.LaunchFailed{Message: err.Error()}
	}
	defer p.agent.sandboxes.giveBack(sandbox)
	spec := p.spec(s, sandbox, s.Executor.Command, s.Executor.Resources)
	listener, err := p.listen(&spec)
	if err != nil {
		return &agentcore.LaunchFailed{Message: "make the executor's socket: " + err.Error()}
	}
	last := p.see(spec, func() func() {
		// Not before: its statuses say which container it is in.
		p.conversations.Go(func() { p.accept(listener) })
		return func() {}
	})
	_ = listener.Close() // it is removed with that
	p.endConversations()
	return last
}

// listen makes the executor's socket and tells of it in spec.
func (p *process) listen(spec *containerizer.Spec) (*net.UnixListener, error) {
	dir, err := p.agent.socketDir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, strconv.FormatUint(uint64(p.id), 10)+".sock")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // of an agent that was killed
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := giveTo(path, spec); err != nil {
		_ = listener.Close()
		return nil, err
	}
	var token [16]byte
	_, _ = rand.Read(token[:]) // it never fails
	p.token = hex.EncodeToString(token[:])
	spec.Env[executorwire.SocketVariable] = path
	spec.Env[executorwire.TokenVariable] = p.token
	return listener, nil
}

// giveTo has a socket be of use for the user of the executor alone.
func giveTo(path string, spec *containerizer.Spec) error {
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	name := spec.Command.User
	if name == "" {
		name = spec.User
	}
	if name == "" {
		return nil
	}
	uid, err := strconv.Atoi(name)
	if err != nil {
		u, err := user.Lookup(name)
		if err != nil {
			return err
		}
		if uid, err = strconv.Atoi(u.Uid); err != nil {
			return err
		}
	}
	return os.Chown(path, uid, -1)
}

// maxSocketPath is the greatest length of a socket's path everywhere: 104
// bytes on macOS, 108 on Linux, with a zero at the end.
const maxSocketPath = 103

// makeSocketDir returns a directory for sockets: one in the work directory, or
// a temporary one where that has too long a name.
func (a *Agent) makeSocketDir() (string, error) {
	dir := filepath.Join(a.cfg.WorkDir, "sockets")
	const longest = len("/18446744073709551615.sock")
	if len(dir)+longest <= maxSocketPath {
		return dir, os.MkdirAll(dir, 0o711)
	}
	dir, err := os.MkdirTemp("", "proffer-agent-")
	if err != nil {
		return "", err
	}
	a.tempSockets = dir
	return dir, os.Chmod(dir, 0o711)
}

// tell implements teller.
func (p *process) tell(e executor.Event) {
	m := executorwire.NewToExecutor()
	switch e := e.(type) {
	case executor.LaunchEvent:
		m.Content = &executorwire.ToExecutor_Launch{Launch: &executorwire.Launch{Task: executorwire.EncodeTask(e.Task)}}
		if n := proto.Size(m); n > executorwire.MaxSize-headroom {
			p.agent.report(p.id, agentcore.Updated{Status: &proffer.TaskStatus{
				TaskID: e.Task.ID, State: proffer.TaskError, Reason: proffer.ReasonTaskInvalid,
				Message: fmt.Sprintf("the description has %d bytes, at most %d can be sent to an executor", n, executorwire.MaxSize-headroom),
			}})
			return
		}
	case *executor.KillEvent:
		m.Content = &executorwire.ToExecutor_Kill{Kill: &executorwire.Kill{TaskId: string(e.TaskID), Grace: int64(e.Grace)}}
	case *executor.MessageEvent:
		m.Content = &executorwire.ToExecutor_Message{Message: &executorwire.Message{Data: e.Data}}
	case executor.ShutdownEvent:
		m.Content = &executorwire.ToExecutor_Shutdown{Shutdown: &executorwire.Shutdown{Grace: int64(e.Grace)}}
	default:
		return // it knows by the answer to its register
	}
	p.sender.Put(m)
}

// headroom is for the numbers of a record.
const headroom = 64
