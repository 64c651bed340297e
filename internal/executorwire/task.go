package executorwire

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// EncodeTask returns what an executor is told of a task.
func EncodeTask(t *proffer.TaskInfo) *Task {
	return &Task{
		Id: string(t.ID), Name: t.Name, Resources: t.Resources.String(),
		KillGrace: int64(t.KillGrace), MaxCompletionTime: int64(t.MaxCompletionTime),
		Labels: t.Labels, Data: t.Data,
	}
}

// DecodeTask is the inverse of EncodeTask, for the executor's own info.
func DecodeTask(t *Task, executor *proffer.ExecutorInfo) (*proffer.TaskInfo, error) {
	id := proffer.TaskID(t.GetId())
	if err := proffer.ValidateID("task id", id); err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	res, err := resources.Parse(t.GetResources())
	if err != nil {
		return nil, fmt.Errorf("launch: task %q: %w", t.GetId(), err)
	}
	return &proffer.TaskInfo{
		ID: id, Name: t.GetName(), Resources: res, Executor: executor,
		KillGrace: time.Duration(t.GetKillGrace()), MaxCompletionTime: time.Duration(t.GetMaxCompletionTime()),
		Labels: t.GetLabels(), Data: t.GetData(),
	}, nil
}

// EncodeRegistered tells an executor its place.
func EncodeRegistered(agent *proffer.AgentInfo, e *proffer.ExecutorInfo) *Registered {
	return &Registered{
		AgentId: string(agent.ID), Hostname: agent.Hostname,
		Resources: agent.Resources.String(), Attributes: agent.Attributes.String(),
		Executor: &Executor{
			Id: string(e.ID), Name: e.Name, Resources: e.Resources.String(), Labels: e.Labels, Data: e.Data,
		},
	}
}

// DecodeRegistered is the inverse of EncodeRegistered.
func DecodeRegistered(r *Registered) (*proffer.AgentInfo, *proffer.ExecutorInfo, error) {
	res, err := resources.Parse(r.GetResources())
	if err != nil {
		return nil, nil, fmt.Errorf("registered: agent: %w", err)
	}
	attributes, err := resources.ParseAttributes(r.GetAttributes())
	if err != nil {
		return nil, nil, fmt.Errorf("registered: agent: %w", err)
	}
	e := r.GetExecutor()
	own, err := resources.Parse(e.GetResources())
	if err != nil {
		return nil, nil, fmt.Errorf("registered: executor: %w", err)
	}
	agent := &proffer.AgentInfo{
		ID: proffer.AgentID(r.GetAgentId()), Hostname: r.GetHostname(), Resources: res, Attributes: attributes,
	}
	return agent, &proffer.ExecutorInfo{
		ID: proffer.ExecutorID(e.GetId()), Name: e.GetName(), Resources: own, Labels: e.GetLabels(), Data: e.GetData(),
	}, nil
}
