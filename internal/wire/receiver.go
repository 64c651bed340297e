package wire

import (
	"errors"
	"fmt"
)

// ErrBroken means that an envelope was lost or overtaken, so that the connection
// cannot go on. Its two ends open another one and compare what they know.
var ErrBroken = errors.New("wire: connection is broken")

// Sender numbers the envelopes of one direction of a connection. The zero value
// with the connection set is ready.
type Sender struct {
	Connection uint64
	sent       uint64
}

// Next returns the header of the next envelope.
func (s *Sender) Next() Header {
	s.sent++
	return Header{Connection: s.Connection, Number: s.sent}
}

// Sent returns how many envelopes were numbered.
func (s *Sender) Sent() uint64 { return s.sent }

// Receiver has each envelope of one direction of a connection delivered once
// and in order. The zero value with the connection set is ready.
type Receiver struct {
	Connection uint64
	received   uint64
	broken     error
}

// Receive reports whether the envelope is to be delivered. It is not when it
// came before, or when it is late and belongs to another connection. A gap
// breaks the connection: that and everything after it is [ErrBroken].
func (r *Receiver) Receive(h Header) (deliver bool, err error) {
	switch {
	case h.Connection != r.Connection:
		return false, nil
	case r.broken != nil:
		return false, r.broken
	case h.Number == r.received+1:
		r.received++
		return true, nil
	case h.Number != 0 && h.Number <= r.received:
		return false, nil
	case h.Number == 0:
		r.broken = fmt.Errorf("%w: an envelope has no number", ErrBroken)
	default:
		r.broken = fmt.Errorf("%w: after envelope %d came %d", ErrBroken, r.received, h.Number)
	}
	return false, r.broken
}

// Received returns how many envelopes were delivered.
func (r *Receiver) Received() uint64 { return r.received }
