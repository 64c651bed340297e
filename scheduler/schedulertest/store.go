package schedulertest

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// store keeps records as a disk does: what was written survives a crash of its
// owner, what waits to be written does not. Effects are carried out when all
// that they rest on is written, in order.
type store[E any] struct {
	cluster  *Cluster
	name     string
	records  map[string][]byte
	delay    time.Duration // of a write
	failing  bool          // the next write fails
	full     bool          // every write fails
	queue    []batch[E]
	lives    uint64 // of the owner
	written  timer
	carryOut func(effects []E)           // by the owner
	wrote    func() (acted func())       // when changes are durable, and when their effects were carried out
	after    func()                      // when effects were carried out later
	crash    func(why string)            // ends the owner
	risk     func(f *Faults) (p float64) // that the owner crashes at a step
}

// batch is one step of the owner.
type batch[E any] struct {
	changes map[string][]byte
	effects []E
}

var (
	errDiskFails = errors.New("the disk fails")
	errDiskFull  = errors.New("the disk is full")
)

func (s *store[E]) init() {
	s.records = make(map[string][]byte)
	s.written.fire = func() {
		s.cluster.mu.Lock()
		defer s.cluster.mu.Unlock()
		s.flush()
		s.after()
	}
}

// commit writes changes and then carries out effects.
func (s *store[E]) commit(changes map[string][]byte, effects []E) {
	switch {
	case len(s.queue) == 0 && len(changes) == 0:
		s.effect(effects, s.cluster.crashPoint(s.risk, len(effects)))
	case len(s.queue) == 0 && s.delay == 0:
		point := s.cluster.crashPoint(s.risk, len(effects)+1)
		if point == 0 {
			s.crash("before it writes")
			return
		}
		if s.write(changes) {
			acted := s.wrote()
			s.effect(effects, point-1)
			acted()
		}
	default:
		s.queue = append(s.queue, batch[E]{changes, slices.Clone(effects)})
		if !s.written.Set() {
			s.cluster.timers.set(&s.written, s.cluster.elapsed()+s.delay)
		}
	}
}

// effect carries out effects, of which the owner survives as many as the crash
// point says; below 0: all.
func (s *store[E]) effect(effects []E, point int) {
	if point < 0 {
		s.carryOut(effects)
		return
	}
	life := s.lives
	s.carryOut(effects[:point])
	if s.lives == life {
		s.crash("between two effects of a step")
	}
}

// flush writes what waits, all at once, as a group commit does.
func (s *store[E]) flush() {
	changes := make(map[string][]byte)
	for _, b := range s.queue {
		maps.Copy(changes, b.changes)
	}
	if s.cluster.crashPoint(s.risk, 1) == 0 {
		s.crash("before it writes")
		return
	}
	if !s.write(changes) {
		return
	}
	defer s.wrote()()
	queue, life := s.queue, s.lives
	s.queue = nil
	for _, b := range queue {
		s.effect(b.effects, s.cluster.crashPoint(s.risk, len(b.effects)))
		if s.lives != life {
			return
		}
	}
}

// write makes changes durable. A store that fails ends its owner.
func (s *store[E]) write(changes map[string][]byte) bool {
	err := error(nil)
	switch {
	case s.full:
		err = errDiskFull
	case s.failing || s.cluster.chance(s.cluster.faults.StoreFailure):
		err = errDiskFails
	}
	s.failing = false
	if err != nil {
		s.crash(err.Error())
		return false
	}
	for key, value := range changes {
		if value == nil {
			delete(s.records, key)
		} else {
			s.records[key] = value
		}
	}
	return true
}

// lose forgets what was not written: the owner has ended.
func (s *store[E]) lose() {
	s.lives++
	s.queue = nil
	s.cluster.timers.stop(&s.written)
}
