package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/internal/protocol"
)

// Agent runs tasks for a master. Make one with [New]; it works while
// [Agent.Run] does.
type Agent struct {
	cfg    Config
	log    *zap.Logger
	clock  clock.Clock
	inputs *mailbox.Mailbox[input]
	ran    atomic.Bool
	nonce  string // tells the containers of this agent from those of others
	info   proffer.AgentInfo

	sandboxes   sandboxes
	socketDir   func() (string, error)
	tempSockets string // the directory that socketDir made outside of the work directory

	// life ends when Run gives up on what it has started; work is all of its
	// goroutines.
	life    context.Context //nolint:containedctx // of the goroutines, not of a call
	endLife context.CancelFunc
	work    sync.WaitGroup

	// Of Run alone.
	core    *agentcore.Core
	link    protocol.Link // nil while there is none
	runs    map[agentcore.RunID]run
	touched []*builtin // those with events to deliver
}

// run is what the agent started for a run of its core.
type run interface {
	// kill ends it by force, and does not wait.
	kill()
}

// input is one thing that arrived: a message of the master, a report about a
// run, or news of the connection.
type input struct {
	message protocol.ToAgent
	run     agentcore.RunID
	report  agentcore.Report
	news    *news
}

// news tells of a new link, or of the end of the last: Err is nil if another
// will be tried.
type news struct {
	link protocol.Link
	err  error
}

// New returns an agent, or an error that names every invalid field of cfg. It
// makes the work directory; nothing else happens before [Agent.Run].
func New(cfg Config) (*Agent, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(cfg.WorkDir, sandboxDir), 0o755); err != nil {
		return nil, fmt.Errorf("agent: Config.WorkDir: %w", err)
	}
	core, err := cfg.core()
	if err != nil {
		return nil, err
	}
	var nonce [4]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	a := &Agent{
		cfg: cfg, info: core.Info, log: cfg.Logger, clock: clock.System,
		sandboxes: sandboxes{root: filepath.Join(cfg.WorkDir, sandboxDir), inUse: make(map[string]bool)},
		inputs:    mailbox.New[input](), nonce: hex.EncodeToString(nonce[:]),
		core: agentcore.New(core), runs: make(map[agentcore.RunID]run),
	}
	a.socketDir = sync.OnceValues(a.makeSocketDir)
	return a, nil
}

// Run registers with the master and serves it until ctx ends, and then
// returns ctx's error. A lost connection is opened again. Run ends earlier if
// the master refuses the agent ([ErrRefused]) or is closed.
//
// What the agent started has ended when Run returns: its containers are
// killed, its executors' contexts ended. Run waits for the executors that are
// built in, however long their callbacks take; containers that do not end are
// given up on after twice the Config's KillStuckAfter ([ErrLeftBehind]).
// Run is called once.
func (a *Agent) Run(ctx context.Context) error {
	if a.ran.Swap(true) {
		return ErrAlreadyRun
	}
	a.life, a.endLife = context.WithCancel(context.WithoutCancel(ctx))
	defer a.endLife()
	connecting, disconnect := context.WithCancel(ctx)
	defer disconnect()
	a.work.Go(func() { a.connect(connecting) })
	a.work.Go(func() { a.collectGarbage(connecting) })

	err := a.serve(ctx)
	disconnect()
	return errors.Join(err, a.close())
}

// serve feeds the core until ctx ends or the master is done with the agent.
func (a *Agent) serve(ctx context.Context) error {
	timer := a.clock.NewTimer(time.Hour)
	defer timer.Stop()
	var batch []input
	for {
		var err error
		if batch, err = a.inputs.Take(batch); err != nil {
			return err
		}
		if err := a.step(batch); err != nil {
			return err
		}
		if len(batch) > 0 && ctx.Err() == nil {
			continue // more may have come meanwhile
		}
		wait := time.Hour
		if at, ok := a.core.Deadline(); ok {
			wait = max(at.Sub(a.clock.Now()), 0)
		}
		timer.Reset(wait)
		select {
		case <-a.inputs.Ready():
		case <-timer.C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step feeds a batch of inputs to the core and carries out what it decides.
func (a *Agent) step(batch []input) error {
	now := a.clock.Now()
	for i := range batch {
		in := &batch[i]
		switch {
		case in.report != nil:
			a.core.Report(now, in.run, in.report)
			a.forget(in.run, in.report)
		case in.message != nil:
			if refused, ok := in.message.(*protocol.Refused); ok {
				return fmt.Errorf("%w: %s", ErrRefused, refused.Message)
			}
			a.core.FromMaster(now, in.message)
		default:
			if err := a.hear(in.news); err != nil {
				return err
			}
		}
	}
	a.core.Advance(now)
	for _, e := range a.core.Effects() {
		a.carryOut(e)
	}
	for _, b := range a.touched {
		b.flush()
	}
	a.touched = a.touched[:0]
	return nil
}

// forget drops a run with its last report.
func (a *Agent) forget(id agentcore.RunID, r agentcore.Report) {
	switch r.(type) {
	case *agentcore.Exited, *agentcore.LaunchFailed:
		delete(a.runs, id)
	}
}

func (a *Agent) hear(n *news) error {
	switch {
	case n.link != nil:
		a.link = n.link
		a.core.Connected()
	case n.err != nil:
		return n.err
	default:
		a.link.Close()
		a.link = nil
		a.core.Disconnected()
	}
	return nil
}

func (a *Agent) carryOut(e agentcore.Effect) {
	switch {
	case e.Message != nil:
		if a.link != nil {
			a.link.Send(e.Message)
		}
	case e.Note != nil:
		a.log.Warn(e.Note.Text, zap.String("framework_id", string(e.Note.FrameworkID)),
			zap.String("task_id", string(e.Note.TaskID)), zap.String("executor_id", string(e.Note.ExecutorID)))
	case e.Action == agentcore.StartCommand:
		a.startCommand(e.Run, e.Start)
	case e.Action == agentcore.StartExecutor:
		a.startExecutor(e.Run, e.Start)
	default:
		a.act(e)
	}
}

// act does something with a run, unless that has ended meanwhile.
func (a *Agent) act(e agentcore.Effect) {
	r, ok := a.runs[e.Run]
	if !ok {
		return
	}
	switch e.Action {
	case agentcore.Kill:
		r.kill()
	case agentcore.Tell:
		r.(teller).tell(e.Event)
	case agentcore.Terminate:
		r.(*command).terminate()
	case agentcore.StartProbes:
		r.(*command).startProbes()
	case agentcore.StopProbes:
		r.(*command).stopProbes()
	default:
	}
}

// report brings what became of a run to the core.
func (a *Agent) report(id agentcore.RunID, r agentcore.Report) bool {
	return a.inputs.Put(input{run: id, report: r})
}

// close ends everything that was started, and waits for it.
func (a *Agent) close() error {
	a.inputs.Close(nil)
	if rest, err := a.inputs.Take(nil); err == nil {
		for _, in := range rest {
			a.forget(in.run, in.report)
			if in.news != nil && in.news.link != nil {
				in.news.link.Close()
			}
		}
	}
	for _, r := range a.runs {
		r.kill()
	}
	done := make(chan struct{})
	go func() {
		a.work.Wait()
		close(done)
	}()
	patience := a.clock.NewTimer(2 * a.cfg.KillStuckAfter)
	defer patience.Stop()
	var err error
	select {
	case <-done:
	case <-patience.C():
		err = fmt.Errorf("%w: %v after they were killed", ErrLeftBehind, 2*a.cfg.KillStuckAfter)
		a.endLife()
		<-done
	}
	if a.link != nil {
		a.link.Send(&protocol.Leave{})
		a.link.Close()
	}
	if a.tempSockets != "" {
		err = errors.Join(err, os.Remove(a.tempSockets))
	}
	return err
}
