package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/examples/replay/internal/chart"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
)

// agentOrders are the policies of openb. Nil is the allocator's own order: by
// lot.
var agentOrders = map[string]func(typical []policy.Typical) (offers.AgentOrder, error){
	"random":        func([]policy.Typical) (offers.AgentOrder, error) { return nil, nil },
	"bestfit":       func([]policy.Typical) (offers.AgentOrder, error) { return policy.BestFit(), nil },
	"dotprod":       func([]policy.Typical) (offers.AgentOrder, error) { return policy.DotProduct(), nil },
	"gpupacking":    func([]policy.Typical) (offers.AgentOrder, error) { return policy.GPUPacking(), nil },
	"gpuclustering": func([]policy.Typical) (offers.AgentOrder, error) { return policy.GPUClustering(), nil },
	"fgd":           policy.FGD,
}

// typicalPart is the part of the pods whose shapes are the typical ones, as the
// authors of FGD have it.
const typicalPart = 0.95

// requestedAt are the requests, in percent of all GPUs, at which results are
// told.
var requestedAt = []int{80, 90, 95, 100, 110, 130}

// openbResult is what an order of agents does with a workload.
type openbResult struct {
	Nodes    string `json:"nodes"`
	Pods     string `json:"pods"`
	Policy   string `json:"policy"`
	Seed     int64  `json:"seed"`
	Arrivals int    `json:"arrivals"`
	Digest   string `json:"arrivals_sha256"`
	Placed   int    `json:"placed"`
	GivenUp  int    `json:"given_up"`

	// By the percentage of all GPUs that has been asked for: the percentages
	// that are allocated, and that are free and of no use to the typical pod.
	Allocated map[int]float64 `json:"allocated_percent"`
	Fragments map[int]float64 `json:"fragmented_percent"`

	Offers   int     `json:"offers"`
	Declines int     `json:"declines"`
	Wall     float64 `json:"wall_s"`
}

func openbCommand(flags *flag.FlagSet) func(io *terminal) (result, error) {
	nodes := flags.String("nodes", "", "the machines, a `FILE.csv` with sn, cpu_milli, memory_mib, gpu, model")
	pods := flags.String("pods", "", "the pods, a `FILE.csv` with name, cpu_milli, memory_mib, num_gpu, gpu_milli and perhaps gpu_spec")
	which := flags.String("policy", "bestfit", "which agent is next, or several to compare, by commas: "+strings.Join(slices.Sorted(maps.Keys(agentOrders)), ", "))
	seed := flags.Int64("seed", 42, "of the arrivals")
	tune := flags.Float64("tune", 1.3, "how much GPU the arrivals ask for, as a part of what there is")
	return func(io *terminal) (result, error) {
		policies := strings.Split(*which, ",")
		for _, name := range policies {
			if _, ok := agentOrders[name]; !ok {
				return nil, usagef("-policy %q: want %s", name, strings.Join(slices.Sorted(maps.Keys(agentOrders)), ", "))
			}
		}
		switch {
		case *nodes == "" || *pods == "":
			return nil, usagef("-nodes and -pods must be given")
		case !(*tune > 0 && *tune <= 100):
			return nil, usagef("-tune %v: want more than 0 and at most 100", *tune)
		}
		machines, err := readNodes(*nodes)
		if err != nil {
			return nil, err
		}
		all, err := readPods(*pods)
		if err != nil {
			return nil, err
		}
		if capacityOf(machines) == 0 {
			return nil, fmt.Errorf("%s: no machine has a GPU: shares of them cannot be told", filepath.Base(*nodes))
		}
		var runs comparison
		for _, name := range policies {
			r := &openbResult{Nodes: filepath.Base(*nodes), Pods: filepath.Base(*pods), Policy: name, Seed: *seed}
			before := io.elapsed()
			if err := r.replay(io, machines, all, agentOrders[name], *tune); err != nil {
				return nil, fmt.Errorf("policy %s: %w", name, err)
			}
			r.Wall = (io.elapsed() - before).Seconds()
			runs = append(runs, r)
		}
		if len(runs) == 1 {
			return runs[0], nil
		}
		return runs, nil
	}
}

func (r *openbResult) replay(io *terminal, nodes []*gpuNode, pods []*gpuPod, order func([]policy.Typical) (offers.AgentOrder, error), tune float64) error {
	arriving, ranked := arrivals(nodes, pods, r.Seed, tune)
	r.Arrivals, r.Digest = len(arriving), digest(arriving)
	typical, err := typicalOf(pods)
	if err != nil {
		return err
	}
	f := &podFramework{order: arriving}
	if requests(pods) {
		if f.measure, err = policy.NewFragmentation(typical); err != nil {
			return err
		}
	}
	by, err := order(typical)
	if err != nil {
		return err
	}
	agents := make([]proffer.AgentInfo, len(ranked))
	for i, n := range ranked {
		if agents[i], err = agentOf(n); err != nil {
			return err
		}
	}
	p, cols := newProgress(io.stderr), newColumns(capacityOf(nodes))
	f.tell = func(pod *gpuPod) {
		cols.add(pod.request(), f.given, f.useless)
		p.at(func() string {
			return fmt.Sprintf("%s: %d of %d pods have arrived, %d are placed", r.Policy, f.next, len(arriving), f.placed)
		})
	}
	stats, err := replayPods(f, agents, by, uint64(r.Seed))
	p.end()
	r.Allocated, r.Fragments = cols.means()
	r.Placed, r.GivenUp = f.placed, len(arriving)-f.placed
	r.Offers, r.Declines = stats.Offers, stats.Declines
	return err
}

// typicalOf gives all pods their shapes and returns the typical ones, for which
// memory does not count.
func typicalOf(pods []*gpuPod) ([]policy.Typical, error) {
	past := make([]offers.Shape, len(pods))
	for i, p := range pods {
		whole, err := shapeOf(p, true)
		if err != nil {
			return nil, err
		}
		p.shape = &whole
		if past[i], err = shapeOf(p, false); err != nil {
			return nil, err
		}
	}
	return policy.TypicalOf(past, typicalPart), nil
}

// columns are means over the arrivals whose cumulated request rounds to the same
// percentage of all GPUs.
type columns struct {
	capacity  float64
	requested int64
	at        map[int]*column
}

type column struct{ count, allocated, useless float64 }

func newColumns(capacity int64) *columns {
	return &columns{capacity: float64(capacity), at: make(map[int]*column)}
}

func (c *columns) add(request, given int64, useless float64) {
	c.requested += request
	k := int(math.RoundToEven(100 * float64(c.requested) / c.capacity))
	col := c.at[k]
	if col == nil {
		col = new(column)
		c.at[k] = col
	}
	col.count++
	col.allocated += hundredths(100 * float64(given) / c.capacity)
	col.useless += 100 * 1000 * useless / c.capacity
}

func (c *columns) means() (allocated, useless map[int]float64) {
	allocated, useless = make(map[int]float64), make(map[int]float64)
	for k, col := range c.at {
		allocated[k], useless[k] = hundredths(col.allocated/col.count), hundredths(col.useless/col.count)
	}
	return allocated, useless
}

// hundredths rounds as the published results do.
func hundredths(v float64) float64 { return math.RoundToEven(100*v) / 100 }

func (r *openbResult) print(w io.Writer) {
	say(w, "workload     %s on %s, policy %s, seed %d", r.Pods, r.Nodes, r.Policy, r.Seed)
	say(w, "arrivals     %d, sha256 %s", r.Arrivals, r.Digest)
	say(w, "placed       %d, %d given up", r.Placed, r.GivenUp)
	var head, allocated, fragments strings.Builder
	for _, k := range requestedAt {
		fmt.Fprintf(&head, "%8d", k)
		for b, m := range map[*strings.Builder]map[int]float64{&allocated: r.Allocated, &fragments: r.Fragments} {
			if v, ok := m[k]; ok {
				fmt.Fprintf(b, "%8.2f", v)
			} else {
				fmt.Fprintf(b, "%8s", "-")
			}
		}
	}
	say(w, "requested %% %s", head.String())
	say(w, "allocated %% %s", allocated.String())
	say(w, "fragment. %% %s", fragments.String())
	say(w, "offers       %d, %d declined", r.Offers, r.Declines)
	say(w, "wall time    %.2f s", r.Wall)
}

func (r *openbResult) chart() *chart.Chart {
	return &chart.Chart{
		Title: fmt.Sprintf("%s, %s, seed %d", strings.TrimSuffix(r.Pods, filepath.Ext(r.Pods)), r.Policy, r.Seed),
		X:     chart.Axis{Label: "requested (% of all GPUs)"}, Y: chart.Axis{Label: "share of all GPUs (%)", Max: 100},
		Series: []chart.Series{
			{Name: "allocated", Points: pointsOf(r.Allocated)},
			{Name: "free and of no use to typical pods", Points: pointsOf(r.Fragments)},
			{Name: "all that is requested", Points: []chart.Point{{X: 0, Y: 0}, {X: 100, Y: 100}}, Dashed: true},
		},
	}
}

func pointsOf(column map[int]float64) []chart.Point {
	var points []chart.Point
	for _, k := range slices.Sorted(maps.Keys(column)) {
		points = append(points, chart.Point{X: float64(k), Y: column[k]})
	}
	return points
}
