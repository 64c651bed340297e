package master_test

import (
	"testing"

	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
)

// BenchmarkMasterTask is the path of a task through driver and master, with
// agents that answer at once: offer, accept, launch, running, acknowledged,
// finished, acknowledged.
func BenchmarkMasterTask(b *testing.B) {
	m := run(b, master.Config{})
	for range 10 {
		startAgent(b, m, "cpus:1000;mem:100000", false)
	}
	f := newFiller("t", "cpus:1;mem:10", b.N)
	b.ReportAllocs()
	b.ResetTimer()
	subscribe(b, f, scheduler.Config{Name: "bench", Master: m})
	<-f.done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}
