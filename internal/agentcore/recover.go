package agentcore

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore/internal/record"
	"github.com/proffer-go/proffer/internal/wire"
)

// Found is a container of the agent's that the containerizer has.
type Found struct {
	Container proffer.ContainerStatus
	Exited    bool // and how is known
}

// Identity returns what an agent was given with Config.Instance and Secret when
// it was started first, or false if there is no record of that.
func Identity(records map[string][]byte) (instance string, secret []byte, ok bool, err error) {
	value, ok := records[agentKey]
	if !ok {
		return "", nil, false, nil
	}
	r, err := record.Decode(agentKey, value)
	if err == nil && r.GetAgent() == nil {
		err = record.Corrupt(agentKey, fmt.Errorf("it is a %T", r.GetContent()))
	}
	return r.GetAgent().GetInstance(), r.GetAgent().GetSecret(), err == nil, err
}

// Recover returns a core that goes on where the one before it ended, at now.
// Records are everything in its checkpoint, nothing for the first; found are
// all containers with its Config.Instance. An error names the record that is to
// blame.
func Recover(cfg Config, now time.Time, records map[string][]byte, found []Found) (*Core, error) {
	r := &recovery{Core: New(cfg), now: now, found: make(map[proffer.ContainerID]Found, len(found)), groups: make(map[uint64]*group)}
	for _, f := range found {
		r.found[f.Container.ID] = f
	}
	if err := r.decode(records); err != nil {
		return nil, err
	}
	r.durable, r.begin = true, now
	r.starts = r.agent.GetStarts() + 1
	if id := r.agent.GetId(); id != "" {
		r.info.ID = proffer.AgentID(id)
	}
	r.booted = len(records) > 0 && r.agent.GetBootId() != cfg.BootID
	r.recordAgent()
	for _, id := range r.ending {
		r.framework(id).ending = true
	}
	for _, e := range r.executors {
		r.recoverExecutor(e)
	}
	slices.SortFunc(r.tasks, func(x, y *taskRecords) int { return cmp.Compare(x.task.GetNumber(), y.task.GetNumber()) })
	for _, t := range r.tasks {
		if err := r.addTask(t); err != nil {
			return nil, err
		}
	}
	r.resolve()
	return r.Core, nil
}

// recovery is a core in the making.
type recovery struct {
	*Core
	now    time.Time
	booted bool // the machine was, since
	found  map[proffer.ContainerID]Found
	groups map[uint64]*group

	agent     *record.Agent
	ending    []proffer.FrameworkID
	executors []*executorRecord
	tasks     []*taskRecords
}

type executorRecord struct {
	key       string
	framework proffer.FrameworkID
	record    *record.Executor
	info      *proffer.ExecutorInfo
}

// taskRecords is all that is known of a task.
type taskRecords struct {
	key       string
	framework proffer.FrameworkID
	task      *record.Task
	info      *proffer.TaskInfo
	progress  *record.Progress
	newest    *proffer.TaskStatus
	statuses  []*proffer.TaskStatus
}

// decode reads all records. Those of a task come in the order task, progress,
// statuses.
func (r *recovery) decode(records map[string][]byte) error {
	tasks := make(map[string]*taskRecords)
	kinds := []string{"agent", "framework", "executor", "task", "progress", "status"}
	keys := slices.SortedFunc(maps.Keys(records), func(x, y string) int {
		kx, _, _ := strings.Cut(x, "/")
		ky, _, _ := strings.Cut(y, "/")
		return cmp.Or(cmp.Compare(slices.Index(kinds, kx), slices.Index(kinds, ky)), cmp.Compare(x, y))
	})
	var errs []error
	for _, key := range keys {
		content, err := record.Decode(key, records[key])
		if err == nil {
			if err = r.decodeOne(key, content, tasks); err != nil {
				err = record.Corrupt(key, err)
			}
		}
		if err != nil {
			if errs = append(errs, err); len(errs) == 10 {
				break // more of the same help nobody
			}
		}
	}
	if len(records) > 0 && r.agent == nil && len(errs) == 0 {
		errs = append(errs, record.Corrupt(agentKey, errors.New("it is missing")))
	}
	r.tasks = slices.Collect(maps.Values(tasks))
	return errors.Join(errs...)
}

func (r *recovery) decodeOne(key string, content *record.Record, tasks map[string]*taskRecords) error {
	kind, path, _ := strings.Cut(key, "/")
	framework, id, _ := strings.Cut(path, "/")
	if kind != agentKey {
		if err := proffer.ValidateID("framework id", framework); err != nil {
			return err
		}
	}
	switch {
	case kind == agentKey && content.GetAgent() != nil:
		r.agent = content.GetAgent()
		return nil
	case kind == "framework" && content.GetFramework() != nil:
		r.ending = append(r.ending, proffer.FrameworkID(framework))
		return nil
	case kind == "executor" && content.GetExecutor() != nil:
		e := &executorRecord{key: key, framework: proffer.FrameworkID(framework), record: content.GetExecutor()}
		var err error
		if e.info, err = wire.DecodeExecutor(e.record.GetInfo()); err == nil && (e.info == nil || string(e.info.ID) != id) {
			err = errors.New("it describes another executor")
		}
		r.executors = append(r.executors, e)
		return err
	case kind == "task" && content.GetTask() != nil:
		t := &taskRecords{key: key, framework: proffer.FrameworkID(framework), task: content.GetTask()}
		tasks[path] = t
		return t.decodeTask(id)
	case kind == "progress" && content.GetProgress() != nil && tasks[path] != nil:
		return tasks[path].decodeProgress(content.GetProgress())
	case kind == "status" && content.GetStatus() != nil:
		id, _, _ := strings.Cut(id, "/")
		return decodeStatus(tasks[framework+"/"+id], content.GetStatus())
	default:
		return fmt.Errorf("it is a %T", content.GetContent())
	}
}

func (t *taskRecords) decodeTask(id string) error {
	if t.task.GetInfo() == nil {
		return errors.New("it describes no task")
	}
	info, err := wire.DecodeTask(t.task.GetInfo())
	if err == nil && string(info.ID) != id {
		err = fmt.Errorf("it describes task %q", string(info.ID))
	}
	t.info = info
	return err
}

func (t *taskRecords) decodeProgress(p *record.Progress) error {
	t.progress = p
	if state := proffer.TaskState(p.GetState()); p.GetState() > 255 || !state.Valid() {
		return fmt.Errorf("state %d is not known", p.GetState())
	}
	if k := p.GetKill(); k != nil && (k.GetCause() <= record.Kill_NONE || k.GetCause() > record.Kill_MAX_COMPLETION) {
		return fmt.Errorf("cause %d of a kill is not known", k.GetCause())
	}
	var err error
	t.newest, err = wire.DecodeStatus(p.GetNewest())
	return err
}

func decodeStatus(t *taskRecords, m *wire.Status) error {
	if t == nil {
		return errors.New("its task is not recorded")
	}
	s, err := wire.DecodeStatus(m)
	if err == nil && s.TaskID != t.info.ID {
		err = fmt.Errorf("it is of task %q", string(s.TaskID))
	}
	t.statuses = append(t.statuses, s)
	return err
}
