package offers_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// BenchmarkGrowth grows one thing at a time around 10,000 agents, 1,000
// frameworks and one role: a cycle's time an offer, and a pending task's until
// it is placed, should stay what they are.
func BenchmarkGrowth(b *testing.B) {
	const agents, frameworks, roles = 10_000, 1_000, 1
	for _, n := range []int{1_000, 5_000, 10_000, 20_000, 50_000} {
		b.Run(fmt.Sprintf("agents=%d", n), func(b *testing.B) { growCycle(b, n, frameworks, roles) })
	}
	for _, n := range []int{1, 10, 100, 1_000, 6_000} {
		b.Run(fmt.Sprintf("frameworks=%d", n), func(b *testing.B) { growCycle(b, agents, n, roles) })
	}
	for _, n := range []int{1, 10, 100, 1_000, 5_000} {
		// Each role has a framework at least.
		b.Run(fmt.Sprintf("roles=%d", n), func(b *testing.B) { growCycle(b, agents, max(frameworks, n), n) })
	}
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("tasks=%d", n), func(b *testing.B) { growTasks(b, agents, frameworks, n) })
	}
}

// growCycle is a full cycle, and all offers declined.
func growCycle(b *testing.B, agents, frameworks, roles int) {
	c := newCluster(b)
	c.addAgents(b, agents, frameworks, roles)
	c.addFrameworks(b, frameworks, roles)
	c.declineAll(b, c.a.Advance(c.now).Offers)
	made := 0
	for b.Loop() {
		list := c.cycle()
		if len(list) != agents {
			b.Fatalf("%d offers, want one an agent, %d", len(list), agents)
		}
		c.declineAll(b, list)
		made += len(list)
	}
	report(b, "offer", made)
}

// growTasks places the tasks that are pending.
func growTasks(b *testing.B, agents, frameworks, tasks int) {
	shapes := []string{"cpus:0.5;mem:64", "cpus:1;mem:128", "cpus:0.25;mem:256", "cpus:0.1;mem:32"}
	placed, placing := 0, time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		c := newCluster(b)
		c.addFrameworks(b, frameworks, 1)
		for i := range frameworks {
			must(b, c.a.SetDemand(c.now, frameworkName(i), "*"))
		}
		c.addPlain(b, agents, "cpus:96;mem:65536;disk:4096;ports:[31000-32000]")
		c.a.Advance(c.now)
		b.StartTimer()
		n, took := c.placeAll(b, tasks, frameworks, 1, shapes)
		placed, placing = placed+n, placing+took
	}
	report(b, "task", placed)
	b.ReportMetric(float64(placed)/placing.Seconds(), "placed/s")
}

// BenchmarkMemory reports what the allocator holds before the first run, when
// every agent is offered, and when every offer was declined; in all, and an agent. What the caller has
// given it is not counted: the resources of agents, and what is used of them.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []struct{ agents, frameworks int }{{10_000, 1_000}, {50_000, 1_000}} {
		b.Run(fmt.Sprintf("agents=%d/frameworks=%d", size.agents, size.frameworks), func(b *testing.B) {
			for b.Loop() {
				measureMemory(b, size.agents, size.frameworks)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func measureMemory(b *testing.B, agents, frameworks int) {
	infos, uses := make([]proffer.AgentInfo, agents), make([]offers.Usage, agents)
	for i := range infos { // each its own, as they come from agents
		infos[i] = proffer.AgentInfo{ID: agentName(i), Hostname: fmt.Sprint("host-", i), Resources: resources.MustParse(benchTotal)}
		uses[i] = offers.Usage{FrameworkID: frameworkName(i % frameworks), Role: "*", Resources: resources.MustParse(benchUsed)}
	}
	before := heapInUse()
	c := newCluster(b)
	for i := range infos {
		must(b, c.a.AddAgent(c.now, infos[i], uses[i]))
	}
	c.addFrameworks(b, frameworks, 1)
	held := func(state string) {
		bytes := float64(heapInUse() - before)
		b.ReportMetric(bytes/(1<<20), "MiB-"+state)
		b.ReportMetric(bytes/float64(agents), "B/agent-"+state)
	}
	held("idle")
	list := c.a.Advance(c.now).Offers
	held("offered")
	c.declineAll(b, list)
	list = nil
	c.a.Advance(c.now)
	held("declined")
	runtime.KeepAlive(infos)
	runtime.KeepAlive(uses)
	runtime.KeepAlive(list)
	runtime.KeepAlive(c)
}
