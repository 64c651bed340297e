package policy_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// agentState is an agent with that in all, of which tasks use that.
func agentState(total string, tasks ...string) *offers.AgentState {
	info := &proffer.AgentInfo{Resources: resources.MustParse(total), Attributes: resources.MustParseAttributes("model:a100")}
	free := info.Resources
	var used []resources.Resources
	for _, task := range tasks {
		r := resources.MustParse(task)
		var ok bool
		if free, ok = free.Sub(r); !ok {
			panic(fmt.Sprintf("%s is not within %s", task, free))
		}
		used = append(used, r)
	}
	return offers.NewAgentState(info, free, used...)
}

func shape(amounts string, devices int, each resources.Scalar) *offers.Shape {
	s := &offers.Shape{Resources: resources.MustParseQuantities(amounts)}
	if devices > 0 {
		s.Devices = offers.Devices{Family: "gpu", Count: devices, Each: each}
	}
	return s
}

// gpus is the total of an agent with that many GPUs.
func gpus(n int) string {
	b := strings.Builder{}
	fmt.Fprintf(&b, "cpus:%d", 16*n)
	for i := range n {
		fmt.Fprintf(&b, ";gpu/%d:1", i)
	}
	return b.String()
}

// Each order is shown agents, the best one first, and must rate them so.
func TestAgentOrders(t *testing.T) {
	partly := "cpus:1;gpu/0:0.5"
	for _, c := range []struct {
		name  string
		order offers.AgentOrder
		want  *offers.Shape
		best  []*offers.AgentState // equal ones are separated by nothing but their place
	}{
		{"spread", policy.Spread(), shape("cpus:1", 0, 0), []*offers.AgentState{
			agentState("cpus:8;mem:100"), agentState("cpus:8;mem:100", "cpus:2"),
			agentState("cpus:8;mem:100", "mem:50"), agentState("cpus:8;mem:100", "cpus:7"),
		}},
		{"spread whole agents", policy.Spread(), nil, []*offers.AgentState{
			agentState("cpus:8;mem:100"), agentState("cpus:8;mem:100", "cpus:1"),
		}},
		{"spread devices", policy.Spread(), shape("cpus:1", 1, 1000), []*offers.AgentState{
			agentState(gpus(4)), agentState(gpus(4), partly), agentState(gpus(2)), agentState(gpus(2), partly),
		}},
		{"spread, a slash in a name", policy.Spread(), shape("cpus:1", 0, 0), []*offers.AgentState{
			agentState("cpus:8;example.com/disk:4"), agentState("cpus:8;example.com/disk:4", "example.com/disk:3"),
		}},
		{"binpack", policy.Binpack(), shape("cpus:1", 0, 0), []*offers.AgentState{
			agentState("cpus:8;mem:100", "cpus:4;mem:90"), agentState("cpus:8;mem:100", "cpus:7"),
			agentState("cpus:4;mem:100"), agentState("cpus:8;mem:100"),
		}},
		{"best fit", policy.BestFit(), shape("cpus:4", 1, 500), []*offers.AgentState{
			agentState(gpus(1), partly), agentState(gpus(1)), agentState(gpus(2)), agentState(gpus(8), partly), agentState(gpus(8)),
		}},
		{"dot product", policy.DotProduct(), shape("cpus:4", 8, 1000), []*offers.AgentState{
			agentState("cpus:8;" + strings.TrimPrefix(gpus(8), "cpus:128;")), agentState(gpus(8)),
		}},
		{"gpu packing", policy.GPUPacking(), shape("cpus:1", 1, 500), []*offers.AgentState{
			agentState(gpus(8), "gpu/3:0.5"),                                        // a used GPU, full after this
			agentState(gpus(8), "gpu/3:0.2"),                                        // one with more room
			agentState(gpus(8), "gpu/3:0.6"),                                        // a free GPU of a used agent
			agentState(gpus(2)), agentState(gpus(4), "cpus:1"), agentState(gpus(8)), // idle ones: the fewer GPUs the better
		}},
		{"gpu clustering", policy.GPUClustering(), shape("cpus:1", 1, 500), []*offers.AgentState{
			agentState(gpus(8), "gpu/0:0.5", "gpu/1:0.5", "gpu/2:0.9"), // such tasks only
			agentState(gpus(8), "gpu/0:0.5"),
			agentState(gpus(8), "gpu/0:0.5", "gpu/1:1"),        // and others
			agentState(gpus(2)), agentState(gpus(8), "cpus:3"), // none
			agentState(gpus(8), "gpu/0:1"), // others only
		}},
		{"gpu clustering by count", policy.GPUClustering(), shape("cpus:1", 2, 1000), []*offers.AgentState{
			agentState(gpus(8), "gpu/0:1;gpu/1:1"), agentState(gpus(8), "gpu/0:1;gpu/1:1", "gpu/2:1"),
			agentState(gpus(8)), agentState(gpus(8), "gpu/0:1"),
		}},
	} {
		for i := 1; i < len(c.best); i++ {
			better, worse := c.order.Rate(c.best[i-1], c.want), c.order.Rate(c.best[i], c.want)
			if !(better < worse) {
				t.Errorf("%s: agent %d is rated %v, agent %d %v, want less", c.name, i-1, better, i, worse)
			}
		}
	}
}

// To a task without GPUs, packing and clustering of GPUs are indifferent.
func TestAgentOrdersWithoutGPUs(t *testing.T) {
	for name, order := range map[string]offers.AgentOrder{"packing": policy.GPUPacking(), "clustering": policy.GPUClustering()} {
		for _, want := range []*offers.Shape{nil, shape("cpus:1", 0, 0)} {
			if a, b := order.Rate(agentState(gpus(1)), want), order.Rate(agentState(gpus(8), "gpu/0:1"), want); a != b {
				t.Errorf("%s: ratings %v and %v, want the same", name, a, b)
			}
		}
	}
}

// An example by hand: an agent with 2 GPUs, half of one used. Typical tasks are
// one for a whole GPU, one for half of one with 20 CPUs, and one without GPUs.
func TestFragmentation(t *testing.T) {
	f, err := policy.NewFragmentation([]policy.Typical{
		{Shape: *shape("cpus:1", 1, 1000), Weight: 0.5},
		{Shape: *shape("cpus:20", 1, 500), Weight: 0.25},
		{Shape: *shape("cpus:1", 0, 0), Weight: 0.25},
	})
	must(t, err)
	for _, c := range []struct {
		agent *offers.AgentState
		want  float64
	}{
		{agentState(gpus(2)), 2.0 / 4},                            // no use to the one without GPUs
		{agentState(gpus(2), "gpu/0:0.5"), (2*0.5 + 0 + 1.5) / 4}, // the half is no use to the first
		{agentState(gpus(2), "gpu/0:0.5;cpus:20"), (2*0.5 + 1.5 + 1.5) / 4},
		{agentState(gpus(2), "gpu/0:0.5", "gpu/1:0.6"), (2*0.9 + 0.4 + 0.9) / 4},
		{agentState(gpus(2), "gpu/0:1;gpu/1:1"), 0},
		{agentState("cpus:8"), 0},
	} {
		if got := f.Of(c.agent); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("agent with %v: %v, want %v", c.agent.DeviceUses(), got, c.want)
		}
	}
}

func TestFragmentationByConstraint(t *testing.T) {
	other := *shape("cpus:1", 1, 1000)
	other.Constraints = offers.Constraints{{{Name: "model", Is: offers.TextEquals, Text: "t4"}}}
	f, err := policy.NewFragmentation([]policy.Typical{{Shape: other, Weight: 1}})
	must(t, err)
	if got := f.Of(agentState(gpus(2))); got != 2 {
		t.Errorf("%v GPUs of another model are of no use, want 2", got)
	}
}

// FGD puts a task for a half where only a half is left, and takes that half.
func TestFGD(t *testing.T) {
	order, err := policy.FGD([]policy.Typical{
		{Shape: *shape("cpus:1", 1, 1000), Weight: 0.75},
		{Shape: *shape("cpus:1", 1, 500), Weight: 0.25},
	})
	must(t, err)
	half := shape("cpus:1", 1, 500)
	broken, whole := agentState(gpus(4), "gpu/2:0.5"), agentState(gpus(4))
	if a, b := order.Rate(broken, half), order.Rate(whole, half); !(a < b) {
		t.Errorf("the agent with a broken GPU is rated %v, that without %v, want less", a, b)
	}
	devices := order.(offers.DeviceOrder)
	for _, c := range []struct {
		want *offers.Shape
		got  []int
	}{
		{half, []int{2}},
		{shape("cpus:1", 2, 1000), []int{0, 1}},
		{shape("cpus:1", 0, 0), nil},
	} {
		if diff := gocmp.Diff(c.got, devices.Devices(broken, c.want), equalEmpty); diff != "" {
			t.Errorf("devices for %v (-want +got)\n%s", c.want.Devices, diff)
		}
	}
}

var equalEmpty = gocmp.Comparer(slices.Equal[[]int])

func TestFGDErrors(t *testing.T) {
	other := *shape("cpus:1", 1, 1000)
	other.Devices.Family = "fpga"
	bad := *shape("cpus:1", 1, 1000)
	bad.Constraints = offers.Constraints{{}}
	for want, typical := range map[string][]policy.Typical{
		"no typical task wants devices":                       {{Shape: *shape("cpus:1", 0, 0), Weight: 1}},
		"typical task 1: weight 0 is not above 0":             {{Shape: *shape("cpus:1", 1, 1000)}},
		"typical task 1: weight NaN":                          {{Shape: *shape("cpus:1", 1, 1000), Weight: math.NaN()}},
		`task 2: devices of the family "fpga"`:                {{Shape: *shape("cpus:1", 1, 1000), Weight: 0.5}, {Shape: other, Weight: 0.5}},
		"the weights of typical tasks add up to 3, want 1":    {{Shape: *shape("cpus:1", 1, 1000), Weight: 3}},
		"typical task 1: offers: constraint group 1 is empty": {{Shape: bad, Weight: 1}},
	} {
		if _, err := policy.FGD(typical); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestTypicalOf(t *testing.T) {
	tasks := slices.Concat(
		slices.Repeat([]offers.Shape{*shape("cpus:1", 0, 0)}, 2),
		slices.Repeat([]offers.Shape{*shape("cpus:2", 1, 500)}, 6),
		slices.Repeat([]offers.Shape{*shape("cpus:4", 1, 500)}, 2),
	)
	summary := func(list []policy.Typical) []string {
		var got []string
		for _, typical := range list {
			got = append(got, fmt.Sprintf("%s %.2f", typical.Shape.Resources, typical.Weight))
		}
		return got
	}
	for part, want := range map[float64][]string{
		0.6:  {"cpus:2 1.00"},
		0.7:  {"cpus:2 0.75", "cpus:4 0.25"},
		0.95: {"cpus:2 0.60", "cpus:4 0.20", "cpus:1 0.20"},
		1:    {"cpus:2 0.60", "cpus:4 0.20", "cpus:1 0.20"},
	} {
		if diff := gocmp.Diff(want, summary(policy.TypicalOf(tasks, part))); diff != "" {
			t.Errorf("part %v (-want +got)\n%s", part, diff)
		}
	}
}

// Where would a task for half a GPU go?
func ExampleFGD() {
	order, err := policy.FGD([]policy.Typical{
		{Shape: *shape("cpus:8", 1, 1000), Weight: 0.75}, // most want a whole GPU
		{Shape: *shape("cpus:4", 1, 500), Weight: 0.25},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	want := shape("cpus:4", 1, 500)
	agents := map[string]*offers.AgentState{
		"idle":        agentState("cpus:32;gpu/0:1;gpu/1:1"),
		"half used":   agentState("cpus:32;gpu/0:1;gpu/1:1", "cpus:4;gpu/1:0.5"),
		"out of CPUs": agentState("cpus:32;gpu/0:1;gpu/1:1", "cpus:28;gpu/0:1"),
	}
	names := slices.SortedFunc(func(yield func(string) bool) {
		for name := range agents {
			yield(name)
		}
	}, func(a, b string) int {
		return cmp.Compare(order.Rate(agents[a], want), order.Rate(agents[b], want))
	})
	fmt.Println(strings.Join(names, ", then "))
	fmt.Println("device", order.(offers.DeviceOrder).Devices(agents["half used"], want))
	// Output:
	// half used, then out of CPUs, then idle
	// device [1]
}
