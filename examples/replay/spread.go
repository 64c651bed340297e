package main

import (
	"fmt"
	"math"
	"slices"
)

// spread sums up a set of numbers.
type spread struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// spreadOf sorts the values.
func spreadOf(values []float64) spread {
	s := spread{Count: len(values)}
	if s.Count == 0 {
		return s
	}
	slices.Sort(values)
	var sum float64
	for _, v := range values {
		sum += v
	}
	// The nearest rank: the least value that so many parts do not exceed.
	rank := func(part float64) float64 { return values[int(math.Ceil(part*float64(s.Count)))-1] }
	s.Mean, s.P50, s.P95, s.P99, s.Max = sum/float64(s.Count), rank(0.50), rank(0.95), rank(0.99), values[s.Count-1]
	return s
}

// String returns seconds for people.
func (s spread) String() string {
	return fmt.Sprintf("%.6f s mean, %.0f p50, %.0f p95, %.0f p99, %.0f max", s.Mean, s.P50, s.P95, s.P99, s.Max)
}
