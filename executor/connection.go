package executor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/executorwire"
)

// patience is how long an executor looks for its agent, as in Mesos
// (recovery_timeout): time enough for a new version of it to be installed.
const patience = 15 * time.Minute

// maxPause is between two tries: an agent that was started again waits some
// seconds for its executors, and no more.
const maxPause = 500 * time.Millisecond

// answerTime is how long an agent may take to answer a register.
const answerTime = 10 * time.Second

// keepConnected has a connection to the agent until ctx ends or there is no
// point in it.
func (p *process) keepConnected(ctx context.Context) error {
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(50*time.Millisecond),
		backoff.WithMaxInterval(maxPause),
		backoff.WithMaxElapsedTime(patience),
	)
	for {
		admitted, err := p.connect(ctx)
		if admitted {
			pauses.Reset()
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isFinal(err):
			return err
		}
		pause := pauses.NextBackOff()
		if pause == backoff.Stop {
			return fmt.Errorf("executor: the agent has been out of reach for %v: %w", patience, err)
		}
		p.log.Warn("no connection to the agent, trying again", zap.Error(err), zap.Duration("retry_in", pause))
		if err := clock.Sleep(ctx, clock.System, pause); err != nil {
			return err
		}
	}
}

// connect opens a connection and uses it until it breaks.
func (p *process) connect(ctx context.Context) (admitted bool, err error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", p.socket)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, ignoreClosed(conn.Close())) }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()

	in := bufio.NewReader(conn)
	if err := p.shakeHands(conn, in); err != nil {
		return false, err
	}
	return true, executorwire.Exchange(conn, in, p.sender, executorwire.NewToAgent, executorwire.NewToExecutor, p.take)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *process) shakeHands(conn net.Conn, in *bufio.Reader) error {
	if err := conn.SetDeadline(clock.System.Now().Add(answerTime)); err != nil {
		return err
	}
	hello := executorwire.NewToAgent()
	hello.Received = p.sender.Received()
	hello.Content = &executorwire.ToAgent_Register{Register: p.register}
	if err := executorwire.Write(conn, hello); err != nil {
		return err
	}
	answer := executorwire.NewToExecutor()
	if err := executorwire.Read(in, executorwire.MaxSize, answer); err != nil {
		return err
	}
	switch m := answer.GetContent().(type) {
	case *executorwire.ToExecutor_Refused:
		return refused(m)
	case *executorwire.ToExecutor_Registered:
		if err := p.admitted(m.Registered); err != nil {
			return err
		}
		if err := p.resume(m.Registered.GetSession(), answer.GetReceived()); err != nil {
			return errFinal{fmt.Errorf("executor: registered: %w", err)}
		}
	default:
		return errFinal{fmt.Errorf("executor: the agent answers a register with a %T", m)}
	}
	return conn.SetDeadline(time.Time{})
}

// resume goes on with a session, or begins another with an agent that was
// started again.
func (p *process) resume(session string, received uint64) error {
	before := p.register.GetSession()
	p.register.Session = session
	if before != "" && before != session {
		p.ledger.anew()
		return nil
	}
	return p.sender.Restart(received)
}

func refused(m *executorwire.ToExecutor_Refused) error {
	return errFinal{fmt.Errorf("%w: %s", ErrRefused, m.Refused.GetReason())}
}

// admitted learns the executor's place, the first time.
func (p *process) admitted(m *executorwire.Registered) error {
	if p.info != nil {
		return nil
	}
	agent, info, err := executorwire.DecodeRegistered(m)
	if err != nil {
		return errFinal{fmt.Errorf("executor: %w", err)}
	}
	p.info = &Info{Agent: *agent, FrameworkID: proffer.FrameworkID(p.register.GetFrameworkId()), Executor: info}
	p.events.Put(RegisteredEvent{Info: p.info})
	return nil
}

// take takes a record from the agent.
func (p *process) take(m *executorwire.ToExecutor) error {
	if err := p.sender.Acknowledge(m.GetReceived()); err != nil {
		return errFinal{fmt.Errorf("executor: %w", err)}
	}
	if r, ok := m.GetContent().(*executorwire.ToExecutor_Refused); ok {
		return refused(r)
	}
	if m.GetContent() == nil {
		return nil
	}
	isNew, err := p.sender.Take(m.GetNumber())
	if err != nil {
		return errFinal{fmt.Errorf("executor: %w", err)}
	}
	if !isNew {
		return nil
	}
	p.sender.Confirm(m.GetNumber())
	event, err := p.event(m)
	if err != nil {
		p.log.Error("record of the agent dropped", zap.Error(err))
		return p.reject(m, err)
	}
	p.events.Put(event)
	return nil
}

// event returns what a record tells.
func (p *process) event(m *executorwire.ToExecutor) (Event, error) {
	switch m := m.GetContent().(type) {
	case *executorwire.ToExecutor_Launch:
		task, err := executorwire.DecodeTask(m.Launch.GetTask(), p.info.Executor)
		if err != nil {
			return nil, err
		}
		p.ledger.launched(task.ID)
		return LaunchEvent{Task: task}, nil
	case *executorwire.ToExecutor_Kill:
		return &KillEvent{TaskID: proffer.TaskID(m.Kill.GetTaskId()), Grace: time.Duration(m.Kill.GetGrace())}, nil
	case *executorwire.ToExecutor_Message:
		return &MessageEvent{Data: m.Message.GetData()}, nil
	case *executorwire.ToExecutor_Shutdown:
		return ShutdownEvent{Grace: time.Duration(m.Shutdown.GetGrace())}, nil
	default:
		return nil, fmt.Errorf("a %T is not expected here", m)
	}
}

// reject fails a task whose launch cannot be understood; other records have
// nobody who waits.
func (p *process) reject(m *executorwire.ToExecutor, why error) error {
	launch, ok := m.GetContent().(*executorwire.ToExecutor_Launch)
	if !ok {
		return nil
	}
	status := &proffer.TaskStatus{
		TaskID: proffer.TaskID(launch.Launch.GetTask().GetId()), State: proffer.TaskError,
		Reason: proffer.ReasonTaskInvalid, Message: bounded(why.Error()),
	}
	return p.Send(UpdateCall{Status: status})
}
