package wire

import (
	"errors"
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

func encodeOperations(operations []offers.Operation) ([]*Operation, error) {
	if len(operations) == 0 {
		return nil, nil
	}
	list := make([]*Operation, 0, len(operations))
	for i, op := range operations {
		m, err := encodeOperation(op)
		if err != nil {
			return nil, fmt.Errorf("operation %d: %w", i+1, err)
		}
		list = append(list, m)
	}
	return list, nil
}

func encodeOperation(op offers.Operation) (*Operation, error) {
	switch op := op.(type) {
	case offers.Launch:
		return &Operation{Launch: encodeLaunch(op.Tasks)}, nil
	case offers.LaunchGroup:
		return &Operation{LaunchGroup: encodeLaunch(op.Group.Tasks)}, nil
	case offers.Reserve:
		return &Operation{Reserve: &Reserve{Resources: EncodeResources(op.Resources), By: encodeReservation(&op.By)}}, nil
	case offers.Unreserve:
		return &Operation{Unreserve: &Convert{Resources: EncodeResources(op.Resources)}}, nil
	case offers.Create:
		return &Operation{Create: &Convert{Resources: EncodeResources(op.Volumes)}}, nil
	case offers.Destroy:
		return &Operation{Destroy: &Convert{Resources: EncodeResources(op.Volumes)}}, nil
	case offers.Grow:
		return &Operation{Grow: &Grow{Volume: EncodeResources(op.Volume), Addition: EncodeResources(op.Addition)}}, nil
	case offers.Shrink:
		return &Operation{Shrink: &Shrink{Volume: EncodeResources(op.Volume), By: int64(op.By)}}, nil
	default:
		return nil, fmt.Errorf("unknown operation %T", op)
	}
}

func encodeLaunch(tasks []proffer.TaskInfo) *Launch {
	m := &Launch{Tasks: make([]*Task, len(tasks))}
	for i := range tasks {
		m.Tasks[i] = EncodeTask(&tasks[i])
	}
	return m
}

func (d *decoder) operations(list []*Operation) []offers.Operation {
	if len(list) == 0 {
		return nil
	}
	operations := make([]offers.Operation, 0, len(list))
	for i, m := range list {
		var in decoder
		operations = append(operations, in.operation(m))
		if in.err != nil {
			d.fail(fmt.Sprintf("operation %d", i+1), in.err)
		}
	}
	return operations
}

func (d *decoder) operation(m *Operation) offers.Operation {
	switch {
	case m.Launch != nil:
		return offers.Launch{Tasks: d.launch(m.Launch)}
	case m.LaunchGroup != nil:
		return offers.LaunchGroup{Group: proffer.TaskGroup{Tasks: d.launch(m.LaunchGroup)}}
	case m.Reserve != nil:
		return offers.Reserve{
			Resources: d.resources("reserve", m.Reserve.GetResources()), By: d.reservation("reserve: by", m.Reserve.GetBy()),
		}
	case m.Unreserve != nil:
		return offers.Unreserve{Resources: d.resources("unreserve", m.Unreserve.GetResources())}
	case m.Create != nil:
		return offers.Create{Volumes: d.resources("create", m.Create.GetResources())}
	case m.Destroy != nil:
		return offers.Destroy{Volumes: d.resources("destroy", m.Destroy.GetResources())}
	case m.Grow != nil:
		return offers.Grow{
			Volume: d.resources("grow: volume", m.Grow.GetVolume()), Addition: d.resources("grow: addition", m.Grow.GetAddition()),
		}
	case m.Shrink != nil:
		return offers.Shrink{Volume: d.resources("shrink: volume", m.Shrink.GetVolume()), By: resources.Scalar(m.Shrink.GetBy())}
	default:
		d.fail("kind", errors.New("it is missing or not known here"))
		return nil
	}
}

func (d *decoder) launch(m *Launch) []proffer.TaskInfo {
	if len(m.GetTasks()) == 0 {
		return nil
	}
	tasks := make([]proffer.TaskInfo, len(m.GetTasks()))
	for i, t := range m.GetTasks() {
		if err := decodeTask(t, &tasks[i]); err != nil {
			d.fail("launch", err)
		}
	}
	return tasks
}
