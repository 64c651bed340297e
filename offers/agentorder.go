package offers

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// AgentOrder decides which of several agents goes first. Ready ones are in the
// package offers/policy. Like a [Policy] it has no clock and no randomness but
// a seed of its own; its answers depend on the arguments alone, so that the
// allocator may keep them until the agent changes.
type AgentOrder interface {
	// Rate rates an agent that can serve want: the lowest rating goes first,
	// then the agent that came first. Want is nil when agents are offered
	// whole, to frameworks that state no demand.
	Rate(agent *AgentState, want *Shape) float64
}

// DeviceOrder is implemented by an [AgentOrder] that also chooses the devices
// of the agent it rated best.
type DeviceOrder interface {
	// Devices returns the numbers of as many different devices as want needs,
	// each with room for it. Without this method the allocator takes those
	// with the least room that is enough.
	Devices(agent *AgentState, want *Shape) []int
}

// AgentState is what an [AgentOrder] sees of an agent.
type AgentState struct {
	Info *proffer.AgentInfo

	free    resources.Resources
	devices []deviceFamily // of what is free, filled in when they are asked for
	uses    []DeviceUse
}

// DeviceUse says how many tasks on an agent use devices in the same way.
type DeviceUse struct {
	Family string
	Count  int  // devices of each task
	Part   bool // a part of each device rather than all of it
	Tasks  int  // 1 or more
}

type deviceFamily struct {
	name string
	free []resources.Scalar
}

// NewAgentState returns the state of an agent of which free is left while it
// runs tasks that use this much each, for tests of an AgentOrder. Within the
// allocator there is one for every agent.
func NewAgentState(info *proffer.AgentInfo, free resources.Resources, tasks ...resources.Resources) *AgentState {
	s := &AgentState{Info: info, free: free}
	for _, task := range tasks {
		s.started(task)
	}
	return s
}

// DeviceUses returns how the tasks on the agent use devices, in the order in
// which each way came up. The slice must not be changed.
func (s *AgentState) DeviceUses() []DeviceUse { return s.uses }

// started counts a task that uses r.
func (s *AgentState) started(r resources.Resources) {
	for use := range deviceUses(r) {
		if i := s.use(use); i >= 0 {
			s.uses[i].Tasks++
		} else {
			s.uses = append(s.uses, use)
		}
	}
}

// ended is the inverse of started.
func (s *AgentState) ended(r resources.Resources) {
	for use := range deviceUses(r) {
		i := s.use(use)
		if i < 0 {
			continue // several tasks came together and end one by one
		}
		if s.uses[i].Tasks--; s.uses[i].Tasks == 0 {
			s.uses = slices.Delete(s.uses, i, i+1)
		}
	}
}

func (s *AgentState) use(u DeviceUse) int {
	return slices.IndexFunc(s.uses, func(o DeviceUse) bool {
		return o.Family == u.Family && o.Count == u.Count && o.Part == u.Part
	})
}

// deviceUses yields how one task that uses r uses devices of each family.
func deviceUses(r resources.Resources) iter.Seq[DeviceUse] {
	return func(yield func(DeviceUse) bool) {
		var use DeviceUse // of the family so far: devices of one are neighbours by name
		for name, amount := range r.Scalars() {
			family, _, ok := device(name)
			if !ok {
				continue
			}
			if family != use.Family {
				if use.Count > 0 && !yield(use) {
					return
				}
				use = DeviceUse{Family: family, Tasks: 1}
			}
			use.Count++
			use.Part = use.Part || amount < resources.Unit
		}
		if use.Count > 0 {
			yield(use)
		}
	}
}

// Total returns how much of the named scalar resource the agent has.
func (s *AgentState) Total(name string) resources.Scalar { return s.Info.Resources.Scalar(name) }

// Free returns how much of the named scalar resource is neither used nor
// offered.
func (s *AgentState) Free(name string) resources.Scalar { return s.free.Scalar(name) }

// Devices returns how much of each device of the family is free, by number:
// of a family of which the agent has gpu/0 and gpu/2, that of gpu/1 is 0. The
// slice must not be changed.
func (s *AgentState) Devices(family string) []resources.Scalar {
	for _, f := range s.devices {
		if f.name == family {
			return f.free
		}
	}
	var free []resources.Scalar
	put := func(r resources.Resources, counts bool) {
		for name, amount := range r.Scalars() {
			of, number, ok := device(name)
			if !ok || of != family {
				continue
			}
			for len(free) <= number {
				free = append(free, 0)
			}
			if counts {
				free[number] = amount
			}
		}
	}
	put(s.Info.Resources, false) // used ones have a place, too
	put(s.free, true)
	s.devices = append(s.devices, deviceFamily{family, free})
	return free
}

// become has the state show that this much is free.
func (s *AgentState) become(free resources.Resources) {
	s.free, s.devices = free, s.devices[:0]
}

// maxDevices bounds the number of a device, so that a slice by number stays
// small.
const maxDevices = 1024

// device takes the name of a device apart: gpu/3 is number 3 of the family gpu.
func device(name string) (family string, number int, ok bool) {
	family, digits, found := strings.Cut(name, "/")
	if !found || family == "" {
		return "", 0, false
	}
	number, err := strconv.Atoi(digits)
	if err != nil || number < 0 || number >= maxDevices || strconv.Itoa(number) != digits {
		return "", 0, false
	}
	return family, number, true
}
