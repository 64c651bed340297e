package offers

import (
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer/resources"
)

// Config configures an [Allocator]. Only Policy must be set.
type Config struct {
	// Policy decides who is offered an agent next. It belongs to this
	// allocator alone.
	Policy Policy

	// AgentOrder decides which agent serves a demand, and in which order agents
	// are offered to frameworks without. Nil: at random, from Seed.
	AgentOrder AgentOrder

	// Coalesce is how long freed resources and other changes are gathered
	// before they are offered. Default 2 ms; negative: not at all.
	Coalesce time.Duration

	// BatchInterval is the time between batch runs, which offer again what was
	// declined without a filter, and the least life of a filter. Default 1 s,
	// as in Mesos.
	BatchInterval time.Duration

	// OfferTimeout takes an offer back that is not answered in time. Default
	// 30 s (Mesos: never); negative: never.
	OfferTimeout time.Duration

	// MinAllocatable are the least amounts worth offering: what holds none of
	// them is not offered. Default cpus:0.01 or mem:32, as in Mesos. An empty,
	// non-nil slice means that anything is offered.
	MinAllocatable []resources.Quantities

	// HoldTimeout takes a held offer back whose gang was not complete in time
	// (see [Allocator.Hold]). Default 1 min; negative: never.
	HoldTimeout time.Duration

	// GangPatience is how long the tasks of a [Demand] that is a gang wait,
	// when it is their turn, before others are offered nothing for HoldTimeout
	// so that places gather. Default 1 min; negative: for ever.
	GangPatience time.Duration

	// Preemption takes resources back for demands that wait. Nil: nothing is
	// ever taken back.
	Preemption *Preemption

	// Region is that of the master. Agents of other regions are offered only
	// to frameworks that are region-aware. Empty: regions do not matter.
	Region string

	// GPUsForAll offers agents with GPUs to frameworks, too, that do not state
	// that they can deal with them. Default: they are kept for those that do,
	// so that small tasks do not take up machines with GPUs.
	GPUsForAll bool

	// FairnessExcluded names resources that do not count in shares, such as
	// gpus where few frameworks can use them.
	FairnessExcluded []string

	// Seed of the order in which agents are offered. Default 0.
	Seed uint64

	// IDPrefix begins the ids of offers, so that several allocators over time
	// never use one twice. Default "o".
	IDPrefix string
}

func (c Config) withDefaults() Config {
	if c.Coalesce == 0 {
		c.Coalesce = 2 * time.Millisecond
	}
	if c.BatchInterval == 0 {
		c.BatchInterval = time.Second
	}
	if c.OfferTimeout == 0 {
		c.OfferTimeout = 30 * time.Second
	}
	if c.HoldTimeout == 0 {
		c.HoldTimeout = time.Minute
	}
	if c.GangPatience == 0 {
		c.GangPatience = time.Minute
	}
	c.Preemption = c.Preemption.withDefaults()
	if c.MinAllocatable == nil {
		c.MinAllocatable = []resources.Quantities{
			resources.MustParseQuantities("cpus:0.01"), resources.MustParseQuantities("mem:32"),
		}
	}
	if c.IDPrefix == "" {
		c.IDPrefix = "o"
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.Policy == nil {
		errs = append(errs, errors.New("offers: Config.Policy is nil: use one of the package offers/policy, such as policy.DRF()"))
	}
	if c.BatchInterval < 0 {
		errs = append(errs, fmt.Errorf("offers: Config.BatchInterval %v is negative", c.BatchInterval))
	}
	if err := c.Preemption.validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
