package agent

import (
	"context"
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
	"github.com/proffer-go/proffer/internal/boltstore"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/internal/writeahead"
)

// Agent runs tasks for a master. Make one with [New]; it works while
// [Agent.Run] does.
type Agent struct {
	cfg    Config
	log    *zap.Logger
	clock  clock.Clock
	inputs *mailbox.Mailbox[input]
	ran    atomic.Bool
	base   agentcore.Config
	info   proffer.AgentInfo
	boot   func() (id string, uptime time.Duration, err error)

	sandboxes   sandboxes
	socketDir   func() (string, error)
	tempSockets string // the directory that socketDir made outside of the work directory

	// life ends when Run gives up on what it has started; work is all of its
	// goroutines.
	life    context.Context //nolint:containedctx // of the goroutines, not of a call
	endLife context.CancelFunc
	work    sync.WaitGroup

	// Set by Run before there are other goroutines.
	instance string // tells the containers of this agent from those of others
	secret   []byte // of the tokens of executors
	store    *boltstore.Store
	held     held
	places   places

	// Of Run alone.
	core       *agentcore.Core
	ahead      *writeahead.Log[agentcore.Effect]
	effects    []agentcore.Effect
	link       protocol.Link // nil while there is none
	connection uint64        // how many links there were
	runs       map[agentcore.RunID]run
	touched    []*builtin // those with events to deliver
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
	a := &Agent{
		cfg: cfg, base: core, info: core.Info, log: cfg.Logger, clock: clock.System,
		sandboxes: newSandboxes(filepath.Join(cfg.WorkDir, sandboxDir), cfg.MaxSandboxes),
		inputs:    mailbox.New[input](), boot: boot,
		runs: make(map[agentcore.RunID]run),
	}
	a.socketDir = sync.OnceValues(a.makeSocketDir)
	return a, nil
}

// Run registers with the master and serves it until ctx ends, and then
// returns ctx's error. A lost connection is opened again. Run ends earlier if
// the master refuses the agent ([ErrRefused]) or is closed, and if the
// checkpoint cannot be read or written.
//
// With a Checkpoint, containers run on when Run returns, unless the master
// refuses the agent and wants an end of them.
//
// Otherwise what the agent started has ended when Run returns: its containers
// are killed, its executors' contexts ended. Run waits for the executors that
// are built in, however long their callbacks take; containers that do not end
// are given up on after twice the Config's KillStuckAfter ([ErrLeftBehind]).
// Run is called once.
func (a *Agent) Run(ctx context.Context) error {
	if a.ran.Swap(true) {
		return ErrAlreadyRun
	}
	a.life, a.endLife = context.WithCancel(context.WithoutCancel(ctx))
	defer a.endLife()
	if err := a.open(ctx); err != nil {
		return errors.Join(err, a.release())
	}
	connecting, disconnect := context.WithCancel(ctx)
	defer disconnect()
	a.work.Go(func() { a.connect(connecting) })
	a.work.Go(func() { a.collectGarbage(connecting) })
	if a.cfg.Checkpoint && a.cfg.Output != nil {
		a.work.Go(func() { a.savePlaces(connecting) })
	}

	err := a.serve(ctx)
	disconnect()
	refused := new(refusedError)
	shutdown := errors.As(err, &refused) && refused.shutdown
	return errors.Join(err, a.close(shutdown), a.release())
}

// refusedError is ErrRefused with what the master wants.
type refusedError struct {
	message  string
	shutdown bool // of everything that the agent runs
}

func (e *refusedError) Error() string { return ErrRefused.Error() + ": " + e.message }

func (e *refusedError) Unwrap() error { return ErrRefused }

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
		case <-a.ahead.Ready():
		case <-timer.C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step feeds a batch of inputs to the core and carries out what it has
// decided, as far as that is written down.
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
				return &refusedError{refused.Message, refused.Shutdown}
			}
			a.core.FromMaster(now, in.message)
		default:
			if err := a.hear(in.news); err != nil {
				return err
			}
		}
	}
	a.core.Advance(now)
	if crashpoint.Armed() {
		hitDecided(batch)
	}
	a.ahead.Add(a.core.Changes(), a.core.Effects())
	var err error
	if a.effects, err = a.ahead.Take(a.effects); err != nil {
		return fmt.Errorf("agent: checkpoint: %w", err)
	}
	for i := range a.effects {
		a.carryOut(&a.effects[i])
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
		a.connection++
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

func (a *Agent) carryOut(e *agentcore.Effect) {
	switch {
	case e.Message != nil:
		a.send(e)
	case e.Note != nil:
		a.log.Warn(e.Note.Text, zap.String("framework_id", string(e.Note.FrameworkID)),
			zap.String("task_id", string(e.Note.TaskID)), zap.String("executor_id", string(e.Note.ExecutorID)))
	case e.Action == agentcore.StartCommand:
		a.startCommand(e.Run, e.Start)
	case e.Action == agentcore.StartExecutor:
		a.startExecutor(e.Run, e.Start)
	case e.Action == agentcore.Adopt:
		a.adopt(e.Run, e.Start)
	case e.Action == agentcore.Remove:
		id := e.Start.Container
		a.work.Go(func() { a.remove(a.life, id) })
	default:
		a.act(e)
	}
}

// send sends a message on the connection that it is for, if that is still
// there.
func (a *Agent) send(e *agentcore.Effect) {
	if a.link == nil || e.Number != a.connection {
		return
	}
	_, status := e.Message.(*protocol.StatusUpdate)
	if status {
		crashpoint.Hit("agent/status/checkpointed")
	}
	a.link.Send(e.Message)
	if status {
		crashpoint.Hit("agent/status/sent")
	}
}

// act does something with a run, unless that has ended meanwhile.
func (a *Agent) act(e *agentcore.Effect) {
	r, ok := a.runs[e.Run]
	if !ok {
		return
	}
	switch e.Action {
	case agentcore.Kill:
		r.kill()
	case agentcore.Tell:
		r.(teller).tell(e.Event)
	case agentcore.Confirm:
		r.(*process).confirm(e.Number)
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

// hitDecided are the points where the core has decided and nothing is written.
func hitDecided(batch []input) {
	for i := range batch {
		switch in := &batch[i]; {
		case in.report != nil:
			switch r := in.report.(type) {
			case agentcore.Launched:
				crashpoint.Hit("agent/launch/reported")
			case *agentcore.Exited:
				crashpoint.Hit("agent/exit/reported")
			case agentcore.Registered:
				crashpoint.Hit("agent/executor/registered")
			case *agentcore.Numbered:
				if r.Update > 0 {
					crashpoint.Hit("agent/executor/updated")
				}
			}
		case in.message != nil:
			switch in.message.(type) {
			case *protocol.RunTasks:
				crashpoint.Hit("agent/launch/received")
			case *protocol.KillTask:
				crashpoint.Hit("agent/kill/received")
			case *protocol.Acknowledge:
				crashpoint.Hit("agent/status/acknowledged")
			case *protocol.Registered:
				crashpoint.Hit("agent/recover/registered")
			}
		}
	}
}
