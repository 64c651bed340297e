package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// economy is a cluster of whole amounts and users who want tasks of one shape
// each, as many as they can get.
type economy struct {
	capacity []int64   // by resource
	demands  [][]int64 // by user and resource, above 0
	weights  []int64   // by user, powers of 2: dividing by them loses nothing
}

// outcome is who got how many tasks.
type outcome struct {
	picks []int   // users, in the order in which they got tasks
	full  []int64 // tasks by user when first somebody's next task did not fit
	tasks []int64 // in the end, when nobody's did
}

// The theorems of the DRF paper, sections 3 and 4, are about tasks that can be
// divided; with whole tasks they hold up to a few tasks, of which the bounds
// below are proved. What DRF gives is first compared, pick by pick, with
// progressive filling in whole numbers.
func TestDRFTheory(t *testing.T) {
	cases := 10_000
	if testing.Short() {
		cases = 500
	}
	const seed = 2011
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range cases {
		e := randomEconomy(rng)
		got := e.run(t, policy.DRF())
		if want := e.fill(); !slices.Equal(got.picks, want.picks) {
			t.Fatalf("seed %d, case %d, %+v: picks\n%v, want\n%v", seed, i, e, got.picks, want.picks)
		}
		for _, property := range []func(outcome) error{e.sharingIncentive, e.envyFree, e.paretoEfficient} {
			if err := property(got); err != nil {
				t.Fatalf("seed %d, case %d, %+v: %v", seed, i, e, err)
			}
		}
		liar := rng.IntN(len(e.demands))
		lie := e.lie(liar, rng)
		if err := e.noGain(liar, got, lie, lie.run(t, policy.DRF())); err != nil {
			t.Fatalf("seed %d, case %d, %+v: %v", seed, i, e, err)
		}
	}
}

func randomEconomy(rng *rand.Rand) economy {
	e := economy{capacity: make([]int64, 2+rng.IntN(2))}
	for r := range e.capacity {
		e.capacity[r] = 40 + rng.Int64N(60)
	}
	weighted := rng.IntN(2) == 0
	for range 2 + rng.IntN(3) {
		e.demands = append(e.demands, randomDemand(rng, len(e.capacity)))
		e.weights = append(e.weights, 1)
		if weighted {
			e.weights[len(e.weights)-1] = 1 << rng.IntN(3)
		}
	}
	return e
}

func randomDemand(rng *rand.Rand, kinds int) []int64 {
	d := make([]int64, kinds)
	for r := range d {
		d[r] = 1 + rng.Int64N(6)
	}
	return d
}

// lie is the same economy in which one user states another demand.
func (e economy) lie(liar int, rng *rand.Rand) economy {
	e.demands = slices.Clone(e.demands)
	e.demands[liar] = randomDemand(rng, len(e.capacity))
	return e
}

// run lets the policy divide the economy, by an allocator: who is offered the
// cluster takes one task and declines the rest.
func (e economy) run(t *testing.T, p offers.Policy) (o outcome) {
	t.Helper()
	a, err := offers.New(offers.Config{Policy: p, Coalesce: -1, OfferTimeout: -1, MinAllocatable: []resources.Quantities{}})
	must(t, err)
	now := time.Unix(0, 0)
	shapes := make([]resources.Resources, len(e.demands))
	users := make(map[proffer.FrameworkID]int)
	for u, demand := range e.demands {
		shapes[u] = bundle(demand)
		id := proffer.FrameworkID(fmt.Sprintf("user-%d", u))
		users[id] = u
		must(t, a.SetWeight(string(id), float64(e.weights[u])))
		must(t, a.AddFramework(now, id, offers.Subscription{Roles: []string{string(id)}}))
	}
	must(t, a.AddAgent(now, proffer.AgentInfo{ID: "cluster", Resources: bundle(e.capacity)}))
	o.tasks = make([]int64, len(shapes))
	for blocked := 0; blocked < len(shapes); {
		now = now.Add(2 * time.Second) // past the filters
		made := a.Advance(now).Offers
		for _, offer := range made {
			u := users[offer.FrameworkID]
			if offer.Resources.Contains(shapes[u]) {
				o.picks = append(o.picks, u)
				o.tasks[u]++
				must(t, a.Accept(now, []proffer.OfferID{offer.ID}, shapes[u], offers.Filter{Refuse: offers.NoRefuse}))
				continue
			}
			if blocked++; blocked == 1 {
				o.full = slices.Clone(o.tasks)
			}
			must(t, a.Suppress(now, offer.FrameworkID))
			must(t, a.Decline(now, offer.ID, offers.Filter{Refuse: offers.NoRefuse}))
		}
		if len(made) == 0 && e.exhausted(o.tasks) {
			break // there is nothing to offer, so nobody is told
		}
	}
	if o.full == nil {
		o.full = slices.Clone(o.tasks)
	}
	return o
}

func bundle(amounts []int64) resources.Resources {
	text := ""
	for r, amount := range amounts {
		text += fmt.Sprintf("r%d:%d;", r, amount)
	}
	return resources.MustParse(text)
}

// fill is progressive filling: the user with the least weighted dominant share
// gets a task, until his next one does not fit; then the others go on.
func (e economy) fill() (o outcome) {
	o.tasks = make([]int64, len(e.demands))
	blocked := make([]bool, len(e.demands))
	for {
		next := -1
		for u := range e.demands {
			if !blocked[u] && (next < 0 || e.less(u, next, o.tasks)) {
				next = u
			}
		}
		switch {
		case next < 0:
			return o
		case e.fits(next, o.tasks):
			o.tasks[next]++
			o.picks = append(o.picks, next)
		default:
			blocked[next] = true
		}
	}
}

// less compares by share, then by tasks, then by name; in whole numbers.
func (e economy) less(u, v int, tasks []int64) bool {
	a, b := e.share(u, tasks[u]).over(e.weights[u]), e.share(v, tasks[v]).over(e.weights[v])
	if c := a.compare(b); c != 0 {
		return c < 0
	}
	return tasks[u] < tasks[v] || tasks[u] == tasks[v] && u < v
}

// fits reports whether one more task of the user does.
func (e economy) fits(u int, tasks []int64) bool {
	for r, left := range e.left(tasks) {
		if e.demands[u][r] > left {
			return false
		}
	}
	return true
}

func (e economy) left(tasks []int64) []int64 {
	left := slices.Clone(e.capacity)
	for u, n := range tasks {
		for r := range left {
			left[r] -= n * e.demands[u][r]
		}
	}
	return left
}

func (e economy) exhausted(tasks []int64) bool {
	for _, left := range e.left(tasks) {
		if left > 0 {
			return false
		}
	}
	return true
}

// share is the dominant share of the user with that many tasks.
func (e economy) share(u int, tasks int64) fraction {
	most := fraction{0, 1}
	for r, capacity := range e.capacity {
		if f := (fraction{tasks * e.demands[u][r], capacity}); f.compare(most) > 0 {
			most = f
		}
	}
	return most
}

// fraction is an exact number, of small parts: products of three fit.
type fraction struct{ over1, under int64 }

func (f fraction) over(n int64) fraction { return fraction{f.over1, f.under * n} }

func (f fraction) compare(g fraction) int {
	switch a, b := f.over1*g.under, g.over1*f.under; {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

func (f fraction) float() float64 { return float64(f.over1) / float64(f.under) }

// within is what floating-point may be off by.
const within = 1e-9

// sharingIncentive: everybody has at least his part of the cluster, but for the
// last task of each. When i's next task does not fit, more than 1 - d_i of some
// resource is used. Everybody else got his last task when he had no more than
// i, so share_j / w_j ≤ share_i / w_i + d_j / w_j. Summing up the use of that
// resource gives share_i ≥ w_i/W × (1 - Σ d).
func (e economy) sharingIncentive(o outcome) error {
	all, lost := int64(0), 0.0
	for u, w := range e.weights {
		all += w
		lost += e.share(u, 1).float()
	}
	for u, n := range o.full {
		least := float64(e.weights[u]) / float64(all) * (1 - lost)
		if got := e.share(u, n).float(); got < least-within {
			return fmt.Errorf("sharing incentive: user %d has a share of %v, his part is %v", u, got, least)
		}
	}
	return nil
}

// envyFree: nobody would run more tasks with what another one of his weight
// has, but for that one's last task: k tasks in it mean k d_i ≤ share_j, and
// share_j ≤ share_i + d_j. With other weights the bundle is scaled.
func (e economy) envyFree(o outcome) error {
	for i, n := range o.full {
		for j, m := range o.full {
			k := e.useful(i, scaled(e.demands[j], m)) * e.share(i, 1).float() / float64(e.weights[j])
			most := e.share(i, n).float()/float64(e.weights[i]) + e.share(j, 1).float()/float64(e.weights[j])
			if k > most+within {
				return fmt.Errorf("envy: user %d with %d tasks would have a share of %v with what user %d has, more than %v", i, n, k, j, most)
			}
		}
	}
	return nil
}

// paretoEfficient: nobody can have one more task while the others keep theirs.
func (e economy) paretoEfficient(o outcome) error {
	for u := range e.demands {
		if e.fits(u, o.tasks) {
			return fmt.Errorf("pareto efficiency: one more task of user %d fits: %v tasks", u, o.tasks)
		}
	}
	return nil
}

// noGain: who states another demand d' than his own runs no more tasks by it,
// but for t. If t d_i ≥ d'_i + d_j for all others (by weight), they all have as
// much as without the lie, because they had no less than the liar when he got
// his last task; so the resource that ran out without the lie is used by t d_ir
// more, which was not there if t d_ir is no less than what did not fit.
func (e economy) noGain(liar int, truth outcome, lie economy, lied outcome) error {
	own := e.share(liar, 1).float() / float64(e.weights[liar])
	slack := 1.0
	for j := range e.demands {
		others := e.share(j, 1).float() / float64(e.weights[j])
		slack = max(slack, (lie.share(liar, 1).float()/float64(e.weights[liar])+others)/own)
		for r := range e.capacity {
			slack = max(slack, float64(e.demands[j][r])/float64(e.demands[liar][r]))
		}
	}
	useful := e.useful(liar, scaled(lie.demands[liar], lied.full[liar]))
	if useful > float64(truth.full[liar])+slack+within {
		return fmt.Errorf("user %d runs %v tasks by stating %v, %d without, which is more than %v tasks of rounding",
			liar, useful, lie.demands[liar], truth.full[liar], slack)
	}
	return nil
}

// useful is how many tasks of the user the bundle is good for, in parts.
func (e economy) useful(u int, has []int64) float64 {
	least := float64(has[0]) / float64(e.demands[u][0])
	for r := range has {
		least = min(least, float64(has[r])/float64(e.demands[u][r]))
	}
	return least
}

func scaled(demand []int64, n int64) []int64 {
	all := slices.Clone(demand)
	for r := range all {
		all[r] *= n
	}
	return all
}
