package wire

import (
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

// Version is that of the protocol. One that is newer is refused: what it says
// might mean something else.
const Version = 1

// MaxSize is the greatest size of an envelope in bytes.
const MaxSize = 256 << 20

// Whoever has sent nothing for KeepaliveInterval sends a keepalive; a peer from
// whom nothing came for DeadAfter is dead, and the connection to it broken.
const (
	KeepaliveInterval = 15 * time.Second
	DeadAfter         = 5 * KeepaliveInterval
)

// ErrVersion means that an envelope is of a newer version of the protocol.
var ErrVersion = errors.New("wire: newer version of the protocol")

// Header tells where an envelope belongs.
type Header struct {
	Connection uint64 // chosen by whoever opened it, another one each time
	Number     uint64 // of the envelope on the connection in its direction, from 1
}

// Encode returns the envelope of a message: a [protocol.ToMaster] or
// [protocol.ToAgent], a [scheduler.Call] or [scheduler.Event], one of the
// messages of this package, or nil, which is a keepalive.
func Encode(h Header, message any) ([]byte, error) {
	e := encoder{b: make([]byte, 0, 192)}
	e.header(h)
	if !e.hot(message) {
		c, err := encodeContent(message)
		if err != nil {
			return nil, fmt.Errorf("wire: %T: %w", message, err)
		}
		e.message(c.number, c.message)
	}
	if e.err != nil {
		return nil, fmt.Errorf("wire: %T: %w", message, e.err)
	}
	b := e.b
	if len(b) > MaxSize {
		return nil, fmt.Errorf("wire: %T has %d bytes, at most %d are allowed", message, len(b), MaxSize)
	}
	return b, nil
}

func encodeContent(message any) (content, error) {
	switch m := message.(type) {
	case nil:
		return content{number: numberKeepalive, message: &Keepalive{}}, nil
	case protocol.ToMaster:
		return encodeToMaster(m)
	case protocol.ToAgent:
		return encodeToAgent(m)
	case scheduler.Call:
		return encodeCall(m)
	case scheduler.Event:
		return encodeEvent(m)
	default:
		return encodeSession(message)
	}
}

var errNoMessage = errors.New("it is not a message of the protocol")

// DecodeToMaster reads an envelope from an agent. The message of a keepalive
// is nil.
func DecodeToMaster(b []byte) (Header, protocol.ToMaster, error) {
	return decode(b, "agent to master", decodeToMaster)
}

// DecodeToAgent reads an envelope from the master to an agent. The message of
// a keepalive is nil.
func DecodeToAgent(b []byte) (Header, protocol.ToAgent, error) {
	return decode(b, "master to agent", decodeToAgent)
}

// DecodeCall reads an envelope from a driver: a [scheduler.Call], a
// [SubscribeCall] or an [ExplainCall]. The message of a keepalive is nil.
func DecodeCall(b []byte) (Header, any, error) {
	return decode(b, "driver to master", decodeCall)
}

// DecodeEvent reads an envelope from the master to a driver: a
// [scheduler.Event], a [SubscribeEvent] or an [ExplainEvent]. The message of a
// keepalive is nil.
func DecodeEvent(b []byte) (Header, any, error) {
	return decode(b, "master to driver", decodeEvent)
}

func decode[M any](b []byte, way string, read func(d *decoder, c content) M) (h Header, m M, err error) {
	if len(b) > MaxSize {
		return h, m, fmt.Errorf("wire: %s: envelope has %d bytes, at most %d are allowed", way, len(b), MaxSize)
	}
	version, h, c, err := consumeEnvelope(b)
	switch {
	case err != nil:
		return h, m, fmt.Errorf("wire: %s: envelope: %w", way, err)
	case version == 0:
		return h, m, fmt.Errorf("wire: %s: version is missing", way)
	case version > Version:
		return h, m, fmt.Errorf("%w: %s: it is %d, and %d is the newest that is known here: update this program", ErrVersion, way, version, Version)
	case c.number == numberKeepalive:
		return h, m, nil
	}
	var d decoder
	decoded := read(&d, c)
	if d.err != nil {
		return h, m, fmt.Errorf("wire: %s: %w", way, d.err)
	}
	return h, decoded, nil
}
