package proffer

import (
	"fmt"

	"github.com/proffer-go/proffer/resources"
)

// AgentInfo describes an agent: a machine, or a part of one, that runs tasks.
type AgentInfo struct {
	ID         AgentID // assigned by the master; empty before
	Hostname   string
	Resources  resources.Resources // everything it has
	Attributes resources.Attributes
	Domain     Domain // where it stands
}

// Domain is where a machine stands. What is empty is where the master is.
type Domain struct {
	Region string // machines of one region reach each other fast
	Zone   string // machines of one zone fail together
}

// Validate reports what is wrong with the description: an id that cannot be
// one, or text that is not UTF-8.
func (a *AgentInfo) Validate() error {
	if a.ID != "" {
		if err := ValidateID("agent id", a.ID); err != nil {
			return err
		}
	}
	err := validTexts(nil, text{"hostname", a.Hostname}, text{"region", a.Domain.Region}, text{"zone", a.Domain.Zone})
	if err != nil {
		return fmt.Errorf("agent %q: %w", string(a.ID), err)
	}
	return nil
}
