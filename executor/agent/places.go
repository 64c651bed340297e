package agent

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/logfile"
)

// stream is an output of a container.
type stream struct {
	container proffer.ContainerID
	name      string
}

// placePrefix begins the keys of places in the checkpoint, which are not the
// core's.
const placePrefix = "output/"

func (s stream) key() string { return placePrefix + string(s.container) + "/" + s.name }

// places are how far Config.Output has come with each stream.
type places struct {
	mu      sync.Mutex
	all     map[stream]logfile.Place
	changed map[stream]bool // since they were written
}

// restore takes the places out of what was written. One that cannot be read is
// as good as none: lines come again.
func (p *places) restore(records map[string][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all, p.changed = make(map[stream]logfile.Place), make(map[stream]bool)
	for key, value := range records {
		rest, ok := strings.CutPrefix(key, placePrefix)
		if !ok {
			continue
		}
		delete(records, key)
		container, name, _ := strings.Cut(rest, "/")
		var at logfile.Place
		if json.Unmarshal(value, &at) == nil {
			p.all[stream{proffer.ContainerID(container), name}] = at
		}
	}
}

func (p *places) get(s stream) *logfile.Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.all[s]; ok {
		return &at
	}
	return nil
}

func (p *places) set(s stream, at logfile.Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[s], p.changed[s] = at, true
}

// drop forgets those of a container that was removed.
func (p *places) drop(id proffer.ContainerID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range []string{"stdout", "stderr"} {
		s := stream{id, name}
		if _, ok := p.all[s]; ok {
			delete(p.all, s)
			p.changed[s] = true
		}
	}
}

// changes returns what is to be written.
func (p *places) changes() map[string][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	changes := make(map[string][]byte, len(p.changed))
	for s := range p.changed {
		changes[s.key()] = nil
		if at, ok := p.all[s]; ok {
			changes[s.key()], _ = json.Marshal(at) // of numbers and bytes: it does not fail
		}
	}
	clear(p.changed)
	return changes
}

// savePlaces writes the places down from time to time, until ctx ends.
func (a *Agent) savePlaces(ctx context.Context) {
	for clock.Sleep(ctx, a.clock, savePlacesEvery) == nil {
		a.saveNow(ctx)
	}
}

// savePlacesEvery bounds the lines that come again after a crash.
const savePlacesEvery = 5 * time.Second

func (a *Agent) saveNow(ctx context.Context) {
	if err := a.store.Write(ctx, a.places.changes()); err != nil && ctx.Err() == nil {
		a.log.Warn("places in the output not written: lines come again after a restart", zap.Error(err))
	}
}
