package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proffer-go/proffer/examples/replay/internal/chart"
)

// comparison is what several orders of agents do with the same arrivals.
type comparison []*openbResult

func (c comparison) print(w io.Writer) {
	for i, r := range c {
		if i > 0 {
			say(w, "")
		}
		r.print(w)
	}
}

// comparedFrom is the request from which on orders differ enough to be seen.
const comparedFrom = 70

func (c comparison) chart() *chart.Chart {
	first := c[0]
	picture := &chart.Chart{
		Title: fmt.Sprintf("%s, seed %d", strings.TrimSuffix(first.Pods, filepath.Ext(first.Pods)), first.Seed),
		X:     chart.Axis{Label: "requested (% of all GPUs)"}, Y: chart.Axis{Label: "allocated (% of all GPUs)"},
	}
	for _, r := range c {
		points := slices.DeleteFunc(pointsOf(r.Allocated), func(p chart.Point) bool { return p.X < comparedFrom })
		picture.Series = append(picture.Series, chart.Series{Name: r.Policy, Points: points})
	}
	// The legend is in the order of the lines.
	last := func(s chart.Series) float64 {
		if len(s.Points) == 0 {
			return 0
		}
		return s.Points[len(s.Points)-1].Y
	}
	slices.SortStableFunc(picture.Series, func(x, y chart.Series) int { return cmp.Compare(last(y), last(x)) })
	return picture
}
