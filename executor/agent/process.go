package agent

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/internal/executorwire"
)

// process is the run of an executor in a process of its own. The executor
// connects to a socket that is there for it alone.
type process struct {
	container
	start   *agentcore.Start
	token   string
	session string // tells this run of the agent from others
	sender  *executorwire.Sender[*executorwire.ToExecutor]

	conversations sync.WaitGroup
	turn          sync.Mutex // held by the one conversation that exchanges records

	mu      sync.Mutex
	current net.Conn // that has the turn, or waits for it
	open    map[net.Conn]struct{}
}

func (a *Agent) newProcess(id agentcore.RunID, s *agentcore.Start) *process {
	p := &process{
		start: s, token: a.token(s.Container), session: rand.Text(),
		sender: executorwire.ToExecutorSender(), open: make(map[net.Conn]struct{}),
	}
	p.init(a, id, s)
	a.runs[id] = p
	return p
}

func (a *Agent) startProcess(id agentcore.RunID, s *agentcore.Start) {
	crashpoint.Hit("agent/executor/checkpointed")
	if a.cfg.Containerizer == nil {
		a.report(id, &agentcore.LaunchFailed{Message: noContainerizer})
		return
	}
	p := a.newProcess(id, s)
	a.see(id, &p.container, p.run)
}

// run returns the last report.
func (p *process) run() agentcore.Report {
	s := p.start
	sandbox, err := p.agent.sandboxes.take(s.FrameworkID, "executor."+string(s.Executor.ID))
	if err != nil {
		return &agentcore.LaunchFailed{Message: err.Error()}
	}
	defer p.agent.sandboxes.giveBack(sandbox)
	listener, err := p.listen()
	if err != nil {
		return &agentcore.LaunchFailed{Message: "make the executor's socket: " + err.Error()}
	}
	spec := p.spec(s, sandbox, s.Executor.Command, s.Executor.Resources)
	spec.Env[executorwire.SocketVariable] = listener.Addr().String()
	spec.Env[executorwire.TokenVariable] = p.token
	// It listens not before: its statuses say which container it is in.
	last := p.see(spec, p.listening(listener))
	_ = listener.Close() // it is removed with that
	p.endConversations()
	return last
}

func (p *process) listening(listener *net.UnixListener) func() func() {
	return func() func() {
		p.conversations.Go(func() { p.accept(listener) })
		return func() {}
	}
}

// adoptProcess waits for an executor to connect again.
func (a *Agent) adoptProcess(id agentcore.RunID, s *agentcore.Start) {
	p := a.newProcess(id, s)
	a.see(id, &p.container, func() agentcore.Report {
		defer a.sandboxes.giveBack(s.Sandbox)
		started := func() func() { return func() {} }
		listener, err := p.listen()
		if err != nil { // the core ends an executor that does not come back
			a.log.Error("socket of an executor not opened again", zap.String("executor_id", string(s.Executor.ID)), zap.Error(err))
		} else {
			started = p.listening(listener)
		}
		last := p.seeOut(started)
		if listener != nil {
			_ = listener.Close() // it is removed with that
		}
		p.endConversations()
		return last
	})
}

// token returns what an executor shows to be who it is: the same after a
// restart of the agent.
func (a *Agent) token(id proffer.ContainerID) string {
	mac := hmac.New(sha256.New, a.secret)
	_, _ = mac.Write([]byte(id)) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// listen makes the executor's socket, at the same place for the same container.
func (p *process) listen() (*net.UnixListener, error) {
	dir, err := p.agent.socketDir()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(p.name))
	path := filepath.Join(dir, hex.EncodeToString(sum[:socketName/2])+".sock")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // of an agent that was killed
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	name := p.start.Executor.Command.User
	if name == "" {
		name = p.start.User
	}
	if err := giveTo(path, name); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	crashpoint.Hit("agent/executor/listening")
	return listener, nil
}

// socketName is the length of a socket's name, without its suffix.
const socketName = 16

// giveTo has a socket be of use for the user of the executor alone, the agent's
// own if it is not named.
func giveTo(path, name string) error {
	if err := os.Chmod(path, 0o600); err != nil {
		return err
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
// a temporary one where that has too long a name, the same after a restart of
// the agent.
func (a *Agent) makeSocketDir() (string, error) {
	dir := filepath.Join(a.cfg.WorkDir, "sockets")
	if len(dir)+len("/.sock")+socketName <= maxSocketPath {
		return dir, os.MkdirAll(dir, 0o711)
	}
	dir = filepath.Join(os.TempDir(), "proffer-agent-"+a.instance)
	err := os.Mkdir(dir, 0o711)
	if errors.Is(err, os.ErrExist) {
		err = isOwn(dir)
	}
	if err != nil {
		return "", err
	}
	a.tempSockets = dir
	return dir, os.Chmod(dir, 0o711)
}

// removeSockets removes those of an agent that was killed. Executors that are
// adopted get theirs again.
func (a *Agent) removeSockets() error {
	dir, err := a.socketDir()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
	}
	return err
}

// isOwn reports why a directory that others might have made is not to be used.
func isOwn(dir string) error {
	var s unix.Stat_t
	if err := unix.Lstat(dir, &s); err != nil {
		return &os.PathError{Op: "lstat", Path: dir, Err: err}
	}
	if s.Mode&unix.S_IFMT != unix.S_IFDIR || int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a directory of user %d", dir, os.Geteuid())
	}
	return nil
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

// confirm has the executor forget what is in good hands.
func (p *process) confirm(number uint64) { p.sender.Confirm(number) }
