package wire

import (
	"errors"
	"time"

	"github.com/proffer-go/proffer"
)

// The parts that many messages have.

var errMissing = errors.New("it is missing")

func (d *decoder) framework(id string) proffer.FrameworkID {
	return requiredID[proffer.FrameworkID](d, "framework id", id)
}

func (d *decoder) agentID(id string) proffer.AgentID {
	return requiredID[proffer.AgentID](d, "agent id", id)
}

func (d *decoder) taskID(id string) proffer.TaskID {
	return requiredID[proffer.TaskID](d, "task id", id)
}

func (d *decoder) executorID(id string) proffer.ExecutorID {
	return requiredID[proffer.ExecutorID](d, "executor id", id)
}

func (d *decoder) offerIDs(ids []string) []proffer.OfferID {
	if len(ids) == 0 {
		return nil
	}
	list := make([]proffer.OfferID, len(ids))
	for i, id := range ids {
		list[i] = requiredID[proffer.OfferID](d, "offer id", id)
	}
	return list
}

func encodeIDs[T ~string](ids []T) []string {
	if len(ids) == 0 {
		return nil
	}
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}

func encodeTaskOrNil(t *proffer.TaskInfo) *Task {
	if t == nil {
		return nil
	}
	return EncodeTask(t)
}

// task reads one that must be there.
func (d *decoder) task(m *Task) *proffer.TaskInfo {
	if m == nil {
		d.fail("task", errMissing)
		return nil
	}
	t, err := DecodeTask(m)
	if err != nil && d.err == nil {
		d.err = err
	}
	return t
}

func (d *decoder) requiredExecutor(m *Executor) *proffer.ExecutorInfo {
	if m == nil {
		d.fail("executor", errMissing)
	}
	return d.executor(m)
}

func (d *decoder) optionalStatus(m *Status) *proffer.TaskStatus {
	s, err := DecodeStatus(m)
	if err != nil && d.err == nil {
		d.err = err
	}
	return s
}

func encodeGrace(grace *time.Duration) *int64 {
	return (*int64)(grace)
}

func decodeGrace(grace *int64) *time.Duration {
	return (*time.Duration)(grace)
}
