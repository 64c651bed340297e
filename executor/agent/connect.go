package agent

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"

	"github.com/proffer-go/proffer/internal/clock"
)

// connect keeps a link to the master until ctx ends or the master is closed.
func (a *Agent) connect(ctx context.Context) {
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond),
		backoff.WithMaxInterval(time.Minute),
		backoff.WithMaxElapsedTime(0),
	)
	for ctx.Err() == nil {
		link, err := a.cfg.Master.ConnectAgent()
		if err != nil {
			a.inputs.Put(input{news: &news{err: err}})
			return
		}
		if !a.inputs.Put(input{news: &news{link: link}}) {
			link.Close()
			return
		}
		var batch []input
		for {
			messages, err := link.Receive(ctx.Done())
			if ctx.Err() != nil {
				return // Run closes the link, after what it has started
			}
			if err != nil {
				a.log.Warn("connection to the master lost", zap.Error(err))
				break
			}
			pauses.Reset() // it was a master that answers
			for _, m := range messages {
				batch = append(batch, input{message: m})
			}
			a.inputs.Put(batch...)
			clear(batch)
			batch = batch[:0]
		}
		a.inputs.Put(input{news: &news{}})
		if clock.Sleep(ctx, a.clock, pauses.NextBackOff()) != nil {
			return
		}
	}
}
