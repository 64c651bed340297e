package agent

import "github.com/proffer-go/proffer/resources"

// Machine returns the resources of this machine that tasks may use, as
// Config.Resources describes them; the disk is that of dir. It is for programs
// that run several agents on one machine, each with a part.
func Machine(dir string) (resources.Resources, error) { return machine(dir) }
