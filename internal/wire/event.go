package wire

import (
	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/scheduler"
)

func encodeEvent(event scheduler.Event) (content, error) {
	switch e := event.(type) {
	case *scheduler.SubscribedEvent:
		return content{number: numberSubscribed, message: &Subscribed{FrameworkId: string(e.FrameworkID)}}, nil
	case *scheduler.RescindEvent:
		return content{number: numberRescind, message: &Rescind{OfferId: string(e.OfferID)}}, nil
	case *scheduler.InverseOfferEvent:
		return content{number: numberInverseOffer, message: encodeInverseOffer(e.Offer)}, nil
	case *scheduler.RescindInverseEvent:
		return content{number: numberRescindInverse, message: &RescindInverse{Id: string(e.ID)}}, nil
	case *scheduler.OperationsEvent:
		list, err := encodeOperations(e.Operations)
		return content{number: numberOperations, message: &Operations{
			AgentId: string(e.AgentID), OfferIds: encodeIDs(e.OfferIDs), Operations: list, Error: encodeError(e.Err),
		}}, err
	case *scheduler.MessageEvent:
		return content{number: numberMessageEvent, message: &Message{AgentId: string(e.AgentID), ExecutorId: string(e.ExecutorID), Data: e.Data}}, nil
	case *scheduler.FailureEvent:
		return content{number: numberFailure, message: &Failure{
			AgentId: string(e.AgentID), ExecutorId: string(e.ExecutorID), Exit: EncodeExit(e.Exit), Message: []byte(e.Message),
		}}, nil
	case *scheduler.ErrorEvent:
		return content{number: numberError, message: encodeError(e.Err)}, nil
	default:
		return content{}, errNoMessage
	}
}

func decodeEvent(d *decoder, c content) any {
	switch c.number {
	case numberSubscribed:
		m := read(d, c.body, &Subscribed{})
		return &scheduler.SubscribedEvent{FrameworkID: d.framework(m.GetFrameworkId())}
	case numberOffers:
		return d.readOffers(c.body)
	case numberRescind:
		m := read(d, c.body, &Rescind{})
		return &scheduler.RescindEvent{OfferID: requiredID[proffer.OfferID](d, "offer id", m.GetOfferId())}
	case numberInverseOffer:
		m := read(d, c.body, &InverseOffer{})
		return &scheduler.InverseOfferEvent{Offer: d.inverseOffer(m)}
	case numberRescindInverse:
		m := read(d, c.body, &RescindInverse{})
		return &scheduler.RescindInverseEvent{ID: requiredID[proffer.InverseOfferID](d, "inverse offer id", m.GetId())}
	case numberOperations:
		m := read(d, c.body, &Operations{})
		return &scheduler.OperationsEvent{
			AgentID: d.agentID(m.GetAgentId()), OfferIDs: d.offerIDs(m.GetOfferIds()), Operations: d.operations(m.GetOperations()),
			Err: decodeError(m.GetError()),
		}
	case numberTaskUpdate:
		return d.readTaskUpdate(c.body)
	case numberMessageEvent:
		m := read(d, c.body, &Message{})
		return &scheduler.MessageEvent{
			AgentID: d.agentID(m.GetAgentId()), ExecutorID: d.executorID(m.GetExecutorId()), Data: d.data(m.GetData()),
		}
	case numberFailure:
		m := read(d, c.body, &Failure{})
		return &scheduler.FailureEvent{
			AgentID: d.agentID(m.GetAgentId()), ExecutorID: optionalID[proffer.ExecutorID](d, "executor id", m.GetExecutorId()),
			Exit: d.exit(m.GetExit()), Message: string(m.GetMessage()),
		}
	case numberError:
		m := read(d, c.body, &Error{})
		return &scheduler.ErrorEvent{Err: decodeError(m)}
	case numberSubscribeAnswer:
		m := read(d, c.body, &SubscribeAnswer{})
		return &SubscribeEvent{Err: decodeError(m.GetError())}
	case numberExplanation:
		m := read(d, c.body, &Explanation{})
		return d.explanation(m)
	default:
		d.unknown(c)
		return nil
	}
}
