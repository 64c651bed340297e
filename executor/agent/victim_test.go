package agent_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/proffer-go/proffer/containerizer/process"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/internal/mailbox"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/internal/wire"
	"github.com/proffer-go/proffer/resources"
)

// victimVariable has the test binary act as an agent below that directory,
// with its master at the other end of stdin and stdout.
const victimVariable = "PROFFER_TEST_VICTIM"

func actAsVictim() {
	dir := os.Getenv(victimVariable)
	if dir == "" {
		return
	}
	if err := beVictim(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// beVictim runs an agent until stdin ends.
func beVictim(dir string) error {
	cz, err := process.New(process.Config{Root: filepath.Join(dir, "containers"), Cgroups: process.CgroupsOff})
	if err != nil {
		return err
	}
	lines, err := os.OpenFile(filepath.Join(dir, "lines"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	config := zap.NewDevelopmentEncoderConfig()
	log := zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(config), zapcore.AddSync(os.Stderr), zapcore.DebugLevel))
	ctx, cancel := context.WithCancel(context.Background())
	var master protocol.Master = &pipe{end: cancel}
	a, err := agent.New(agent.Config{
		Master: master, Hostname: "host", Resources: resources.MustParse("cpus:8;mem:8192"),
		WorkDir: filepath.Join(dir, "work"), Checkpoint: true, ReregistrationTimeout: agent.MaxReregistrationTimeout, Containerizer: cz, Logger: log,
		Output: func(l agent.Line) {
			if _, err := fmt.Fprintf(lines, "%s %s\n", l.TaskID, l.Text); err != nil {
				panic(err)
			}
		},
	})
	if err != nil {
		return err
	}
	if err := a.Run(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return errors.Join(cz.Close(), lines.Close())
}

// pipe is the master at the other end of stdin and stdout. It has one
// connection.
type pipe struct {
	end      context.CancelFunc
	mu       sync.Mutex
	messages *mailbox.Mailbox[protocol.ToAgent]
	buf      []protocol.ToAgent
}

func (p *pipe) ConnectAgent() (protocol.Link, error) {
	if p.messages != nil {
		return nil, errors.New("the pipe has ended")
	}
	p.messages = mailbox.New[protocol.ToAgent]()
	go func() {
		p.messages.Close(receive(os.Stdin, func(b []byte) error {
			_, m, err := wire.DecodeToAgent(b)
			p.messages.Put(m)
			return err
		}))
		p.end()
	}()
	return p, nil
}

func (p *pipe) Send(m protocol.ToMaster) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := send(os.Stdout, m); err != nil && !errors.Is(err, syscall.EPIPE) {
		panic(err)
	}
}

func (p *pipe) Receive(done <-chan struct{}) (_ []protocol.ToAgent, err error) {
	p.buf, err = p.messages.Receive(done, p.buf)
	return p.buf, err
}

func (p *pipe) Close() {}

func send(w io.Writer, message any) error {
	b, err := wire.Encode(wire.Header{Connection: 1, Number: 1}, message)
	if err != nil {
		return err
	}
	_, err = w.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
	return err
}

// receive calls take with every message until there are no more.
func receive(r io.Reader, take func(b []byte) error) error {
	in := bufio.NewReader(r)
	for {
		n, err := binary.ReadUvarint(in)
		if err != nil {
			return err
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		if err := take(b); err != nil {
			return err
		}
	}
}

// victim is an agent in a process of its own.
type victim struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	armed bool
	dead  chan struct{} // closed when it is
	err   error         // why
}

// startVictim starts an agent below dir whose master is m, to die at a crash
// point unless that is empty.
func startVictim(t *testing.T, m *fakeMaster, dir, crashAt string) *victim {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{cmd: exec.Command(self), armed: crashAt != "", dead: make(chan struct{})} //nolint:noctx // it is killed by hand
	v.cmd.Env = append(os.Environ(), victimVariable+"="+dir, crashpoint.Variable+"="+crashAt)
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	v.cmd.Stderr = log
	stdout, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if v.stdin, err = v.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	link, err := m.ConnectAgent()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			messages, err := link.Receive(nil)
			if err != nil {
				return
			}
			for _, message := range messages {
				_ = send(v.stdin, message) // it may have died
			}
		}
	}()
	go func() {
		_ = receive(stdout, func(b []byte) error {
			_, message, err := wire.DecodeToMaster(b)
			if err == nil {
				link.Send(message)
			}
			return err
		})
		v.err = v.cmd.Wait()
		_ = log.Close()
		link.Close()
		close(v.dead)
	}()
	t.Cleanup(func() {
		v.kill()
		if b, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the agent said:\n%s", b)
		}
	})
	return v
}

// kill is kill -9.
func (v *victim) kill() {
	_ = v.cmd.Process.Kill() // it may have died already
	<-v.dead
}

// stop has the agent end in good order.
func (v *victim) stop(t *testing.T) {
	t.Helper()
	_ = v.stdin.Close()
	<-v.dead
	if v.err != nil {
		t.Errorf("the agent ended with %v", v.err)
	}
}
