package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

// The numbers of the fields of an envelope.
const (
	numberVersion    protowire.Number = 1
	numberConnection protowire.Number = 2
	numberNumber     protowire.Number = 3

	numberKeepalive            protowire.Number = 4
	numberStatusUpdate         protowire.Number = 5
	numberTaskEnded            protowire.Number = 16
	numberRegister             protowire.Number = 17
	numberExecutorMessage      protowire.Number = 18
	numberFrameworkEnded       protowire.Number = 19
	numberLeave                protowire.Number = 20
	numberExecutorExited       protowire.Number = 21
	numberRunTasks             protowire.Number = 6
	numberAcknowledgeStatus    protowire.Number = 7
	numberKillTask             protowire.Number = 30
	numberRegistered           protowire.Number = 31
	numberRefused              protowire.Number = 32
	numberFrameworkMessage     protowire.Number = 33
	numberShutdownExecutor     protowire.Number = 34
	numberShutdownFramework    protowire.Number = 35
	numberSubscribe            protowire.Number = 40
	numberExplain              protowire.Number = 41
	numberAccept               protowire.Number = 8
	numberDecline              protowire.Number = 9
	numberAcknowledge          protowire.Number = 10
	numberSuppress             protowire.Number = 42
	numberRevive               protowire.Number = 43
	numberUpdate               protowire.Number = 44
	numberAcceptAll            protowire.Number = 45
	numberHold                 protowire.Number = 46
	numberStateDemand          protowire.Number = 11
	numberClearDemand          protowire.Number = 47
	numberAnswerInverse        protowire.Number = 48
	numberKill                 protowire.Number = 49
	numberReconcile            protowire.Number = 50
	numberMessage              protowire.Number = 51
	numberShutdownExecutorCall protowire.Number = 52
	numberTeardown             protowire.Number = 53
	numberSubscribeAnswer      protowire.Number = 60
	numberExplanation          protowire.Number = 61
	numberOffers               protowire.Number = 12
	numberTaskUpdate           protowire.Number = 13
	numberRescind              protowire.Number = 14
	numberSubscribed           protowire.Number = 62
	numberInverseOffer         protowire.Number = 63
	numberRescindInverse       protowire.Number = 64
	numberOperations           protowire.Number = 65
	numberMessageEvent         protowire.Number = 66
	numberFailure              protowire.Number = 67
	numberError                protowire.Number = 68
)

// maxContent is the greatest number that a content may get. What has a greater
// one is something else, which a newer program says beside it.
const maxContent = 99

// content is what an envelope carries: a message to be sent, or the bytes of
// one that came.
type content struct {
	number  protowire.Number
	message proto.Message
	body    []byte
}

// header writes what stands before the content.
func (e *encoder) header(h Header) {
	e.uint(numberVersion, Version)
	e.uint(numberConnection, h.Connection)
	e.uint(numberNumber, h.Number)
}

// hot writes a message field by field if it is one of those that pass most
// often.
func (e *encoder) hot(message any) bool {
	switch m := message.(type) {
	case *protocol.StatusUpdate:
		at := e.begin(numberStatusUpdate)
		e.statusUpdate(m)
		e.end(at)
	case *protocol.RunTasks:
		at := e.begin(numberRunTasks)
		e.runTasks(m)
		e.end(at)
	case *protocol.Acknowledge:
		at := e.begin(numberAcknowledgeStatus)
		e.acknowledgement(string(m.FrameworkID), m.TaskID, m.UpdateID)
		e.end(at)
	case *scheduler.AcknowledgeCall:
		at := e.begin(numberAcknowledge)
		e.acknowledgement(string(m.AgentID), m.TaskID, m.UpdateID)
		e.end(at)
	case *scheduler.UpdateEvent:
		at := e.begin(numberTaskUpdate)
		e.status(1, &m.Status)
		e.end(at)
	case *scheduler.OffersEvent:
		at := e.begin(numberOffers)
		for _, o := range m.Offers {
			e.offer(1, o)
		}
		e.end(at)
	case *scheduler.AcceptCall:
		at := e.begin(numberAccept)
		e.accept(m)
		e.end(at)
	case *scheduler.DeclineCall:
		at := e.begin(numberDecline)
		e.ids(1, m.OfferIDs)
		e.zigzag(2, int64(m.Filter.Refuse))
		e.end(at)
	default:
		return false
	}
	return true
}

// consumeEnvelope reads an envelope. Of what is there twice the last one counts,
// and what it does not know is skipped, as everywhere in protobuf.
func consumeEnvelope(b []byte) (version uint64, h Header, c content, err error) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return 0, h, c, protowire.ParseError(n)
		}
		b = b[n:]
		switch {
		case number <= numberNumber && kind == protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(b)
			switch number {
			case numberVersion:
				version = v
			case numberConnection:
				h.Connection = v
			default:
				h.Number = v
			}
		case number > numberNumber && number <= maxContent && kind == protowire.BytesType:
			c.number = number
			c.body, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return 0, h, c, protowire.ParseError(n)
		}
		b = b[n:]
	}
	return version, h, c, nil
}

// read reads the message that the content is.
func read[M proto.Message](d *decoder, body []byte, m M) M {
	if err := proto.Unmarshal(body, m); err != nil {
		d.fail(string(m.ProtoReflect().Descriptor().Name()), err)
	}
	return m
}

// unknown refuses content that does not go that way, or that a newer program
// sent.
func (d *decoder) unknown(c content) {
	field := (&Envelope{}).ProtoReflect().Descriptor().Fields().ByNumber(c.number)
	switch {
	case c.number == 0:
		d.fail("content", errMissing)
	case field == nil:
		d.fail("content", fmt.Errorf("field %d is not known here; was it sent by a newer version?", c.number))
	default:
		d.fail("content", fmt.Errorf("a message %s does not go this way", field.Name()))
	}
}
