package master

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// What operators do. The methods wait for the master to carry them out: until
// ctx ends, with its error, or [scheduler.ErrMasterClosed].

// SetWeight sets the weight of a role, above 0, by which its share is divided.
// It affects later offers and causes none itself.
func (m *Master) SetWeight(ctx context.Context, role string, weight float64) error {
	return m.ask(ctx, func(time.Time) error { return m.core.SetWeight(role, weight) })
}

// SetPriority sets the priority of a role, 0 where none is set.
func (m *Master) SetPriority(ctx context.Context, role string, priority int) error {
	return m.ask(ctx, func(time.Time) error { return m.core.SetPriority(role, priority) })
}

// SetQuotas sets guarantees and limits of roles, all or none of them; the zero
// Quota removes one. Offers are rescinded as far as the new quotas need it.
func (m *Master) SetQuotas(ctx context.Context, quotas map[string]offers.Quota) error {
	return m.ask(ctx, func(now time.Time) error { return m.core.SetQuotas(now, quotas) })
}

// SetUnavailability plans maintenance of an agent, or with nil ends the plan:
// frameworks that use it are asked for it back by inverse offers.
func (m *Master) SetUnavailability(ctx context.Context, id proffer.AgentID, u *offers.Unavailability) error {
	return m.ask(ctx, func(now time.Time) error { return m.core.SetUnavailability(now, id, u) })
}

// InverseAnswers returns, by framework, what those asked for an agent's planned
// maintenance have answered: true for accepted.
func (m *Master) InverseAnswers(ctx context.Context, id proffer.AgentID) (answers map[proffer.FrameworkID]bool, err error) {
	err = m.ask(ctx, func(time.Time) error {
		answers = m.core.InverseAnswers(id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}

// Operate carries an operation on resources out on what an agent has available,
// without an offer: such as reserving for a role ([offers.Reserve]). What is
// offered or in use is not touched.
func (m *Master) Operate(ctx context.Context, id proffer.AgentID, role string, op offers.Operation) error {
	v, err := offers.Convert(op, role)
	if err != nil {
		return err
	}
	return m.ask(ctx, func(now time.Time) error { return m.core.Convert(now, id, v) })
}

// UpdateAgent changes the description of an agent, but for its id: attributes,
// domain, or what it has, such as revocable resources, which come and go. Its
// offers are rescinded and made anew; filters on it end when more than its
// resources has changed. What is in use stays. Change must not keep its
// argument. An agent that registers again brings its own description.
func (m *Master) UpdateAgent(ctx context.Context, id proffer.AgentID, change func(*proffer.AgentInfo)) error {
	return m.ask(ctx, func(now time.Time) error { return m.core.UpdateAgent(now, id, change) })
}

// DeactivateAgent stops offers of an agent; what runs there goes on.
func (m *Master) DeactivateAgent(ctx context.Context, id proffer.AgentID) error {
	return m.ask(ctx, func(now time.Time) error { return m.core.DeactivateAgent(now, id) })
}

// ActivateAgent starts offers of an agent again that was deactivated or
// drained.
func (m *Master) ActivateAgent(ctx context.Context, id proffer.AgentID) error {
	return m.ask(ctx, func(now time.Time) error { return m.core.ActivateAgent(now, id) })
}

// MarkGone declares that an agent is gone for good: its machine burnt. Its tasks
// are [proffer.TaskGoneByOperator]. An agent that is connected, or comes back,
// ends what it runs, and its Run returns [agent.ErrRefused].
//
// [agent.ErrRefused]: https://pkg.go.dev/github.com/proffer-go/proffer/executor/agent#ErrRefused
func (m *Master) MarkGone(ctx context.Context, id proffer.AgentID) error {
	return m.ask(ctx, func(now time.Time) error { return m.core.MarkGone(now, id) })
}

// Teardown ends a framework for good, as [scheduler.Driver.Teardown] does: for
// one whose driver will not come back. Its tasks are killed.
func (m *Master) Teardown(ctx context.Context, id proffer.FrameworkID) error {
	return m.ask(ctx, func(now time.Time) error { return m.core.Teardown(now, id) })
}

// Drain stops offers of an agent and kills its tasks, each within its own grace
// but at most within grace, where that is not negative. It returns when every
// task has been seen to end, or the agent is gone. When ctx ends before, its
// error names what still runs. The agent stays deactivated in any case.
func (m *Master) Drain(ctx context.Context, id proffer.AgentID, grace time.Duration) error {
	w := &waiter{over: func() bool { return len(m.core.Running(id)) == 0 }}
	err := m.wait(ctx, w, func(now time.Time) error { return m.core.Drain(now, id, grace) })
	if err == nil || ctx.Err() == nil {
		return err
	}
	var running []proffer.TaskID
	if err := m.ask(context.WithoutCancel(ctx), func(time.Time) error { running = m.core.Running(id); return nil }); err != nil {
		return err
	}
	if len(running) == 0 {
		return nil
	}
	return fmt.Errorf("master: drain of agent %s: %w: %d tasks still run, such as %s", id, ctx.Err(), len(running), running[0])
}

// Settle waits until nothing is being ended on agents that are not out of reach:
// the tasks of frameworks that were torn down, and those that were told to end.
// For programs that leave tasks running behind them, and no others.
func (m *Master) Settle(ctx context.Context) error {
	w := &waiter{over: func() bool { return !m.core.Ending() }}
	if err := m.wait(ctx, w, func(time.Time) error { return nil }); err != nil {
		return fmt.Errorf("master: settle: %w", err)
	}
	return nil
}

// waiter waits for something to be over.
type waiter struct {
	over func() bool
	done chan struct{}
}

// wait has begin run by the owner of the state and waits from then on.
func (m *Master) wait(ctx context.Context, w *waiter, begin func(now time.Time) error) error {
	w.done = make(chan struct{})
	err := m.ask(ctx, func(now time.Time) error {
		err := begin(now)
		if err == nil {
			m.waiters = append(m.waiters, w)
		}
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-w.done:
		return nil
	case <-m.closed:
		return scheduler.ErrMasterClosed
	case <-ctx.Done():
		// A master that has ended waits for nothing.
		_ = m.ask(context.WithoutCancel(ctx), func(time.Time) error {
			m.waiters = slices.DeleteFunc(m.waiters, func(o *waiter) bool { return o == w })
			return nil
		})
		return ctx.Err()
	}
}

// checkWaiters ends the waits for what is over.
func (m *Master) checkWaiters() {
	m.waiters = slices.DeleteFunc(m.waiters, func(w *waiter) bool {
		over := w.over()
		if over {
			m.answer(func() { close(w.done) })
		}
		return over
	})
}

// ask has f run by the owner of the state and waits for its answer.
func (m *Master) ask(ctx context.Context, f func(now time.Time) error) error {
	answer := make(chan error, 1)
	err := m.request(func(now time.Time) func() {
		err := f(now)
		return func() { answer <- err }
	})
	if err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-m.closed:
		return scheduler.ErrMasterClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
