//go:build !race

package main

import (
	"math"
	"path/filepath"
	"testing"
)

const underRace = false

// Under the race detector it takes minutes; the small traces show as much.
func TestPhillyTrace(t *testing.T) {
	trace := data(t, "philly/philly.csv")
	plot := filepath.Join(t.TempDir(), "p.svg")
	var r phillyResult
	replayed(t, &r, "philly", "-trace", trace, "-agents", "60", "-gpus", "8", "-policy", "drf", "-plot", plot)
	if r.Jobs != 82247 || r.Ended != 82247 || r.Rejected != 0 || len(r.Tenants) != 15 {
		t.Errorf("%d jobs of %d tenants, %d ended, %d rejected: want 82247 of 15, all ended", r.Jobs, len(r.Tenants), r.Ended, r.Rejected)
	}
	if math.Abs(r.Hours-978078.47) > 0.01 {
		t.Errorf("%v GPU hours, want 978078.47", r.Hours)
	}
	if r.Peak > 480 || r.Wall > 120 {
		t.Errorf("at most %d GPUs of 480 at once, %v s", r.Peak, r.Wall)
	}
	wellFormed(t, plot, "time (days)", "GPUs in use", "all tenants", "philly on 480 GPUs, drf")
}
