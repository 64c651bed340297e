package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/executorwire"
	"github.com/proffer-go/proffer/internal/mailbox"
)

// Main is the main function of an executor in a process of its own:
//
//	func main() { executor.Main(mine{}) }
//
// It runs e until the agent shuts it down and ends the program: with code 0,
// or with 1 after an error, which it writes to stderr. SIGTERM and SIGINT end
// it as well, with an error.
func Main(e Executor) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := Run(ctx, e, nil)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // it stands in for main
	}
	os.Exit(0) //nolint:forbidigo // it stands in for main
}

// Run connects to the agent that the environment names and calls e until the
// agent shuts it down; then it returns nil. It returns an error when there is
// no agent in the environment ([ErrNoAgent]), when the agent refuses the
// executor ([ErrRefused]) or has been out of reach for 15 minutes, and when
// ctx ends. A connection that is lost is opened again, and what it lost in
// either direction is sent again; so it is to an agent that was started again,
// but for messages to the executor that had not arrived. A nil logger is silent.
//
// Goroutines: four, which end before Run returns.
func Run(ctx context.Context, e Executor, log *zap.Logger) error {
	if log == nil {
		log = zap.NewNop()
	}
	p, err := processFromEnv(log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	connected := make(chan struct{})
	go func() {
		defer close(connected)
		p.events.Close(p.keepConnected(ctx))
	}()
	err = Serve(ctx, e, p, log)
	if err == nil {
		p.deliver()
	}
	cancel()
	<-connected
	return err
}

// process is the session of an executor in a process of its own.
type process struct {
	socket   string
	register *executorwire.Register
	ledger   *ledger
	sender   *executorwire.Sender[*executorwire.ToAgent] // the ledger's
	events   *mailbox.Mailbox[Event]
	received []Event // of Receive alone
	log      *zap.Logger

	info *Info // of the goroutine that keeps the connection; nil before the first
}

var _ Session = (*process)(nil)

func processFromEnv(log *zap.Logger) (*process, error) {
	values := make(map[string]string)
	for _, name := range []string{
		executorwire.SocketVariable, executorwire.TokenVariable, executorwire.FrameworkVariable, executorwire.ExecutorVariable,
	} {
		if values[name] = os.Getenv(name); values[name] == "" {
			return nil, fmt.Errorf("%w: %s is not set: an executor is started by an agent", ErrNoAgent, name)
		}
	}
	ledger := newLedger()
	return &process{
		socket: values[executorwire.SocketVariable],
		register: &executorwire.Register{
			Version: executorwire.Version, Token: values[executorwire.TokenVariable],
			FrameworkId: values[executorwire.FrameworkVariable], ExecutorId: values[executorwire.ExecutorVariable],
		},
		ledger: ledger, sender: ledger.sender,
		events: mailbox.New[Event](), log: log,
	}, nil
}

// Send implements [Session].
func (p *process) Send(call Call) error {
	switch c := call.(type) {
	case UpdateCall:
		p.ledger.update(c.Status)
	case *MessageCall:
		m := executorwire.NewToAgent()
		m.Content = &executorwire.ToAgent_Message{Message: &executorwire.Message{Data: c.Data}}
		p.sender.Put(m)
	}
	return nil
}

// Receive implements [Session].
func (p *process) Receive(done <-chan struct{}) ([]Event, error) {
	var err error
	p.received, err = p.events.Receive(done, p.received)
	return p.received, err
}

// deliver waits until the agent has all that was sent.
func (p *process) deliver() {
	t := clock.System.NewTimer(deliverTime)
	defer t.Stop()
	select {
	case <-p.sender.Empty():
	case <-t.C():
		p.log.Warn("the agent has not taken the last statuses")
	}
}

const deliverTime = 2 * time.Second

// errFinal marks an error after which connecting again is pointless.
type errFinal struct{ error }

func (e errFinal) Unwrap() error { return e.error }

func isFinal(err error) bool { return errors.As(err, new(errFinal)) }
