package agent

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/proffer-go/proffer/internal/protocol"
)

// close ends the agent: everything that it started, or with a checkpoint only
// its watching of that, unless the master wants its end. It waits for that.
func (a *Agent) close(shutdown bool) error {
	a.inputs.Close(nil)
	if rest, err := a.inputs.Take(nil); err == nil {
		for _, in := range rest {
			a.forget(in.run, in.report)
			if in.news != nil && in.news.link != nil {
				in.news.link.Close()
			}
		}
	}
	var err error
	if a.cfg.Checkpoint && !shutdown {
		a.endLife()
		a.work.Wait()
	} else {
		err = a.end(shutdown)
	}
	if a.link != nil {
		if !a.cfg.Checkpoint {
			a.link.Send(&protocol.Leave{})
		}
		a.link.Close()
	}
	return err
}

// end ends everything that the agent runs, and waits for it.
func (a *Agent) end(shutdown bool) error {
	for _, r := range a.runs {
		r.kill()
	}
	done := make(chan struct{})
	go func() {
		a.work.Wait()
		close(done)
	}()
	patience := a.clock.NewTimer(2 * a.cfg.KillStuckAfter)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C():
		a.endLife()
		<-done
		return fmt.Errorf("%w: %v after they were killed", ErrLeftBehind, 2*a.cfg.KillStuckAfter)
	}
	fresh := context.WithoutCancel(a.life)
	for _, id := range a.held.all() {
		a.remove(fresh, id)
	}
	if shutdown && a.store != nil {
		a.ahead.Close() // it writes no more
		return a.wipe(fresh)
	}
	return nil
}

// release gives up what open has taken.
func (a *Agent) release() error {
	var errs []error
	if a.ahead != nil {
		a.ahead.Close()
	}
	if a.store != nil {
		if a.core != nil && a.cfg.Output != nil {
			a.saveNow(context.WithoutCancel(a.life))
		}
		errs = append(errs, a.store.Close())
	}
	if a.tempSockets != "" && !a.cfg.Checkpoint { // else executors look for their sockets there
		errs = append(errs, os.RemoveAll(a.tempSockets))
	}
	return errors.Join(errs...)
}
