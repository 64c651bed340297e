package policy

import (
	"math"
	"slices"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// FGD returns fragmentation gradient descent: the agent goes first whose
// [Fragmentation] the task adds least to. A task that wants a part of a GPU
// gets the one where that is least, too.
//
// Source: Weng et al., Beware of Fragmentation, USENIX ATC'23.
//
// Rating an agent costs O(typical tasks × different GPUs). An error says which
// typical task cannot be used.
func FGD(typical []Typical) (offers.AgentOrder, error) {
	f, err := NewFragmentation(typical)
	if err != nil {
		return nil, err
	}
	return &fgd{*f}, nil
}

type fgd struct{ Fragmentation }

// Rate implements [offers.AgentOrder].
func (f *fgd) Rate(agent *offers.AgentState, want *offers.Shape) float64 {
	rating, _ := f.best(agent, want)
	return rating
}

// Devices implements [offers.DeviceOrder].
func (f *fgd) Devices(agent *offers.AgentState, want *offers.Shape) []int {
	_, devices := f.best(agent, want)
	return devices
}

// best returns the rating with the devices by which it is best.
func (f *fgd) best(agent *offers.AgentState, want *offers.Shape) (float64, []int) {
	if want == nil {
		return 0, nil
	}
	f.look(agent)
	before := f.fragment()
	for i, name := range f.names {
		f.free[i] -= want.Resources.Get(name)
	}
	if want.Devices.Count > 0 && want.Devices.Family != f.family {
		return descent(before - f.fragment()), leastRoom(agent.Devices(want.Devices.Family), want.Devices)
	}
	if want.Devices.Count != 1 || want.Devices.Each >= resources.Unit {
		devices := leastRoom(f.devices, want.Devices)
		for _, i := range devices {
			f.devices[i] -= want.Devices.Each
		}
		return descent(before - f.fragment()), devices
	}
	best, device := math.Inf(1), -1
	for i, free := range f.devices {
		// GPUs with the same room are alike.
		if free < want.Devices.Each || slices.Contains(f.devices[:i], free) {
			continue
		}
		f.devices[i] -= want.Devices.Each
		if rating := descent(before - f.fragment()); rating < best {
			best, device = rating, i
		}
		f.devices[i] = free
	}
	if device < 0 {
		return 0, nil // it has no room, which nobody should ask about
	}
	return best, []int{device}
}

// descent rates by how much the fragment shrinks, in thousandths of a device:
// by the sigmoid of it in whole percent, so that hardly different agents are
// equal.
func descent(shrinks float64) float64 {
	return -percent(1 / (1 + math.Exp(-shrinks/float64(resources.Unit))))
}
