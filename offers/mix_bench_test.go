package offers_test

import "testing"

// BenchmarkMix places the 19,500 tasks of the mix, without and with demand.
func BenchmarkMix(b *testing.B) {
	for name, demand := range map[string]bool{"raw": false, "demand": true} {
		b.Run(name, func(b *testing.B) {
			placed, made := 0, 0
			for b.Loop() {
				b.StopTimer()
				m := newMix(b, 0, demand)
				b.StartTimer()
				m.run(1 << 42)
				if m.wait > 0 {
					b.Fatalf("%d tasks are not placed", m.wait)
				}
				placed += m.placed
				made += m.offers
			}
			report(b, "task", placed)
			b.ReportMetric(float64(placed)/b.Elapsed().Seconds(), "tasks/s")
			b.ReportMetric(float64(made)/float64(b.N), "offers")
		})
	}
}
