package offers_test

import (
	"container/heap"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
)

// The agent of Mesos's allocator benchmarks: of its resources many are in use,
// the ports in 16 ranges.
const (
	benchTotal = "cpus:24;mem:4096;disk:4096;ports:[31000-32000]"
	benchUsed  = "cpus:16;mem:2014;disk:1024;ports:[31000-31002,31010-31012,31020-31022,31030-31032," +
		"31040-31042,31050-31052,31060-31062,31070-31072,31080-31082,31090-31092,31100-31102,31110-31112," +
		"31120-31122,31130-31132,31140-31142,31150-31152]"
)

// cluster is an allocator with agents and frameworks.
type cluster struct {
	a   *offers.Allocator
	now time.Time
}

func newCluster(tb testing.TB) *cluster {
	tb.Helper()
	a, err := offers.New(offers.Config{Policy: policy.DRF(), Coalesce: -1, OfferTimeout: -1})
	if err != nil {
		tb.Fatal(err)
	}
	return &cluster{a: a, now: time.Unix(0, 0)}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func frameworkName(i int) proffer.FrameworkID {
	return proffer.FrameworkID(fmt.Sprint("framework-", i))
}

func agentName(i int) proffer.AgentID { return proffer.AgentID(fmt.Sprint("agent-", i)) }

// roleName spreads frameworks over roles; with one role all are in "*".
func roleName(i, roles int) string {
	if roles <= 1 {
		return "*"
	}
	return fmt.Sprint("role-", i%roles)
}

// addAgents adds agents of Mesos's benchmark, used by the frameworks in turn.
func (c *cluster) addAgents(tb testing.TB, agents, frameworks, roles int) {
	total, used := resources.MustParse(benchTotal), resources.MustParse(benchUsed)
	for i := range agents {
		f := i % frameworks
		info := proffer.AgentInfo{ID: agentName(i), Hostname: fmt.Sprint("host-", i), Resources: total}
		must(tb, c.a.AddAgent(c.now, info, offers.Usage{FrameworkID: frameworkName(f), Role: roleName(f, roles), Resources: used}))
	}
}

// addPlain adds agents of which nothing is used.
func (c *cluster) addPlain(tb testing.TB, agents int, r string) {
	total := resources.MustParse(r)
	for i := range agents {
		must(tb, c.a.AddAgent(c.now, proffer.AgentInfo{ID: agentName(i), Hostname: fmt.Sprint("host-", i), Resources: total}))
	}
}

func (c *cluster) addFrameworks(tb testing.TB, frameworks, roles int) {
	for i := range frameworks {
		must(tb, c.a.AddFramework(c.now, frameworkName(i), offers.Subscription{Roles: []string{roleName(i, roles)}}))
	}
}

// cycle lets the filters of the last cycle end and returns the offers of this.
func (c *cluster) cycle() []*offers.Offer {
	c.now = c.now.Add(time.Hour)
	return c.a.Advance(c.now).Offers
}

func (c *cluster) declineAll(tb testing.TB, list []*offers.Offer) {
	for _, o := range list {
		must(tb, c.a.Decline(c.now, o.ID, offers.Filter{}))
	}
}

// report gives the time of one of n steps, and how often that of a bare heap of
// shares, which gives each resource to the smallest, measured in the same run.
func report(b *testing.B, what string, steps int) {
	b.Helper()
	each := float64(b.Elapsed().Nanoseconds()) / float64(steps)
	b.ReportMetric(each, "ns/"+what)
	b.ReportMetric(each/floor(), "x/floor")
	b.ReportMetric(0, "ns/op")
}

// floor returns the nanoseconds that a bare heap of 1,000 shares takes to give
// something to the smallest: the least of a few tries, as the machine is shared.
func floor() float64 {
	best := 0.0
	for range 5 {
		shares := make(floorHeap, 1000)
		start := time.Now()
		const steps = 20_000
		for range steps {
			shares[0] += 1.0 / steps
			heap.Fix(&shares, 0)
		}
		if each := float64(time.Since(start).Nanoseconds()) / steps; best == 0 || each < best {
			best = each
		}
	}
	return best
}

// BenchmarkCycle is a full allocation cycle: every agent is offered to some
// framework, then every offer is declined, and its filter ends.
func BenchmarkCycle(b *testing.B) {
	for _, size := range []struct{ agents, frameworks, roles int }{
		{10_000, 1_000, 1}, {10_000, 1_000, 200}, {50_000, 1_000, 1},
	} {
		b.Run(fmt.Sprintf("agents=%d/frameworks=%d/roles=%d", size.agents, size.frameworks, size.roles), func(b *testing.B) {
			c := newCluster(b)
			c.addAgents(b, size.agents, size.frameworks, size.roles)
			c.addFrameworks(b, size.frameworks, size.roles)
			c.declineAll(b, c.a.Advance(c.now).Offers)
			made := 0
			for b.Loop() {
				list := c.cycle()
				if len(list) != size.agents {
					b.Fatalf("%d offers, want one an agent, %d", len(list), size.agents)
				}
				c.declineAll(b, list)
				made += len(list)
			}
			report(b, "offer", made)
		})
	}
}

// BenchmarkNothingToGive is a run that finds nothing to offer: what has become
// free is too little.
func BenchmarkNothingToGive(b *testing.B) {
	const agents, crumbs = 10_000, 9 // of an agent, before they are enough to be offered
	crumb := resources.MustParse("cpus:0.001")
	total := resources.MustParse(benchTotal)
	held := resources.MustParse("cpus:1")
	rest, _ := total.Sub(held)
	var c *cluster
	steps := 0
	for b.Loop() {
		i := steps % (agents * crumbs)
		if i == 0 {
			b.StopTimer()
			c = newCluster(b)
			for i := range agents {
				f := frameworkName(i % 1000)
				must(b, c.a.AddAgent(c.now, proffer.AgentInfo{ID: agentName(i), Resources: total},
					offers.Usage{FrameworkID: f, Role: "*", Resources: rest}, offers.Usage{FrameworkID: f, Role: "other", Resources: held}))
			}
			c.addFrameworks(b, 1000, 1)
			c.cycle()
			b.StartTimer()
		}
		must(b, c.a.Release(c.now, agentName(i%agents), offers.Usage{FrameworkID: frameworkName(i % 1000), Role: "other", Resources: crumb}))
		if list := c.cycle(); len(list) != 0 {
			b.Fatalf("%d offers of a crumb", len(list))
		}
		steps++
	}
	report(b, "cycle", steps)
}

// BenchmarkAnswers are the calls between runs, each alone: an offer is used
// whole, it is declined, a task on it ends.
func BenchmarkAnswers(b *testing.B) {
	const agents = 10_000
	task := resources.MustParse("cpus:1;mem:128;ports:[31500-31500]")
	for _, what := range []string{"accept", "decline", "end"} {
		b.Run(what, func(b *testing.B) {
			c := newCluster(b)
			c.addAgents(b, agents, 1000, 1)
			c.addFrameworks(b, 1000, 1)
			list := c.cycle()
			steps := 0
			for b.Loop() {
				b.StopTimer()
				if what == "end" {
					for _, o := range list {
						must(b, c.a.Accept(c.now, []proffer.OfferID{o.ID}, task, offers.Filter{}))
					}
				}
				b.StartTimer()
				for _, o := range list {
					switch what {
					case "accept":
						must(b, c.a.Accept(c.now, []proffer.OfferID{o.ID}, task, offers.Filter{}))
					case "decline":
						must(b, c.a.Decline(c.now, o.ID, offers.Filter{}))
					case "end":
						must(b, c.a.Release(c.now, o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: task}))
					}
				}
				steps += len(list)
				b.StopTimer()
				if what == "accept" {
					for _, o := range list {
						must(b, c.a.Release(c.now, o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: task}))
					}
				}
				list = c.cycle()
				b.StartTimer()
			}
			report(b, what, steps)
		})
	}
}

// BenchmarkReserve is an accept that reserves, and one that takes that back,
// with 200 roles.
func BenchmarkReserve(b *testing.B) {
	const agents, roles = 2_000, 200
	c := newCluster(b)
	c.addAgents(b, agents, roles, roles)
	c.addFrameworks(b, roles, roles)
	want := resources.MustParse("cpus:8;mem:1024")
	list := c.cycle()
	steps := 0
	for b.Loop() {
		for _, o := range list {
			by := resources.Reservation{Role: o.Role, Dynamic: true}
			v, err := offers.Convert(offers.Reserve{Resources: want, By: by}, o.Role)
			must(b, err)
			must(b, c.a.AcceptAll(c.now, offers.Answer{OfferIDs: []proffer.OfferID{o.ID}, Conversions: []offers.Conversion{v}}))
		}
		steps += len(list)
		b.StopTimer()
		list = c.cycle()
		b.StartTimer()
		for _, o := range list {
			reserved := o.Resources.Reserved()
			if reserved.IsEmpty() {
				must(b, c.a.Decline(c.now, o.ID, offers.Filter{}))
				continue
			}
			v, err := offers.Convert(offers.Unreserve{Resources: reserved}, o.Role)
			must(b, err)
			must(b, c.a.AcceptAll(c.now, offers.Answer{OfferIDs: []proffer.OfferID{o.ID}, Conversions: []offers.Conversion{v}}))
			steps++
		}
		b.StopTimer()
		list = c.cycle()
		b.StartTimer()
	}
	report(b, "operation", steps)
}

// BenchmarkAddAgents adds agents with used resources and offers what is left.
func BenchmarkAddAgents(b *testing.B) {
	const agents, frameworks = 10_000, 1_000
	for b.Loop() {
		b.StopTimer()
		c := newCluster(b)
		c.addFrameworks(b, frameworks, 1)
		total, used := resources.MustParse(benchTotal), resources.MustParse(benchUsed)
		infos := make([]proffer.AgentInfo, agents)
		uses := make([]offers.Usage, agents)
		for i := range infos {
			infos[i] = proffer.AgentInfo{ID: agentName(i), Hostname: "host", Resources: total}
			uses[i] = offers.Usage{FrameworkID: frameworkName(i % frameworks), Role: "*", Resources: used}
		}
		runtime.GC()
		b.StartTimer()
		for i := range infos {
			must(b, c.a.AddAgent(c.now, infos[i], uses[i]))
		}
		if list := c.a.Advance(c.now).Offers; len(list) != agents {
			b.Fatalf("%d offers, want %d", len(list), agents)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
}

// BenchmarkFilters has every framework filter every agent, and then runs once
// more. It reports the memory of a filter.
func BenchmarkFilters(b *testing.B) {
	const agents, frameworks = 5_000, 200
	c := newCluster(b)
	c.addAgents(b, agents, frameworks, 1)
	c.addFrameworks(b, frameworks, 1)
	before := heapInUse()
	for range frameworks {
		list := c.a.Advance(c.now).Offers
		for _, o := range list {
			must(b, c.a.Decline(c.now, o.ID, offers.Filter{Refuse: 1000 * time.Hour}))
		}
	}
	if list := c.a.Advance(c.now).Offers; len(list) != 0 {
		b.Fatalf("%d offers although everybody filters everything", len(list))
	}
	perFilter := float64(heapInUse()-before) / (agents * frameworks)
	// A framework comes that can use nothing: the run looks at every agent.
	picky := offers.Subscription{Roles: []string{"*"}, Constraints: map[string]offers.Constraints{
		"*": {{{Of: offers.OfHostname, Is: offers.TextEquals, Text: "nowhere"}}},
	}}
	steps := 0
	for b.Loop() {
		must(b, c.a.AddFramework(c.now, "picky", picky))
		if list := c.a.Advance(c.now).Offers; len(list) != 0 {
			b.Fatalf("%d offers although everybody filters everything", len(list))
		}
		must(b, c.a.RemoveFramework(c.now, "picky"))
		steps++
	}
	b.ReportMetric(perFilter, "B/filter")
	report(b, "cycle", steps)
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkQuotas has 3,000 roles with quota and agents; then a run that finds
// everybody served.
func BenchmarkQuotas(b *testing.B) {
	const size = 3_000
	quota := offers.Quota{
		Guarantee: resources.MustParseQuantities("cpus:8;mem:2082;disk:3072"),
		Limit:     map[string]resources.Scalar{"cpus": 8 * resources.Unit, "mem": 2082 * resources.Unit, "disk": 3072 * resources.Unit},
	}
	b.Run("allocate", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			c := newCluster(b)
			quotas := make(map[string]offers.Quota)
			for i := range size {
				quotas[roleName(i, size)] = quota
			}
			must(b, c.a.SetQuotas(c.now, quotas))
			c.addFrameworks(b, size, size)
			total := resources.MustParse("cpus:8;mem:2082;disk:3072;ports:[31000-32000]")
			infos := make([]proffer.AgentInfo, size)
			for i := range infos {
				infos[i] = proffer.AgentInfo{ID: agentName(i), Resources: total}
			}
			runtime.GC()
			b.StartTimer()
			for i := range infos {
				must(b, c.a.AddAgent(c.now, infos[i]))
			}
			if list := c.a.Advance(c.now).Offers; len(list) != size {
				b.Fatalf("%d offers, want %d", len(list), size)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms")
	})
	b.Run("idle", func(b *testing.B) {
		const crumbs = 9 // of an agent, before they are enough to be offered
		crumb := resources.MustParse("cpus:0.001")
		quotas := make(map[string]offers.Quota)
		for i := range size {
			quotas[roleName(i, size)] = quota
		}
		var c *cluster
		var holders []*offers.Offer
		steps := 0
		for b.Loop() {
			if steps%(size*crumbs) == 0 {
				b.StopTimer()
				c = newCluster(b)
				must(b, c.a.SetQuotas(c.now, quotas))
				c.addFrameworks(b, size, size)
				c.addPlain(b, size, "cpus:8;mem:2082;disk:3072;ports:[31000-32000]")
				holders = c.a.Advance(c.now).Offers
				for _, o := range holders {
					must(b, c.a.Accept(c.now, []proffer.OfferID{o.ID}, o.Resources, offers.Filter{}))
				}
				c.cycle()
				b.StartTimer()
			}
			o := holders[steps%size]
			must(b, c.a.Release(c.now, o.AgentID, offers.Usage{FrameworkID: o.FrameworkID, Role: o.Role, Resources: crumb}))
			if list := c.cycle(); len(list) != 0 {
				b.Fatalf("%d offers of a crumb", len(list))
			}
			steps++
		}
		report(b, "cycle", steps)
	})
}
