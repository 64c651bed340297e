package agent

import (
	"context"
	"errors"
	"sync"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/internal/crashpoint"
)

// held are the containers that the containerizer keeps for the agent, running
// or ended.
type held struct {
	mu  sync.Mutex
	ids map[proffer.ContainerID]struct{}
}

func (h *held) add(id proffer.ContainerID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids == nil {
		h.ids = make(map[proffer.ContainerID]struct{})
	}
	h.ids[id] = struct{}{}
}

func (h *held) drop(id proffer.ContainerID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.ids, id)
}

func (h *held) all() []proffer.ContainerID {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]proffer.ContainerID, 0, len(h.ids))
	for id := range h.ids {
		list = append(list, id)
	}
	return list
}

// remove forgets a container that has ended.
func (a *Agent) remove(ctx context.Context, id proffer.ContainerID) {
	crashpoint.Hit("agent/exit/checkpointed")
	err := a.cfg.Containerizer.Remove(ctx, id)
	if err != nil && !errors.Is(err, containerizer.ErrUnknownContainer) {
		if a.life.Err() == nil || !a.cfg.Checkpoint {
			a.log.Warn("container not removed", zap.String("container_id", string(id)), zap.Error(err))
		}
		return
	}
	a.held.drop(id)
	a.places.drop(id)
	crashpoint.Hit("agent/exit/removed")
}
