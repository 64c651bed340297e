package policy

import (
	"math"
	"slices"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// The orders of this file are those that were compared in Weng et al., Beware
// of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient
// Descent, USENIX ATC'23, by the rules of its artifact. They rate in whole
// percent as it does, so that agents which hardly differ are equal and the one
// that came first goes first.

// The largest machine of the trace, by which amounts are made comparable.
const (
	largestCPUs = 128 * resources.Unit
	largestGPUs = 8 * resources.Unit
)

// load is what the orders see of an agent and of what a task wants of it.
type load struct {
	free, want [2]float64 // CPUs and devices, in parts of the largest machine
	devices    []resources.Scalar
	left       resources.Scalar // sum of devices
}

func loadOf(agent *offers.AgentState, want *offers.Shape) load {
	family := offers.GPUFamily // where the task wants none
	var l load
	if want != nil {
		if want.Devices.Count > 0 {
			family = want.Devices.Family
		}
		devices := resources.Scalar(want.Devices.Count) * want.Devices.Each
		l.want = [2]float64{
			float64(want.Resources.Get(resources.CPUs)) / float64(largestCPUs),
			float64(devices) / float64(largestGPUs),
		}
	}
	l.devices = agent.Devices(family)
	for _, free := range l.devices {
		l.left += free
	}
	l.free = [2]float64{
		float64(agent.Free(resources.CPUs)) / float64(largestCPUs),
		float64(l.left) / float64(largestGPUs),
	}
	return l
}

// BestFit returns the order in which the agent goes first that is left with the
// least: the mean of the CPUs and GPUs that remain, in parts of a machine of
// 128 CPUs and 8 GPUs.
func BestFit() offers.AgentOrder {
	return agentOrder(func(agent *offers.AgentState, want *offers.Shape) float64 {
		l := loadOf(agent, want)
		left := 0.0
		for i := range l.free {
			left += (l.free[i] - l.want[i]) * 0.5
		}
		return -percent(1 - left)
	})
}

// DotProduct returns the order in which the agent goes first whose free CPUs
// and GPUs have the least dot product with those that the task wants: what is
// large where the task is large is kept. (Grandl et al., Multi-resource Packing
// for Cluster Schedulers, SIGCOMM'14, with the sign that ATC'23 gives it.)
// Where no task is named all agents are equal.
func DotProduct() offers.AgentOrder {
	return agentOrder(func(agent *offers.AgentState, want *offers.Shape) float64 {
		l := loadOf(agent, want)
		product := 0.0
		for i := range l.free {
			product += l.free[i] * l.want[i]
		}
		return -percent(1 - product/float64(len(l.free)))
	})
}

// percent is x in whole percent.
func percent(x float64) float64 { return math.Trunc(100 * x) }

// GPUPacking returns the order in which GPUs are filled that are in use: first
// the agent where the task needs parts of such GPUs only, the fuller the
// better; then one that is in use, by how few free GPUs the task needs there;
// then an idle one, by how few GPUs it has. To a task without GPUs all agents
// are equal.
func GPUPacking() offers.AgentOrder {
	return agentOrder(func(agent *offers.AgentState, want *offers.Shape) float64 {
		if want == nil || want.Devices.Count == 0 {
			return 0
		}
		devices := agent.Devices(want.Devices.Family)
		idle := 0
		for _, free := range devices {
			if free == resources.Unit {
				idle++
			}
		}
		if idle == present(agent, want.Devices.Family) {
			return -max(33-float64(idle), 0)
		}
		fresh, room := 0, resources.Scalar(0)
		for _, i := range leastRoom(devices, want.Devices) {
			if devices[i] == resources.Unit {
				fresh++
			}
			room += devices[i] / 10 // percent
		}
		if fresh > 0 {
			return -max(50-float64(fresh), 33)
		}
		return -max(100-float64(room/10), 50)
	})
}

// GPUClustering returns the order in which tasks stay together that want as
// many GPUs, or a part of one, each: first the agent that runs such tasks only,
// then one that runs such and others, then one that runs none with GPUs, then
// one that runs others; among equals the one whose GPUs are fuller. To a task
// without GPUs all agents are equal.
func GPUClustering() offers.AgentOrder {
	return agentOrder(func(agent *offers.AgentState, want *offers.Shape) float64 {
		if want == nil || want.Devices.Count == 0 {
			return 0
		}
		alike, ways := false, 0
		for _, use := range agent.DeviceUses() {
			if use.Family == want.Devices.Family {
				ways++
				alike = alike || use.Count == want.Devices.Count && use.Part == (want.Devices.Each < resources.Unit)
			}
		}
		base := 0.0
		switch {
		case alike && ways == 1:
			base = 75
		case alike:
			base = 50
		case ways == 0:
			base = 25
		}
		var left resources.Scalar
		for _, free := range agent.Devices(want.Devices.Family) {
			left += free
		}
		fullness := max(largestGPUs-left, 0)
		return -(base + float64(25*fullness/largestGPUs))
	})
}

// present returns how many devices of the family the agent has, used or not.
func present(agent *offers.AgentState, family string) int {
	n := 0
	for name := range agent.Info.Resources.Scalars() {
		if len(name) > len(family) && name[:len(family)] == family && name[len(family)] == '/' {
			n++
		}
	}
	return n
}

// leastRoom returns the devices to take, those with the least room that is
// enough, or fewer where there are not so many.
func leastRoom(devices []resources.Scalar, want offers.Devices) []int {
	numbers := make([]int, 0, len(devices))
	for i, free := range devices {
		if free >= want.Each {
			numbers = append(numbers, i)
		}
	}
	slices.SortStableFunc(numbers, func(a, b int) int { return int(devices[a] - devices[b]) })
	return numbers[:min(want.Count, len(numbers))]
}
