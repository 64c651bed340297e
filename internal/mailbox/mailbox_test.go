package mailbox_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer/internal/mailbox"
)

func TestMailboxKeepsOrder(t *testing.T) {
	m := mailbox.New[int]()
	m.Put(1, 2)
	m.Put(3)
	got, err := m.Take(nil)
	if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" || err != nil {
		t.Fatalf("err %v (-want +got):\n%s", err, diff)
	}
	if got, err := m.Take(nil); len(got) != 0 || err != nil {
		t.Fatalf("empty mailbox gave %v, %v", got, err)
	}
}

func TestMailboxCloseDeliversTheRest(t *testing.T) {
	m := mailbox.New[int]()
	end := errors.New("the end")
	m.Put(1)
	m.Close(end)
	m.Close(errors.New("too late"))
	if m.Put(2) {
		t.Error("a closed mailbox took a message")
	}
	if got, err := m.Receive(nil, nil); err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v; want the message queued before Close", got, err)
	}
	for range 2 {
		if _, err := m.Receive(nil, nil); !errors.Is(err, end) {
			t.Fatalf("got error %v, want %v", err, end)
		}
	}
}

func TestMailboxReceiveEndsWithDone(t *testing.T) {
	m := mailbox.New[int]()
	done := make(chan struct{})
	close(done)
	if got, err := m.Receive(done, nil); got != nil || err != nil {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestMailboxManySenders(t *testing.T) {
	m := mailbox.New[int]()
	const senders, each = 8, 10_000
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for i := range each {
				m.Put(i)
			}
		})
	}
	total := 0
	var buf []int
	for total < senders*each {
		var err error
		if buf, err = m.Receive(nil, buf); err != nil {
			t.Fatal(err)
		}
		total += len(buf)
	}
	wg.Wait()
}

// A receiver that finds nothing and waits has given its slice away already.
func TestMailboxReceiveGivesItsSliceAwayOnce(t *testing.T) {
	m := mailbox.New[*int]()
	one := 1
	m.Put(&one, &one)
	buf, _ := m.Take(nil)
	got := make(chan []*int)
	go func() {
		list, _ := m.Receive(nil, buf)
		got <- list
	}()
	runtime.Gosched()
	m.Put(&one)
	if list := <-got; len(list) != 1 || list[0] != &one {
		t.Errorf("got %v, want what was put", list)
	}
}

func BenchmarkMailbox(b *testing.B) {
	m := mailbox.New[int]()
	go func() {
		for i := range b.N {
			m.Put(i)
		}
		m.Close(nil)
	}()
	var buf []int
	var err error
	for err == nil {
		buf, err = m.Receive(nil, buf)
	}
}
