package executorwire_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proffer-go/proffer/internal/executorwire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// flaky is a connection that breaks after some bytes.
type flaky struct {
	net.Conn
	left int
}

func (f *flaky) Read(p []byte) (int, error) {
	if f.left <= 0 {
		_ = f.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := f.Conn.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

// Both sides send over connections that break in the middle of records, and
// each receives everything once and in order.
func TestNothingIsLostOverBrokenConnections(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	const messages = 500
	executor, agent := executorwire.ToAgentSender(), executorwire.ToExecutorSender()
	for i := range messages {
		text := []byte(fmt.Sprint(i))
		executor.Put(&executorwire.ToAgent{Content: &executorwire.ToAgent_Message{Message: &executorwire.Message{Data: text}}})
		agent.Put(&executorwire.ToExecutor{Content: &executorwire.ToExecutor_Message{Message: &executorwire.Message{Data: text}}})
	}
	var byAgent, byExecutor []string
	connections := 0
	for len(byAgent) < messages || len(byExecutor) < messages {
		connections++
		a, b := net.Pipe()
		one := &flaky{a, 20 + rng.IntN(800)}
		two := &flaky{b, 20 + rng.IntN(800)}
		if err := errors.Join(executor.Restart(agent.Received()), agent.Restart(executor.Received())); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = executorwire.Exchange(one, bufio.NewReader(one), executor, executorwire.NewToAgent, executorwire.NewToExecutor,
				func(m *executorwire.ToExecutor) error {
					return take(executor, m.GetNumber(), m.GetReceived(), m.GetMessage(), &byExecutor, messages)
				})
			_ = one.Close()
		}()
		_ = executorwire.Exchange(two, bufio.NewReader(two), agent, executorwire.NewToExecutor, executorwire.NewToAgent,
			func(m *executorwire.ToAgent) error {
				return take(agent, m.GetNumber(), m.GetReceived(), m.GetMessage(), &byAgent, messages)
			})
		_ = two.Close()
		<-done
	}
	want := make([]string, messages)
	for i := range want {
		want[i] = fmt.Sprint(i)
	}
	if !slices.Equal(byAgent, want) || !slices.Equal(byExecutor, want) {
		t.Errorf("received %q and %q", byAgent, byExecutor)
	}
	if connections < 5 {
		t.Errorf("only %d connections: the test tests nothing", connections)
	}
}

var errEnough = errors.New("enough")

type side interface {
	Acknowledge(received uint64) error
	Take(number uint64) (bool, error)
	Confirm(number uint64)
}

func take(s side, number, received uint64, m *executorwire.Message, got *[]string, enough int) error {
	if err := s.Acknowledge(received); err != nil || m == nil {
		return err
	}
	isNew, err := s.Take(number)
	if err != nil || !isNew {
		return err
	}
	s.Confirm(number)
	*got = append(*got, string(m.GetData()))
	if len(*got) == enough {
		return errEnough
	}
	return nil
}

func TestEmptyTellsWhenAllIsReceived(t *testing.T) {
	s := executorwire.ToAgentSender()
	<-s.Empty() // at once
	s.Put(executorwire.NewToAgent())
	empty := s.Empty()
	select {
	case <-empty:
		t.Fatal("it says so too early")
	default:
	}
	if err := s.Acknowledge(1); err != nil {
		t.Fatal(err)
	}
	<-empty
	if err := s.Acknowledge(2); err == nil {
		t.Error("what was never sent can be acknowledged")
	}
}

func TestRecordsAreBounded(t *testing.T) {
	large := &executorwire.ToAgent{Content: &executorwire.ToAgent_Message{Message: &executorwire.Message{Data: make([]byte, executorwire.MaxSize)}}}
	if err := executorwire.Write(io.Discard, large); err == nil {
		t.Error("a record of more than 4 MiB was written")
	}
	small := &executorwire.ToAgent{Number: 7}
	var b bytes.Buffer
	if err := executorwire.Write(&b, small); err != nil {
		t.Fatal(err)
	}
	if err := executorwire.Read(bufio.NewReader(&b), 1, executorwire.NewToAgent()); err == nil {
		t.Error("a record of more than the limit was read")
	}
}

// What is taken and not yet confirmed is sent again on the next connection,
// and is taken once all the same.
func TestTheOtherSideKeepsWhatIsNotConfirmed(t *testing.T) {
	s := executorwire.ToAgentSender()
	for n := uint64(1); n <= 3; n++ {
		if isNew, err := s.Take(n); !isNew || err != nil {
			t.Fatalf("record %d: %t, %v", n, isNew, err)
		}
	}
	s.Confirm(2)
	if got := s.Received(); got != 2 {
		t.Errorf("received %d, want 2", got)
	}
	if err := s.Restart(0); err != nil {
		t.Fatal(err)
	}
	if isNew, err := s.Take(3); isNew || err != nil {
		t.Errorf("record 3 again: %t, %v", isNew, err)
	}
	s.Confirm(3)
	s.Confirm(1) // late
	if got := s.Received(); got != 3 {
		t.Errorf("received %d, want 3", got)
	}
	if _, err := s.Take(5); err == nil {
		t.Error("a gap was not found")
	}
}

func TestRenumberBeginsANewSession(t *testing.T) {
	s := executorwire.ToAgentSender()
	message := func(text string) *executorwire.ToAgent {
		return &executorwire.ToAgent{Content: &executorwire.ToAgent_Message{Message: &executorwire.Message{Data: []byte(text)}}}
	}
	for _, text := range []string{"known", "kept", "unwanted"} {
		s.Put(message(text))
	}
	if err := s.Acknowledge(1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take(1); err != nil {
		t.Fatal(err)
	}
	s.Confirm(1)
	s.Renumber(message("first"), func(m *executorwire.ToAgent) bool { return string(m.GetMessage().GetData()) != "unwanted" })
	var got []string
	s.Each(func(m *executorwire.ToAgent) { got = append(got, string(m.GetMessage().GetData())) })
	if want := []string{"first", "kept"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
	if s.Received() != 0 {
		t.Errorf("received %d of a session that has just begun", s.Received())
	}
	if isNew, err := s.Take(1); !isNew || err != nil {
		t.Errorf("record 1 of the new session: %t, %v", isNew, err)
	}
	if err := s.Acknowledge(3); err == nil {
		t.Error("a record can be acknowledged that is not of the session")
	}
}
