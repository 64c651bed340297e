package proffer

import "github.com/proffer-go/proffer/resources"

// AgentInfo describes an agent: a machine, or a part of one, that runs tasks.
type AgentInfo struct {
	ID         AgentID // assigned by the master; empty before
	Hostname   string
	Resources  resources.Resources // everything it has
	Attributes resources.Attributes
}
