package proffer

import "github.com/proffer-go/proffer/resources"

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
