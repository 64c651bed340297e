package policy

import (
	"strings"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// agentOrder makes a function an [offers.AgentOrder].
type agentOrder func(agent *offers.AgentState, want *offers.Shape) float64

// Rate implements [offers.AgentOrder].
func (rate agentOrder) Rate(agent *offers.AgentState, want *offers.Shape) float64 {
	return rate(agent, want)
}

// Spread returns the order in which the agent goes first that is left with the
// least used share of its most used scalar resource: load is even, and the loss
// of an agent hits few tasks. Devices of one family count together.
func Spread() offers.AgentOrder {
	return agentOrder(func(agent *offers.AgentState, want *offers.Shape) float64 {
		most := 0.0
		for _, part := range usedParts(agent, want) {
			most = max(most, part)
		}
		return most
	})
}

// Binpack returns the order in which the fullest agent goes first, by the mean
// of the used shares of its scalar resources: some agents stay empty, for large
// tasks or to be switched off. Devices of one family count together.
func Binpack() offers.AgentOrder {
	return agentOrder(func(agent *offers.AgentState, want *offers.Shape) float64 {
		parts := usedParts(agent, want)
		if len(parts) == 0 {
			return 0
		}
		sum := 0.0
		for _, part := range parts {
			sum += part
		}
		return -sum / float64(len(parts))
	})
}

// usedParts returns, for every scalar resource of the agent, the share that is
// used once want is placed there.
func usedParts(agent *offers.AgentState, want *offers.Shape) []float64 {
	parts := make([]float64, 0, 8)
	add := func(total, left, wanted resources.Scalar) {
		if total > 0 {
			parts = append(parts, float64(total-left+wanted)/float64(total))
		}
	}
	family, devices := "", resources.Scalar(0) // of which the neighbours by name are
	flush := func() {
		if family == "" {
			return
		}
		var left, wanted resources.Scalar
		for _, free := range agent.Devices(family) {
			left += free
		}
		if want != nil && want.Devices.Family == family {
			wanted = resources.Scalar(want.Devices.Count) * want.Devices.Each
		}
		add(devices, left, wanted)
		family, devices = "", 0
	}
	for name, amount := range agent.Info.Resources.Scalars() {
		if of, _, cut := strings.Cut(name, "/"); cut && len(agent.Devices(of)) > 0 {
			if of != family {
				flush()
				family = of
			}
			devices += amount
			continue
		}
		var wanted resources.Scalar
		if want != nil {
			wanted = want.Resources.Get(name)
		}
		add(amount, agent.Free(name), wanted)
	}
	flush()
	return parts
}
