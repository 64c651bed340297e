package wire

import (
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

func encodeCall(call scheduler.Call) (content, error) {
	switch c := call.(type) {
	case *scheduler.AcceptAllCall:
		m := &AcceptAll{Refuse: int64(c.Filter.Refuse)}
		for i, a := range c.Answers {
			answer, err := encodeAnswer(a.OfferIDs, a.Operations)
			if err != nil {
				return content{}, fmt.Errorf("answer %d: %w", i+1, err)
			}
			m.Answers = append(m.Answers, answer)
		}
		return content{number: numberAcceptAll, message: m}, nil
	case *scheduler.HoldCall:
		return content{number: numberHold, message: &Hold{OfferIds: encodeIDs(c.OfferIDs)}}, nil
	case *scheduler.SuppressCall:
		return content{number: numberSuppress, message: &Suppress{Roles: c.Roles}}, nil
	case *scheduler.ReviveCall:
		return content{number: numberRevive, message: &Revive{Roles: c.Roles}}, nil
	case *scheduler.UpdateCall:
		return content{number: numberUpdate, message: &Update{Terms: encodeTerms(&c.Terms)}}, nil
	case *scheduler.DemandCall:
		return content{number: numberStateDemand, message: &StateDemand{Role: c.Role, Demands: encodeDemands(c.Demands)}}, nil
	case *scheduler.ClearDemandCall:
		return content{number: numberClearDemand, message: &ClearDemand{Role: c.Role}}, nil
	case *scheduler.AnswerInverseCall:
		return content{number: numberAnswerInverse, message: &AnswerInverse{Id: string(c.ID), Accept: c.Accept, Refuse: int64(c.Filter.Refuse)}}, nil
	default:
		return encodeTaskCall(call)
	}
}

// encodeTaskCall encodes the calls that are not about offers.
func encodeTaskCall(call scheduler.Call) (content, error) {
	switch c := call.(type) {
	case *scheduler.KillCall:
		return content{number: numberKill, message: &Kill{TaskId: string(c.TaskID), Grace: encodeGrace(c.Grace)}}, nil
	case *scheduler.ReconcileCall:
		m := &Reconcile{}
		for _, ref := range c.Tasks {
			m.Tasks = append(m.Tasks, &TaskRef{TaskId: string(ref.TaskID), AgentId: string(ref.AgentID)})
		}
		return content{number: numberReconcile, message: m}, nil
	case *scheduler.MessageCall:
		return content{number: numberMessage, message: &Message{AgentId: string(c.AgentID), ExecutorId: string(c.ExecutorID), Data: c.Data}}, nil
	case *scheduler.ShutdownExecutorCall:
		return content{number: numberShutdownExecutorCall, message: &ShutdownExecutor{AgentId: string(c.AgentID), ExecutorId: string(c.ExecutorID)}}, nil
	case *scheduler.TeardownCall:
		return content{number: numberTeardown, message: &Teardown{}}, nil
	default:
		return content{}, errNoMessage
	}
}

func decodeCall(d *decoder, c content) any {
	switch c.number {
	case numberAccept:
		return d.readAccept(c.body)
	case numberAcceptAll:
		m := read(d, c.body, &AcceptAll{})
		call := &scheduler.AcceptAllCall{Filter: filter(m.GetRefuse())}
		for _, m := range m.GetAnswers() {
			call.Answers = append(call.Answers, d.answer(m))
		}
		return call
	case numberDecline:
		return d.readDecline(c.body)
	case numberHold:
		m := read(d, c.body, &Hold{})
		return &scheduler.HoldCall{OfferIDs: d.offerIDs(m.GetOfferIds())}
	case numberSuppress:
		m := read(d, c.body, &Suppress{})
		return &scheduler.SuppressCall{Roles: m.GetRoles()}
	case numberRevive:
		m := read(d, c.body, &Revive{})
		return &scheduler.ReviveCall{Roles: m.GetRoles()}
	case numberUpdate:
		m := read(d, c.body, &Update{})
		return &scheduler.UpdateCall{Terms: d.terms(m.GetTerms())}
	case numberStateDemand:
		m := read(d, c.body, &StateDemand{})
		return &scheduler.DemandCall{Role: m.GetRole(), Demands: d.demands(m.GetDemands())}
	case numberClearDemand:
		m := read(d, c.body, &ClearDemand{})
		return &scheduler.ClearDemandCall{Role: m.GetRole()}
	case numberAnswerInverse:
		m := read(d, c.body, &AnswerInverse{})
		return &scheduler.AnswerInverseCall{
			ID:     requiredID[proffer.InverseOfferID](d, "inverse offer id", m.GetId()),
			Accept: m.GetAccept(), Filter: filter(m.GetRefuse()),
		}
	default:
		return d.taskCall(c)
	}
}

// taskCall decodes the calls that are not about offers.
func (d *decoder) taskCall(c content) any {
	switch c.number {
	case numberKill:
		m := read(d, c.body, &Kill{})
		return &scheduler.KillCall{TaskID: d.taskID(m.GetTaskId()), Grace: decodeGrace(m.Grace)}
	case numberAcknowledge:
		who, id, update := d.readAcknowledgement(c.body)
		return &scheduler.AcknowledgeCall{AgentID: optionalID[proffer.AgentID](d, "agent id", who), TaskID: id, UpdateID: update}
	case numberReconcile:
		m := read(d, c.body, &Reconcile{})
		call := &scheduler.ReconcileCall{}
		for _, m := range m.GetTasks() {
			call.Tasks = append(call.Tasks, scheduler.TaskRef{
				TaskID: d.taskID(m.GetTaskId()), AgentID: optionalID[proffer.AgentID](d, "agent id", m.GetAgentId()),
			})
		}
		return call
	case numberMessage:
		m := read(d, c.body, &Message{})
		return &scheduler.MessageCall{
			AgentID: d.agentID(m.GetAgentId()), ExecutorID: d.executorID(m.GetExecutorId()), Data: d.data(m.GetData()),
		}
	case numberShutdownExecutorCall:
		m := read(d, c.body, &ShutdownExecutor{})
		return &scheduler.ShutdownExecutorCall{AgentID: d.agentID(m.GetAgentId()), ExecutorID: d.executorID(m.GetExecutorId())}
	case numberTeardown:
		read(d, c.body, &Teardown{})
		return &scheduler.TeardownCall{}
	case numberSubscribe:
		m := read(d, c.body, &Subscribe{})
		return d.subscribe(m)
	case numberExplain:
		m := read(d, c.body, &Explain{})
		return &ExplainCall{Wanted: d.resources("wanted", m.GetWanted())}
	default:
		d.unknown(c)
		return nil
	}
}

func filter(refuse int64) offers.Filter { return offers.Filter{Refuse: time.Duration(refuse)} }

func encodeAnswer(ids []proffer.OfferID, operations []offers.Operation) (*Answer, error) {
	list, err := encodeOperations(operations)
	return &Answer{OfferIds: encodeIDs(ids), Operations: list}, err
}

func (d *decoder) answer(m *Answer) scheduler.Answer {
	if len(m.GetOfferIds()) == 0 {
		d.fail("accept", errors.New("no offer is named"))
	}
	return scheduler.Answer{OfferIDs: d.offerIDs(m.GetOfferIds()), Operations: d.operations(m.GetOperations())}
}
