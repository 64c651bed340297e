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
// and role, used together by operations that are carried out in order. It
// checks like [Driver.Accept]. The operations' tasks must not be changed
// afterwards.
func (d *Driver) AcceptOffers(ids []proffer.OfferID, filter offers.Filter, operations ...offers.Operation) error {
	if err := filter.Validate(); err != nil {
		return fmt.Errorf("scheduler: accept: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session == nil {
		return ErrNotSubscribed
	}
	held, err := d.heldBy(ids)
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	launched, err := d.checkOperations(ids, held, operations)
	if err == nil {
		call := &AcceptCall{OfferIDs: slices.Clone(ids), Operations: operations, Filter: filter}
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
	for _, id := range ids {
		delete(d.open, id)
	}
	return nil
}

// heldBy returns what the offers hold together.
func (d *Driver) heldBy(ids []proffer.OfferID) (resources.Resources, error) {
	var held resources.Resources
	var first *offers.Offer
	for i, id := range ids {
		open, ok := d.open[id]
		if !ok {
			return held, fmt.Errorf("%w: %s", ErrUnknownOffer, id)
		}
		if first == nil {
			first = open.offer
		}
		if slices.Contains(ids[:i], id) || open.offer.AgentID != first.AgentID || open.offer.Role != first.Role {
			return held, fmt.Errorf("%w: %s and %s", offers.ErrMixedOffers, first.ID, id)
		}
		sum, err := held.Add(open.offer.Resources)
		if err != nil {
			return held, fmt.Errorf("offer %s: %w", id, err)
		}
		held = sum
	}
	if first == nil {
		return held, fmt.Errorf("%w: none is named", ErrUnknownOffer)
	}
	return held, nil
}

// checkOperations puts the tasks that the operations launch among d.tasks, and
// returns their ids: on an error the caller takes them out again.
func (d *Driver) checkOperations(ids []proffer.OfferID, held resources.Resources, operations []offers.Operation) ([]proffer.TaskID, error) {
	var launched []proffer.TaskID
	var used resources.Resources
	for _, op := range operations {
		tasks, err := checkedTasks(op)
		if err != nil {
			return launched, fmt.Errorf("scheduler: accept %s: %w", ids[0], err)
		}
		for i := range tasks {
			id := tasks[i].ID
			if _, ok := d.tasks[id]; ok {
				return launched, fmt.Errorf("%w: %q: a task that is run again needs a new id", ErrDuplicateTask, string(id))
			}
			d.tasks[id] = struct{}{}
			launched = append(launched, id)
			if used, err = used.Add(tasks[i].Resources); err != nil {
				return launched, fmt.Errorf("scheduler: accept %s: task %q: %w", ids[0], string(id), err)
			}
		}
	}
	if !held.Contains(used) {
		return launched, fmt.Errorf("%w: offer %s has %s, tasks need %s", ErrInsufficient, ids[0], held, used)
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
	default:
		return nil, fmt.Errorf("unknown operation %T", op)
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
// accepted, declined or rescinded; the master rescinds them when its offer
// time-out passes.
func (d *Driver) Hold(ids ...proffer.OfferID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.allOpen(ids); err != nil {
		return fmt.Errorf("hold: %w", err)
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

// Suppress stops offers in the named roles, in all if none is named. Call it
// when there is nothing to run; [Driver.Revive] when there is again.
func (d *Driver) Suppress(roles ...string) error {
	if err := d.subscribedTo(roles); err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return d.send(&SuppressCall{Roles: slices.Clone(roles)})
}

// Revive starts offers again in the named roles, in all if none is named, and
// clears the filters of declined offers there.
func (d *Driver) Revive(roles ...string) error {
	if err := d.subscribedTo(roles); err != nil {
		return fmt.Errorf("revive: %w", err)
	}
	return d.send(&ReviveCall{Roles: slices.Clone(roles)})
}

// UpdateRoles changes the roles of the framework. Offers in roles that it
// leaves are rescinded; tasks are not affected.
func (d *Driver) UpdateRoles(roles ...string) error {
	d.mu.Lock()
	framework := d.framework
	framework.Roles = slices.Clone(roles)
	if err := framework.Validate(); err != nil {
		d.mu.Unlock()
		return fmt.Errorf("scheduler: update roles: %w", err)
	}
	d.framework = framework
	d.mu.Unlock()
	return d.send(&UpdateRolesCall{Roles: framework.Roles})
}

func (d *Driver) subscribedTo(roles []string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, role := range roles {
		if !slices.Contains(d.framework.Roles, role) {
			return fmt.Errorf("%w %q: the framework's roles are %q", offers.ErrUnknownRole, role, d.framework.Roles)
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
// nothing of the task.
func (d *Driver) Kill(id proffer.TaskID, options ...KillOption) error {
	call := &KillCall{TaskID: id}
	for _, option := range options {
		option(call)
	}
	return d.send(call)
}

// Acknowledge tells that a status has been dealt with for which StatusUpdate
// returned [AckLater].
func (d *Driver) Acknowledge(status proffer.TaskStatus) error {
	if status.State.Terminal() {
		d.mu.Lock()
		delete(d.tasks, status.TaskID)
		d.mu.Unlock()
	}
	if status.UpdateID == 0 {
		return nil // made by the master: it does not wait for an answer
	}
	return d.send(&AcknowledgeCall{AgentID: status.AgentID, TaskID: status.TaskID, UpdateID: status.UpdateID})
}

// Reconcile asks for the latest status of the tasks, or of all that the master
// knows of the framework if none is named. The answers come as statuses with
// [proffer.ReasonReconciliation].
func (d *Driver) Reconcile(tasks ...TaskRef) error {
	return d.send(&ReconcileCall{Tasks: slices.Clone(tasks)})
}

// SendMessage sends data to an executor. It is not retried.
func (d *Driver) SendMessage(agent proffer.AgentID, executor proffer.ExecutorID, data []byte) error {
	if len(data) > proffer.MaxDataSize {
		return fmt.Errorf("scheduler: message to executor %q has %d bytes, at most %d are allowed", string(executor), len(data), proffer.MaxDataSize)
	}
	return d.send(&MessageCall{AgentID: agent, ExecutorID: executor, Data: slices.Clone(data)})
}

// ShutdownExecutor ends an executor with its tasks.
func (d *Driver) ShutdownExecutor(agent proffer.AgentID, executor proffer.ExecutorID) error {
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
	err := d.send(&TeardownCall{})
	if errors.Is(err, ErrNotSubscribed) {
		d.mu.Lock()
		d.tornDown = false
		d.mu.Unlock()
	}
	return err
}
