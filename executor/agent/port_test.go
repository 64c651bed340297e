package agent_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor/agent"
	"github.com/proffer-go/proffer/internal/protocol"
)

// listenVariable has the test binary listen on that address as a command,
// with a child that holds the socket on and is deaf.
const listenVariable = "PROFFER_TEST_LISTEN"

func actAsListener() {
	address := os.Getenv(listenVariable)
	if address == "" {
		return
	}
	if err := listen(address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
	os.Exit(0)
}

func listen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	child := exec.Command("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.02; done") //nolint:noctx // it outlives us
	child.ExtraFiles = []*os.File{f}
	if err := child.Start(); err != nil {
		return err
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	fmt.Println("listening")
	<-terminated
	return nil
}

// A port is free when the terminal status of its task arrives, not when the
// task was told to stop, or its command has ended: a replacement with the same
// port can always bind it.
func TestF17APortIsFreeWhenItsTaskHasEnded(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	listening := make(chan struct{}, 1)
	m, _ := startRealAgent(t, agent.Config{Output: func(l agent.Line) {
		if l.Text != "listening" {
			t.Errorf("%s says %q", l.TaskID, l.Text)
		}
		listening <- struct{}{}
	}})
	for i := range 10 {
		task := command(proffer.TaskID(fmt.Sprintf("t%d", i)), self)
		task.Command.Env = map[string]string{listenVariable: address}
		m.send(run(task))
		<-listening
		m.send(&protocol.KillTask{FrameworkID: "F1", TaskID: task.ID})
		if end := m.end(t, task.ID); end.State != proffer.TaskKilled || end.Exit == nil || end.Exit.Code != 0 {
			t.Fatalf("status %s, exit %v", end, end.Exit)
		}
	}
}
