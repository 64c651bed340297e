package offerstest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// TestAgentOrder has an agent order rate random agents for random tasks. It
// checks that a rating is a number, that the same state has the same rating,
// whatever was rated before and by whichever of two orders, and that the
// devices which the order chooses, if it does, are different ones with room for
// the task. A failure names the seed. NewOrder returns a new order at each call.
func TestAgentOrder(t *testing.T, newOrder func() offers.AgentOrder) {
	t.Helper()
	for seed := range uint64(seeds) {
		if err := checkAgentOrder(newOrder, seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// rated is an agent and a task that it can serve.
type rated struct {
	total string
	tasks []string // that run there
	want  *offers.Shape
}

func checkAgentOrder(newOrder func() offers.AgentOrder, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 0x6167656e74))
	var cases []rated
	for len(cases) < 100 {
		if c := randomAgent(rng); c.fits() {
			cases = append(cases, c)
		}
	}
	first, second := newOrder(), newOrder()
	ratings := make([]float64, len(cases))
	for i, c := range cases {
		ratings[i] = first.Rate(c.state(), c.want)
		if math.IsNaN(ratings[i]) || math.IsInf(ratings[i], 0) {
			return fmt.Errorf("%s is rated %v", c, ratings[i])
		}
		if by, ok := first.(offers.DeviceOrder); ok && c.want != nil {
			if err := c.checkDevices(by.Devices(c.state(), c.want)); err != nil {
				return err
			}
		}
	}
	for i, c := range slices.Backward(cases) {
		for _, order := range []offers.AgentOrder{first, second} {
			if again := order.Rate(c.state(), c.want); again != ratings[i] {
				return fmt.Errorf("%s is rated %v and then %v", c, ratings[i], again)
			}
		}
	}
	return nil
}

func randomAgent(rng *rand.Rand) rated {
	cpus, mem, gpus := 1+rng.IntN(128), 64*(1+rng.IntN(64)), rng.IntN(9)
	c := rated{total: fmt.Sprintf("cpus:%d;mem:%d", cpus, mem)}
	for i := range gpus {
		c.total += fmt.Sprintf(";gpu/%d:1", i)
	}
	if rng.IntN(2) == 0 {
		c.tasks = append(c.tasks, fmt.Sprintf("cpus:%d.5", rng.IntN(cpus)))
	}
	for i := range gpus {
		switch rng.IntN(3) {
		case 0:
			c.tasks = append(c.tasks, fmt.Sprintf("gpu/%d:0.%d", i, 1+rng.IntN(9)))
		case 1:
			c.tasks = append(c.tasks, fmt.Sprintf("gpu/%d:1", i))
		}
	}
	if rng.IntN(8) == 0 {
		return c // whole agents, to frameworks without demand
	}
	c.want = &offers.Shape{Resources: resources.MustParseQuantities(fmt.Sprintf("cpus:%d;mem:%d", 1+rng.IntN(8), 1+rng.IntN(64)))}
	switch rng.IntN(3) {
	case 0:
		c.want.Devices = offers.Devices{Family: offers.GPUFamily, Count: 1, Each: resources.Scalar(1 + rng.IntN(999))}
	case 1:
		c.want.Devices = offers.Devices{Family: offers.GPUFamily, Count: 1 + rng.IntN(4), Each: resources.Unit}
	}
	return c
}

// state returns a state of its own at each call.
func (c rated) state() *offers.AgentState {
	info := &proffer.AgentInfo{ID: "agent", Resources: resources.MustParse(c.total)}
	free := info.Resources
	tasks := make([]resources.Resources, len(c.tasks))
	for i, task := range c.tasks {
		tasks[i] = resources.MustParse(task)
		free, _ = free.Sub(tasks[i]) // within the total, as randomAgent makes them
	}
	return offers.NewAgentState(info, free, tasks...)
}

// fits reports whether the agent can serve the task: others are not rated.
func (c rated) fits() bool {
	if c.want == nil {
		return true
	}
	s := c.state()
	if s.Free(resources.CPUs) < c.want.Resources.Get(resources.CPUs) || s.Free(resources.Mem) < c.want.Resources.Get(resources.Mem) {
		return false
	}
	room := 0
	for _, free := range s.Devices(offers.GPUFamily) {
		if free >= c.want.Devices.Each {
			room++
		}
	}
	return room >= c.want.Devices.Count
}

func (c rated) checkDevices(chosen []int) error {
	free := c.state().Devices(offers.GPUFamily)
	if len(chosen) != c.want.Devices.Count {
		return fmt.Errorf("%s: devices %v are chosen, want %d", c, chosen, c.want.Devices.Count)
	}
	for i, number := range chosen {
		switch {
		case number < 0 || number >= len(free):
			return fmt.Errorf("%s: device %d is chosen, which is not there", c, number)
		case slices.Contains(chosen[:i], number):
			return fmt.Errorf("%s: device %d is chosen twice", c, number)
		case free[number] < c.want.Devices.Each:
			return fmt.Errorf("%s: device %d is chosen, of which %s is free", c, number, free[number])
		}
	}
	return nil
}

func (c rated) String() string {
	text := fmt.Sprintf("agent %s with tasks %q", c.total, strings.Join(c.tasks, " "))
	if c.want == nil {
		return text
	}
	return fmt.Sprintf("%s for %s and %d × %s of a device", text, c.want.Resources, c.want.Devices.Count, c.want.Devices.Each)
}
