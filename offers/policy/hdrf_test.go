package policy_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// The example of the H-DRF paper, figure 5: 30 CPUs and 30 GB, five leaves of
// equal weight, two of which are below n3.
var leaves = []*leaf{
	{role: "n1", task: resources.MustParse("cpus:1")},
	{role: "n2", task: resources.MustParse("cpus:1")},
	{role: "n3/n31", task: resources.MustParse("cpus:1")},
	{role: "n3/n32", task: resources.MustParse("mem:1")},
	{role: "n4", task: resources.MustParse("mem:1")},
}

type leaf struct {
	role    string
	task    resources.Resources
	running int
	blocked bool
}

// TestHDRFDoesNotStarveALeaf: H-DRF gives the leaves 10, 10, 10, 15 and 15
// tasks and keeps them at it while tasks end and start at random. Summing
// shares, as DRF and Mesos do, gives the same at first and then starves n31:
// what n32 has counts against it, although it is of no use to n31.
func TestHDRFDoesNotStarveALeaf(t *testing.T) {
	const seed = 1
	for _, c := range []struct {
		policy      offers.Policy
		full, churn []float64
	}{
		{policy.HDRF(), []float64{10, 10, 10, 15, 15}, []float64{10, 10, 10, 15, 15}},
		{policy.DRF(), []float64{10, 10, 10, 15, 15}, []float64{15, 15, 0, 15, 15}},
	} {
		f := newField(t, c.policy)
		f.fill()
		if got := f.tasks(); !slices.Equal(got, c.full) {
			t.Errorf("%T: %v tasks, want %v", c.policy, got, c.full)
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		mean := make([]float64, len(leaves))
		const warm, measured = 500, 1000
		for i := range warm + measured {
			f.endOne(rng)
			f.fill()
			for l, tasks := range f.tasks() {
				if i >= warm {
					mean[l] += tasks / measured
				}
			}
		}
		for l := range mean {
			if math.Abs(mean[l]-c.churn[l]) > 0.6 {
				t.Errorf("%T, seed %d: under churn %.2f tasks in the mean, want %v", c.policy, seed, mean, c.churn)
				break
			}
		}
	}
}

// field lets leaves run as many tasks as they are offered, one at a time. A
// leaf whose task does not fit is blocked until one ends.
type field struct {
	t      *testing.T
	a      *offers.Allocator
	now    time.Time
	leaves []*leaf
}

func newField(t *testing.T, p offers.Policy) *field {
	t.Helper()
	a, err := offers.New(offers.Config{Policy: p, Coalesce: -1, MinAllocatable: []resources.Quantities{}})
	must(t, err)
	f := &field{t: t, a: a, now: time.Unix(0, 0)}
	for _, l := range leaves {
		own := *l
		f.leaves = append(f.leaves, &own)
		must(t, a.AddFramework(f.now, proffer.FrameworkID(l.role), offers.Subscription{Roles: []string{l.role}}))
	}
	must(t, a.AddAgent(f.now, proffer.AgentInfo{ID: "a1", Resources: resources.MustParse("cpus:30;mem:30")}))
	return f
}

func (f *field) leaf(id proffer.FrameworkID) *leaf {
	return f.leaves[slices.IndexFunc(f.leaves, func(l *leaf) bool { return l.role == string(id) })]
}

func (f *field) fill() {
	f.t.Helper()
	for slices.ContainsFunc(f.leaves, func(l *leaf) bool { return !l.blocked }) {
		f.now = f.now.Add(2 * time.Second) // past the filters
		made := f.a.Advance(f.now).Offers
		if len(made) == 0 {
			if used := f.tasks(); used[0]+used[1]+used[2] == 30 && used[3]+used[4] == 30 {
				return // there is nothing to offer
			}
		}
		for _, o := range made {
			l := f.leaf(o.FrameworkID)
			no := offers.Filter{Refuse: offers.NoRefuse}
			if o.Resources.Contains(l.task) {
				must(f.t, f.a.Accept(f.now, []proffer.OfferID{o.ID}, l.task, no))
				l.running++
				continue
			}
			l.blocked = true
			must(f.t, f.a.Suppress(f.now, o.FrameworkID))
			must(f.t, f.a.Decline(f.now, o.ID, no))
		}
	}
}

// endOne ends one of the running tasks, any with the same chance.
func (f *field) endOne(rng *rand.Rand) {
	f.t.Helper()
	all := 0
	for _, l := range f.leaves {
		all += l.running
	}
	k := rng.IntN(all)
	for _, l := range f.leaves {
		if k -= l.running; k < 0 {
			l.running--
			id := proffer.FrameworkID(l.role)
			must(f.t, f.a.Release(f.now, "a1", offers.Usage{FrameworkID: id, Role: l.role, Resources: l.task}))
			break
		}
	}
	for _, l := range f.leaves {
		l.blocked = false
		must(f.t, f.a.Revive(f.now, proffer.FrameworkID(l.role)))
	}
}

func (f *field) tasks() []float64 {
	tasks := make([]float64, len(f.leaves))
	for i, l := range f.leaves {
		tasks[i] = float64(l.running)
	}
	return tasks
}

// The shares that are kept up to date step by step are those of the paper's
// algorithm, worked out anew.
func TestHDRFOrdersAsThePaperDoes(t *testing.T) {
	for seed := range uint64(30) {
		a, s := newSpied(t, policy.HDRF())
		changeAtRandom(t, seed, a, s, func(step int) {
			want := naiveOrder(s.tree.Root(), func(a, b *offers.Node) int {
				_, x := rescaledVector(a)
				_, y := rescaledVector(b)
				if math.Abs(x-y) > 1e-9*max(x, y) {
					return map[bool]int{true: -1, false: 1}[x < y]
				}
				return byCountAndPath(a, b)
			})
			if diff := gocmp.Diff(want, s.order()); diff != "" {
				t.Fatalf("seed %d, step %d: (-want +got)\n%s", seed, step, diff)
			}
		})
	}
}

func byCountAndPath(a, b *offers.Node) int {
	if a.Allocations() != b.Allocations() {
		return map[bool]int{true: -1, false: 1}[a.Allocations() < b.Allocations()]
	}
	return map[bool]int{true: -1, false: 1}[a.Path() < b.Path()]
}

// rescaledVector is the paper's UpdateS: what the node has of each resource
// when its active children are scaled to the least of them, and its weighted
// dominant share.
func rescaledVector(n *offers.Node) (vector []float64, share float64) {
	vector = make([]float64, 2)
	if n.Kind() == offers.KindClient {
		copy(vector, n.Shares(nil))
		return vector, max(vector[0], vector[1]) / n.Weight()
	}
	least := math.Inf(1)
	for _, child := range n.Children() {
		if _, s := rescaledVector(child); child.Active() {
			least = min(least, s)
		}
	}
	for _, child := range n.Children() {
		if v, s := rescaledVector(child); child.Active() && s > 0 {
			vector[0] += v[0] * least / s
			vector[1] += v[1] * least / s
		}
	}
	return vector, max(vector[0], vector[1]) / n.Weight()
}

func ExampleHDRF() {
	fmt.Println("shares of a role are those of its least part")
	offerThree(policy.HDRF())
	// Output:
	// shares of a role are those of its least part
	// agent-1 to first
	// agent-2 to second
	// agent-3 to second
}
