package executorwire

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"
)

// Sender numbers records and keeps each until the other side has it, so that
// what a broken connection lost is sent again on the next. Its methods are
// safe for concurrent use.
type Sender[T proto.Message] struct {
	stamp func(m T, number, received uint64)

	mu       sync.Mutex
	kept     []T
	first    uint64 // the number of kept[0]
	unsent   int    // the index in kept of the first that is not sent on this connection
	taken    uint64 // the number of the last record from the other side
	received uint64 // and of the last one that is in good hands
	owes     bool   // the other side has not been told
	wake     chan struct{}
	empty    chan struct{} // closed when nothing is kept; nil when nobody waits
}

// newSender returns a sender that has stamp set a record's numbers.
func newSender[T proto.Message](stamp func(m T, number, received uint64)) *Sender[T] {
	return &Sender[T]{stamp: stamp, first: 1, wake: make(chan struct{}, 1)}
}

// Put queues a record.
func (s *Sender[T]) Put(m T) {
	s.mu.Lock()
	s.kept = append(s.kept, m)
	s.mu.Unlock()
	s.signal()
}

func (s *Sender[T]) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next returns the next record to write on this connection, one without
// content if only an acknowledgement is owed, which blank makes, and false if
// there is nothing to write.
func (s *Sender[T]) next(blank func() T) (m T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var number uint64
	switch {
	case s.unsent < len(s.kept):
		m, number = s.kept[s.unsent], s.first+uint64(s.unsent)
		s.unsent++
	case s.owes:
		m = blank()
	default:
		return m, false
	}
	s.owes = false
	s.stamp(m, number, s.received)
	return m, true
}

// Received returns the number of the last record from the other side that was
// confirmed.
func (s *Sender[T]) Received() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

// Restart begins a new connection: the other side has received that many
// records, the others are sent again.
func (s *Sender[T]) Restart(received uint64) error {
	err := s.Acknowledge(received)
	s.mu.Lock()
	s.unsent, s.owes = 0, false
	s.mu.Unlock()
	s.signal()
	return err
}

// Acknowledge tells that the other side has received that many records.
func (s *Sender[T]) Acknowledge(received uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if received >= s.first+uint64(len(s.kept)) {
		return fmt.Errorf("record %d is acknowledged, which was never sent: the last is %d", received, s.first+uint64(len(s.kept))-1)
	}
	if received < s.first {
		return nil
	}
	n := int(received - s.first + 1)
	clear(s.kept[:n])
	s.kept, s.first, s.unsent = s.kept[n:], received+1, max(s.unsent-n, 0)
	if len(s.kept) == 0 {
		s.kept = nil
		if s.empty != nil {
			close(s.empty)
			s.empty = nil
		}
	}
	return nil
}

// Take tells that record number has come from the other side, and reports
// whether it is new. The numbers are without gaps. The other side keeps the
// record until it is confirmed.
func (s *Sender[T]) Take(number uint64) (isNew bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number > s.taken+1 {
		return false, fmt.Errorf("record %d follows record %d: numbers count by one", number, s.taken)
	}
	if number <= s.taken {
		if number <= s.received { // the other side has missed that
			s.owes = true
			s.signal()
		}
		return false, nil
	}
	s.taken = number
	return true, nil
}

// Confirm tells that everything up to record number, which was taken, is in
// good hands: the other side need not send it again.
func (s *Sender[T]) Confirm(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number > s.received {
		s.received, s.owes = number, true
		s.signal()
	}
}

// Renumber begins a new session, with an other side that knows nothing of the
// one before. What is kept and wanted is sent again, after first.
func (s *Sender[T]) Renumber(first T, wanted func(T) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := []T{first}
	for _, m := range s.kept {
		if wanted(m) {
			kept = append(kept, m)
		}
	}
	s.kept, s.first, s.unsent = kept, 1, 0
	s.taken, s.received, s.owes = 0, 0, false
	s.signal()
}

// Each calls f with every record that the other side may not have.
func (s *Sender[T]) Each(f func(T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.kept {
		f(m)
	}
}

// Empty returns a channel that is closed once the other side has received all
// that was put so far.
func (s *Sender[T]) Empty() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	done := s.empty
	if len(s.kept) == 0 {
		close(done)
		s.empty = nil
	}
	return done
}
