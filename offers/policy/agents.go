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
	var (
		parts       = make([]float64, 0, 8)
		last        string
		total, used resources.Scalar
	)
	done := func() {
		if total > 0 {
			parts = append(parts, float64(used)/float64(total))
		}
		total, used = 0, 0
	}
	for name, amount := range agent.Info.Resources.Scalars() {
		family, _, _ := strings.Cut(name, "/") // the devices of a family are neighbours
		if family != last {
			done()
			last = family
			if want != nil {
				used += want.Resources.Get(name)
				if family == want.Devices.Family {
					used += resources.Scalar(want.Devices.Count) * want.Devices.Each
				}
			}
		}
		total += amount
		used += amount - agent.Free(name)
	}
	done()
	return parts
}
