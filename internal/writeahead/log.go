package writeahead

import (
	"context"
	"fmt"
	"maps"
)

// Store is where changes go. A nil value deletes. When Write returns nil the
// changes are durable; it keeps nothing of its arguments.
type Store interface {
	Write(ctx context.Context, changes map[string][]byte) error
}

// Log is the way of effects of type E. Make one with [New]. But for the
// channel of Ready, it belongs to one goroutine.
type Log[E any] struct {
	store   Store
	writes  chan map[string][]byte // to the writer
	written chan error             // from the writer, one for each
	ready   chan struct{}
	cancel  context.CancelFunc
	ended   chan struct{}

	busy    bool // a write is under way
	waiting []E  // for that write
	changes map[string][]byte
	next    []E // for changes, which are to be written next
	durable []E // to be taken
	err     error
}

// New returns a log that writes to store. Without one, nil, everything passes
// at once.
func New[E any](store Store) *Log[E] {
	l := &Log[E]{store: store, ready: make(chan struct{}, 1), ended: make(chan struct{})}
	if store == nil {
		close(l.ended)
		return l
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.writes, l.written = make(chan map[string][]byte, 1), make(chan error, 1)
	go l.write(ctx)
	return l
}

// write is the writer.
func (l *Log[E]) write(ctx context.Context) {
	defer close(l.ended)
	for changes := range l.writes {
		l.written <- l.store.Write(ctx, changes)
		select {
		case l.ready <- struct{}{}:
		default:
		}
	}
}

// Add takes a step's changes and effects. The changes become the log's; the
// effects are copied.
func (l *Log[E]) Add(changes map[string][]byte, effects []E) {
	switch {
	case l.err != nil:
	case l.store == nil:
		l.durable = append(l.durable, effects...)
	case l.busy:
		if l.changes == nil {
			l.changes = changes
		} else {
			maps.Copy(l.changes, changes)
		}
		l.next = append(l.next, effects...)
	case len(changes) == 0:
		l.durable = append(l.durable, effects...)
	default:
		l.waiting = append(l.waiting, effects...)
		l.busy = true
		l.writes <- changes
	}
}

// Ready returns the channel that delivers a token when Take may have more, for
// use in a select.
func (l *Log[E]) Ready() <-chan struct{} { return l.ready }

// Take returns the effects that may be carried out, in order, and does not
// wait. The caller gives back the slice of the previous Take as buf, to be
// filled next. After an error of the store there are no further effects, only
// that error.
func (l *Log[E]) Take(buf []E) ([]E, error) {
	if l.busy {
		select {
		case err := <-l.written:
			l.finish(err)
		default:
		}
	}
	return l.take(buf)
}

// Flush waits until everything that was added is durable, and returns what
// Take would. It waits for the store.
func (l *Log[E]) Flush(buf []E) ([]E, error) {
	for l.busy {
		l.finish(<-l.written)
	}
	return l.take(buf)
}

func (l *Log[E]) take(buf []E) ([]E, error) {
	clear(buf)
	taken := l.durable
	l.durable = buf[:0]
	if l.err != nil {
		return nil, l.err
	}
	return taken, nil
}

// finish takes the result of a write and begins with the next.
func (l *Log[E]) finish(err error) {
	l.busy = false
	if err != nil {
		l.err = fmt.Errorf("write ahead: %w", err)
		l.waiting, l.next, l.durable, l.changes = nil, nil, nil, nil
		return
	}
	l.durable = append(l.durable, l.waiting...)
	clear(l.waiting)
	l.waiting, l.next = l.next, l.waiting[:0]
	changes := l.changes
	l.changes = nil
	if len(changes) == 0 {
		l.durable = append(l.durable, l.waiting...)
		clear(l.waiting)
		l.waiting = l.waiting[:0]
		return
	}
	l.busy = true
	l.writes <- changes
}

// Pending reports whether something waits for the store.
func (l *Log[E]) Pending() bool { return l.busy }

// Close ends the writer, after the write under way, which is told to hurry.
// What waits for it is not done; see Flush. The store stays open. Closing again
// has no effect.
func (l *Log[E]) Close() {
	if l.cancel != nil {
		l.cancel()
		close(l.writes)
		l.cancel = nil
	}
	<-l.ended
}
