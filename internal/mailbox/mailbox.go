// Package mailbox has an unbounded queue from many goroutines to one. Senders
// never wait, so that two owners of state can write to each other without a
// deadlock; the receiver takes everything at once, which makes a message cheap
// under load.
package mailbox

import (
	"errors"
	"sync"
)

// ErrClosed is what the receiver sees once a closed mailbox is empty, unless
// Close was given another error.
var ErrClosed = errors.New("mailbox: closed")

// Mailbox is the queue. Make one with [New].
type Mailbox[T any] struct {
	mu     sync.Mutex
	queue  []T
	closed error
	ready  chan struct{} // holds a token while there is something to take
}

// New returns an empty mailbox.
func New[T any]() *Mailbox[T] {
	return &Mailbox[T]{ready: make(chan struct{}, 1)}
}

// Put queues messages. It reports false, and drops them, if the mailbox is
// closed.
func (m *Mailbox[T]) Put(v ...T) bool {
	m.mu.Lock()
	open := m.closed == nil
	if open {
		m.queue = append(m.queue, v...)
	}
	m.mu.Unlock()
	if open {
		m.signal()
	}
	return open
}

// Close ends the mailbox: what is queued is still received, then err, or
// [ErrClosed] if it is nil. Only the first Close counts.
func (m *Mailbox[T]) Close(err error) {
	if err == nil {
		err = ErrClosed
	}
	m.mu.Lock()
	if m.closed == nil {
		m.closed = err
	}
	m.mu.Unlock()
	m.signal()
}

// Ready returns the channel that delivers a token when there may be something
// to take, for use in a select; Take follows.
func (m *Mailbox[T]) Ready() <-chan struct{} { return m.ready }

// Take returns everything queued, in order, without waiting. The error is that
// of Close, once nothing is left. The caller gives back the slice of the
// previous Take as buf, to be filled next, and must be done with it.
func (m *Mailbox[T]) Take(buf []T) ([]T, error) {
	clear(buf)
	if cap(buf) > maxKept {
		buf = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.queue
	m.queue = buf[:0]
	if m.closed != nil {
		m.signal() // whoever waits next must see the end
		if len(taken) == 0 {
			return nil, m.closed
		}
	}
	return taken, nil
}

// maxKept bounds the messages for which room is kept: a burst passes.
const maxKept = 1 << 16

// Receive waits until there is something to take, or done is closed, which
// ends it without messages and without an error.
func (m *Mailbox[T]) Receive(done <-chan struct{}, buf []T) ([]T, error) {
	for {
		taken, err := m.Take(buf)
		if len(taken) > 0 || err != nil {
			return taken, err
		}
		buf = taken // what was buf is the mailbox's own now
		select {
		case <-m.ready:
		case <-done:
			return nil, nil
		}
	}
}

func (m *Mailbox[T]) signal() {
	select {
	case m.ready <- struct{}{}:
	default:
	}
}
