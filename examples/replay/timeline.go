package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/proffer-go/proffer/examples/replay/internal/chart"
)

// timeline is a value that changes over time.
type timeline struct{ changes []change }

type change struct {
	at time.Duration
	by float64
}

func (t *timeline) add(at time.Duration, by float64) {
	t.changes = append(t.changes, change{at, by})
}

// timelinePoints is how many points a picture can show.
const timelinePoints = 600

// means returns the mean values of equal parts of the span, as many as can be
// seen. X is in the unit.
func (t *timeline) means(span, unit time.Duration) []chart.Point {
	if span <= 0 {
		return nil
	}
	slices.SortStableFunc(t.changes, func(x, y change) int { return cmp.Compare(x.at, y.at) })
	points := make([]chart.Point, timelinePoints)
	edge := func(i int) time.Duration { return time.Duration(float64(span) * float64(i) / timelinePoints) }
	var value float64
	next := 0
	for i := range points {
		from, until := edge(i), edge(i+1)
		var area float64
		for at := from; ; {
			to := until
			if next < len(t.changes) && t.changes[next].at < until {
				to = max(t.changes[next].at, at)
			}
			area += value * float64(to-at)
			if to == until {
				break
			}
			value += t.changes[next].by
			next++
			at = to
		}
		points[i] = chart.Point{X: float64(from) / float64(unit), Y: area / float64(until-from)}
	}
	return points
}
