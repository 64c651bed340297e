package agent

import (
	"bufio"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor"
	"github.com/proffer-go/proffer/internal/agentcore"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/executorwire"
)

// helloTime is how long a connection may take to say who it is.
const helloTime = 10 * time.Second

// lastTime is how long the connections of an executor that has ended are
// read: what it said is there already.
const lastTime = time.Second

// accept takes connections until the listener is closed.
func (p *process) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no file descriptors, say
			p.agent.log.Warn("connection of an executor not accepted", zap.Error(err))
			if clock.Sleep(p.agent.life, p.agent.clock, 100*time.Millisecond) != nil {
				return
			}
			continue
		}
		p.mu.Lock()
		p.open[conn] = struct{}{}
		p.mu.Unlock()
		p.conversations.Go(func() {
			p.converse(conn)
			p.mu.Lock()
			delete(p.open, conn)
			p.mu.Unlock()
			_ = conn.Close()
		})
	}
}

// endConversations reads what the executor said at last.
func (p *process) endConversations() {
	p.mu.Lock()
	for conn := range p.open {
		_ = conn.SetReadDeadline(p.agent.clock.Now().Add(lastTime)) // a closed one needs none
	}
	p.mu.Unlock()
	p.conversations.Wait()
}

// converse admits the executor and exchanges records with it.
func (p *process) converse(conn net.Conn) {
	in := bufio.NewReader(conn)
	hello, err := p.hello(conn, in)
	if err == nil {
		p.supersede(conn)
		p.turn.Lock()
		defer p.turn.Unlock()
		err = p.exchange(conn, in, hello)
	}
	var network net.Error
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &network) {
		return // it is gone
	}
	p.agent.log.Warn("executor refused", zap.String("framework_id", string(p.start.FrameworkID)),
		zap.String("executor_id", string(p.start.Executor.ID)), zap.Error(err))
	last := executorwire.NewToExecutor()
	last.Content = &executorwire.ToExecutor_Refused{Refused: &executorwire.Refused{Reason: err.Error()}}
	_ = conn.SetWriteDeadline(p.agent.clock.Now().Add(lastTime))
	_ = executorwire.Write(conn, last) // it may not listen
}

// hello reads who it is.
func (p *process) hello(conn net.Conn, in *bufio.Reader) (*executorwire.ToAgent, error) {
	if err := conn.SetDeadline(p.agent.clock.Now().Add(helloTime)); err != nil {
		return nil, err
	}
	m := executorwire.NewToAgent()
	if err := executorwire.Read(in, executorwire.MaxRegisterSize, m); err != nil {
		return nil, err
	}
	r := m.GetRegister()
	switch {
	case r == nil:
		return nil, errors.New("the first record is not a register")
	case r.GetVersion() != executorwire.Version:
		return nil, fmt.Errorf("protocol version %d is not spoken here: want %d", r.GetVersion(), executorwire.Version)
	case subtle.ConstantTimeCompare([]byte(r.GetToken()), []byte(p.token)) != 1:
		return nil, errors.New("the token is wrong")
	case r.GetFrameworkId() != string(p.start.FrameworkID), r.GetExecutorId() != string(p.start.Executor.ID):
		return nil, fmt.Errorf("this is the socket of executor %q of framework %s, not of %q of %s",
			string(p.start.Executor.ID), p.start.FrameworkID, r.GetExecutorId(), r.GetFrameworkId())
	}
	return m, conn.SetDeadline(time.Time{})
}

// supersede ends an earlier connection of the executor.
func (p *process) supersede(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		_ = p.current.Close()
	}
	p.current = conn
}

// exchange answers the register and carries records until the connection ends.
func (p *process) exchange(conn net.Conn, in *bufio.Reader, hello *executorwire.ToAgent) error {
	received, before := hello.GetReceived(), hello.GetRegister().GetSession()
	if before != p.session {
		received = 0 // it speaks of another session, or of none
	}
	if err := p.sender.Restart(received); err != nil {
		return err
	}
	info := p.agent.info
	info.ID = p.start.AgentID
	answer := executorwire.NewToExecutor()
	answer.Received = p.sender.Received()
	registered := executorwire.EncodeRegistered(&info, p.start.Executor)
	registered.Session = p.session
	answer.Content = &executorwire.ToExecutor_Registered{Registered: registered}
	if err := executorwire.Write(conn, answer); err != nil {
		return err
	}
	if before == "" || before == p.session { // else it says first which tasks it has
		p.agent.report(p.id, agentcore.Registered{})
	}
	return executorwire.Exchange(conn, in, p.sender, executorwire.NewToExecutor, executorwire.NewToAgent, p.take)
}

// take takes a record from the executor.
func (p *process) take(m *executorwire.ToAgent) error {
	if err := p.sender.Acknowledge(m.GetReceived()); err != nil {
		return err
	}
	if m.GetContent() == nil {
		return nil
	}
	number := m.GetNumber()
	isNew, err := p.sender.Take(number)
	if err != nil || !isNew {
		return err
	}
	switch c := m.GetContent().(type) {
	case *executorwire.ToAgent_Update:
		status, err := executorwire.DecodeStatus(c.Update)
		if err == nil {
			err = executor.ValidateUpdate(status)
		}
		if err != nil {
			return err
		}
		p.report(number, c.Update.GetSequence(), agentcore.Updated{Status: status})
	case *executorwire.ToAgent_Message:
		if n := len(c.Message.GetData()); n > proffer.MaxDataSize {
			return fmt.Errorf("message has %d bytes, at most %d are allowed", n, proffer.MaxDataSize)
		}
		p.report(number, 0, &agentcore.Sent{Data: c.Message.GetData()})
	case *executorwire.ToAgent_Tasks:
		r := new(agentcore.Returned)
		for _, id := range c.Tasks.GetIds() {
			r.Tasks = append(r.Tasks, proffer.TaskID(id))
		}
		p.report(number, 0, r)
	default:
		return fmt.Errorf("a %T is not expected here", c)
	}
	return nil
}

// report brings what the executor says to the core, which confirms it.
func (p *process) report(number, update uint64, r agentcore.Report) {
	p.agent.report(p.id, &agentcore.Numbered{Number: number, Update: update, Report: r})
}
