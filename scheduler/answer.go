package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// Accept launches tasks on the resources of an offer; what they leave is
// declined with Config.DefaultFilter. Without tasks it is Decline.
//
// It checks the answer before it sends it: [ErrUnknownOffer],
// [ErrInsufficient], [ErrDuplicateTask], [ErrNotSubscribed], or an error that
// names what is wrong with a task. On an error nothing was sent and the offer
// is still open.
func (d *Driver) Accept(id proffer.OfferID, tasks ...proffer.TaskInfo) error {
	return d.AcceptOffers([]proffer.OfferID{id}, d.cfg.DefaultFilter, offers.Launch{Tasks: slices.Clone(tasks)})
}

// AcceptGroup launches tasks that live and die together. It checks like
// [Driver.Accept].
func (d *Driver) AcceptGroup(id proffer.OfferID, group proffer.TaskGroup) error {
	group.Tasks = slices.Clone(group.Tasks)
	return d.AcceptOffers([]proffer.OfferID{id}, d.cfg.DefaultFilter, offers.LaunchGroup{Group: group})
}

// AcceptOffers is the general form of accepting: several offers of one agent
// and role, used together by operations that are carried out in order. Those
// on resources (reserving, volumes) are carried out all or none, and with them
// what is launched: see [OperationObserver]. It checks like [Driver.Accept].
// The operations' tasks must not be changed afterwards.
func (d *Driver) AcceptOffers(ids []proffer.OfferID, filter offers.Filter, operations ...offers.Operation) error {
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("scheduler: accept: %w", err)
	}
	answer := Answer{OfferIDs: slices.Clone(ids), Operations: operations}
	call := &AcceptCall{OfferIDs: answer.OfferIDs, Operations: operations, Filter: filter}
	return d.accept(call, answer)
}

// AcceptAll answers offers of several agents, all or nothing: when one of the
// offers is no longer valid, nothing is launched on the others either, every
// task is told [proffer.TaskDropped], and the offers are declined. Gather the
// offers with [Driver.Hold], or have them gathered by a demand for a gang
// ([offers.Demand]). It checks like [Driver.Accept]; what the operations leave
// is declined with Config.DefaultFilter.
func (d *Driver) AcceptAll(answers ...Answer) error {
	return d.accept(&AcceptAllCall{Answers: slices.Clone(answers), Filter: d.cfg.DefaultFilter}, answers...)
}

func (d *Driver) accept(call Call, answers ...Answer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session == nil {
		return ErrNotSubscribed
	}
	launched, err := d.checkAnswers(answers)
	if err == nil {
		if failed := d.session.Send(call); failed != nil {
			err = fmt.Errorf("%w: %w", ErrNotSubscribed, failed)
		}
	}
	if err != nil {
		for _, id := range launched {
			delete(d.tasks, id)
		}
		return err
	}
	for _, answer := range answers {
		for _, id := range answer.OfferIDs {
			delete(d.open, id)
		}
	}
	return nil
}

// checkAnswers puts the tasks that the answers launch among d.tasks, and
// returns their ids: on an error the caller takes them out again.
func (d *Driver) checkAnswers(answers []Answer) (launched []proffer.TaskID, err error) {
	seen := make(map[proffer.OfferID]bool)
	for _, answer := range answers {
		held, role, err := d.heldBy(answer.OfferIDs)
		if err != nil {
			return launched, fmt.Errorf("accept: %w", err)
		}
		for _, id := range answer.OfferIDs {
			if seen[id] {
				return launched, fmt.Errorf("accept: %w: %s is in two answers", offers.ErrMixedOffers, id)
			}
			seen[id] = true
		}
		tasks, err := d.checkOperations(answer, held, role)
		launched = append(launched, tasks...)
		if err != nil {
			return launched, err
		}
	}
	return launched, nil
}

// heldBy returns what the offers hold together.
func (d *Driver) heldBy(ids []proffer.OfferID) (held resources.Resources, role string, err error) {
	var first *offers.Offer
	for i, id := range ids {
		open, ok := d.open[id]
		if !ok {
			return held, role, fmt.Errorf("%w: %s", ErrUnknownOffer, id)
		}
		if first == nil {
			first = open.offer
		}
		if slices.Contains(ids[:i], id) || open.offer.AgentID != first.AgentID || open.offer.Role != first.Role {
			return held, role, fmt.Errorf("%w: %s and %s", offers.ErrMixedOffers, first.ID, id)
		}
		sum, err := held.Add(open.offer.Resources)
		if err != nil {
			return held, role, fmt.Errorf("offer %s: %w", id, err)
		}
		held = sum
	}
	if first == nil {
		return held, role, fmt.Errorf("%w: none is named", ErrUnknownOffer)
	}
	return held, first.Role, nil
}

// checkOperations checks the operations in order on what the offers hold.
func (d *Driver) checkOperations(answer Answer, left resources.Resources, role string) (launched []proffer.TaskID, err error) {
	first := answer.OfferIDs[0]
	for _, op := range answer.Operations {
		v, err := offers.Convert(op, role)
		if err != nil {
			return launched, fmt.Errorf("scheduler: accept %s: %w", first, err)
		}
		rest, ok := left.Sub(v.Consumed)
		if !ok {
			return launched, fmt.Errorf("%w: offer %s has %s, %T needs %s", ErrInsufficient, first, left, op, v.Consumed)
		}
		if left, err = rest.Add(v.Converted); err != nil {
			return launched, fmt.Errorf("scheduler: accept %s: %T: %w", first, op, err)
		}
		tasks, err := checkedTasks(op)
		if err != nil {
			return launched, fmt.Errorf("scheduler: accept %s: %w", first, err)
		}
		has, used := left, resources.Resources{}
		for i := range tasks {
			id := tasks[i].ID
			if _, ok := d.tasks[id]; ok {
				return launched, fmt.Errorf("%w: %q: a task that is run again needs a new id", ErrDuplicateTask, string(id))
			}
			d.tasks[id] = &openTask{agent: d.open[answer.OfferIDs[0]].offer.AgentID}
			launched = append(launched, id)
			if used, err = used.Add(tasks[i].Resources); err != nil {
				return launched, fmt.Errorf("scheduler: accept %s: task %q: %w", first, string(id), err)
			}
		}
		if left, ok = has.Sub(used); !ok {
			return launched, fmt.Errorf("%w: offer %s has %s, tasks need %s", ErrInsufficient, first, has, used)
		}
	}
	return launched, nil
}

func checkedTasks(op offers.Operation) ([]proffer.TaskInfo, error) {
	switch op := op.(type) {
	case offers.Launch:
		for i := range op.Tasks {
			if err := op.Tasks[i].Validate(); err != nil {
				return nil, err
			}
		}
		return op.Tasks, nil
	case offers.LaunchGroup:
		return op.Group.Tasks, op.Group.Validate()
	default: // an operation on resources: Convert has checked it
		return nil, nil
	}
}

// Decline gives offers back, with Config.DefaultFilter.
func (d *Driver) Decline(ids ...proffer.OfferID) error {
	return d.DeclineFor(d.cfg.DefaultFilter, ids...)
}

// DeclineFor gives offers back with a filter. One that is unknown
// ([ErrUnknownOffer]) refuses the whole call.
func (d *Driver) DeclineFor(filter offers.Filter, ids ...proffer.OfferID) error {
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("scheduler: decline: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.allOpen(ids); err != nil {
		return fmt.Errorf("decline: %w", err)
	}
	if d.session == nil {
		return ErrNotSubscribed
	}
	if err := d.session.Send(&DeclineCall{OfferIDs: slices.Clone(ids), Filter: filter}); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSubscribed, err)
	}
	for _, id := range ids {
		delete(d.open, id)
	}
	return nil
}

// Hold keeps offers open after ResourceOffers has returned, until they are
// accepted, declined or rescinded. The master rescinds them when its hold
// time-out passes; until then they do not count in the framework's share, so
// that a gang which is being gathered is not passed over for what it cannot use
// yet.
func (d *Driver) Hold(ids ...proffer.OfferID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.allOpen(ids); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if d.session == nil {
		return ErrNotSubscribed
	}
	if err := d.session.Send(&HoldCall{OfferIDs: slices.Clone(ids)}); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSubscribed, err)
	}
	for _, id := range ids {
		d.open[id].held = true
	}
	return nil
}

func (d *Driver) allOpen(ids []proffer.OfferID) error {
	for _, id := range ids {
		if _, ok := d.open[id]; !ok {
			return fmt.Errorf("%w: %s", ErrUnknownOffer, id)
		}
	}
	return nil
}

// KillOption changes one Kill.
type KillOption func(*KillCall)

// WithGrace sets the time between SIGTERM and SIGKILL, in place of that of
// the task. Of several kills the shortest grace counts. Negative means none.
func WithGrace(grace time.Duration) KillOption {
	return func(c *KillCall) {
		grace = max(grace, 0)
		c.Grace = &grace
	}
}

// Kill ends a task. A terminal status follows, also when the master knows
// nothing of the task. The kill of a task that this driver launched is sent
// again with every session until the end of the task is known.
func (d *Driver) Kill(id proffer.TaskID, options ...KillOption) error {
	if err := proffer.ValidateID("task id", id); err != nil {
		return fmt.Errorf("scheduler: kill: %w", err)
	}
	call := &KillCall{TaskID: id}
	for _, option := range options {
		option(call)
	}
	d.mu.Lock()
	if t, ok := d.tasks[id]; ok {
		t.kill = call
	}
	d.mu.Unlock()
	return d.send(call)
}

// Acknowledge tells that a status has been dealt with for which StatusUpdate
// returned [AckLater].
func (d *Driver) Acknowledge(status proffer.TaskStatus) error {
	if status.State.Terminal() || status.State == proffer.TaskUnknown {
		d.mu.Lock()
		delete(d.tasks, status.TaskID)
		d.mu.Unlock()
	}
	if status.UpdateID == 0 {
		return nil // made by the master: it does not wait for an answer
	}
	if err := proffer.ValidateID("task id", status.TaskID); err != nil {
		return fmt.Errorf("scheduler: acknowledge: %w", err)
	}
	return d.send(&AcknowledgeCall{AgentID: status.AgentID, TaskID: status.TaskID, UpdateID: status.UpdateID})
}

// Reconcile asks for the latest status of the tasks, or of all that the master
// knows of the framework if none is named. The answers come as statuses with
// [proffer.ReasonReconciliation].
func (d *Driver) Reconcile(tasks ...TaskRef) error {
	for _, ref := range tasks {
		err := proffer.ValidateID("task id", ref.TaskID)
		if err == nil && ref.AgentID != "" {
			err = proffer.ValidateID("agent id", ref.AgentID)
		}
		if err != nil {
			return fmt.Errorf("scheduler: reconcile: %w", err)
		}
	}
	return d.send(&ReconcileCall{Tasks: slices.Clone(tasks)})
}

// SendMessage sends data to an executor. It is not retried.
func (d *Driver) SendMessage(agent proffer.AgentID, executor proffer.ExecutorID, data []byte) error {
	if len(data) > proffer.MaxDataSize {
		return fmt.Errorf("scheduler: message to executor %q has %d bytes, at most %d are allowed", string(executor), len(data), proffer.MaxDataSize)
	}
	if err := errors.Join(proffer.ValidateID("agent id", agent), proffer.ValidateID("executor id", executor)); err != nil {
		return fmt.Errorf("scheduler: message: %w", err)
	}
	return d.send(&MessageCall{AgentID: agent, ExecutorID: executor, Data: slices.Clone(data)})
}

// ShutdownExecutor ends an executor with its tasks.
func (d *Driver) ShutdownExecutor(agent proffer.AgentID, executor proffer.ExecutorID) error {
	if err := errors.Join(proffer.ValidateID("agent id", agent), proffer.ValidateID("executor id", executor)); err != nil {
		return fmt.Errorf("scheduler: shut down executor: %w", err)
	}
	return d.send(&ShutdownExecutorCall{AgentID: agent, ExecutorID: executor})
}

// Explain tells why a task is not placed: for every agent and role a reason.
// With the zero TaskInfo it tells why no offer comes. It waits for the master,
// never for a callback.
func (d *Driver) Explain(ctx context.Context, task proffer.TaskInfo) (offers.Explanation, error) {
	d.mu.Lock()
	session := d.session
	d.mu.Unlock()
	if session == nil {
		return offers.Explanation{}, ErrNotSubscribed
	}
	return session.Explain(ctx, task.Resources)
}

// Teardown ends the framework for good: its tasks are killed, its id is used
// up, and Run returns nil.
func (d *Driver) Teardown() error {
	d.mu.Lock()
	d.tornDown = true
	d.mu.Unlock()
	err := d.send(&TeardownCall{}) // again by a later session, if this one is lost
	if errors.Is(err, ErrNotSubscribed) {
		d.mu.Lock()
		d.tornDown = false
		d.mu.Unlock()
	}
	return err
}
