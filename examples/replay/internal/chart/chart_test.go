package chart

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTicks(t *testing.T) {
	tests := []struct {
		low, high float64
		want      []float64
		last      string
	}{
		{0, 100, []float64{0, 20, 40, 60, 80, 100}, "100"},
		{0, 1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}, "1.0"},
		{-3, 7, []float64{-2, 0, 2, 4, 6}, "6"},
		{0.5, 0.52, []float64{0.5, 0.505, 0.51, 0.515, 0.52}, "0.520"},
		{0, 16088.51, []float64{0, 5000, 10000, 15000}, "15000"},
	}
	for _, tt := range tests {
		s := scaleOf(Axis{Min: tt.low, Max: tt.high}, nil, nil)
		got := s.ticks()
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("ticks from %v to %v (-want +got):\n%s", tt.low, tt.high, diff)
			continue
		}
		if text := s.format(got[len(got)-1]); text != tt.last {
			t.Errorf("%v is written %q, want %q", got[len(got)-1], text, tt.last)
		}
		for _, v := range got {
			if math.Signbit(v) && v == 0 {
				t.Error("minus zero")
			}
		}
	}
}

func TestWriteSVG(t *testing.T) {
	c := &Chart{
		Title: "a < b", X: Axis{Label: "time (s)"}, Y: Axis{Label: "share (%)", Max: 100},
		Series: []Series{
			{Name: "first", Points: []Point{{0, 0}, {10, 100}}},
			{Name: "second", Points: []Point{{0, 50}, {10, 50}}, Steps: true, Dashed: true},
			{Name: "empty"},
		},
	}
	var b strings.Builder
	if err := c.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		">a &lt; b<", ">time (s)<", ">share (%)<", ">first<", ">second<", ">empty<",
		`points="74.0,438.0 836.0,46.0 "`,              // from the lower left to the upper right
		`points="74.0,242.0 836.0,242.0 836.0,242.0 "`, // half-way up
		"stroke-dasharray",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
		t.Error("not a number is drawn")
	}
	b.Reset()
	if err := (&Chart{}).WriteSVG(&b); err != nil || strings.Contains(b.String(), "NaN") {
		t.Errorf("an empty chart: %v\n%s", err, b.String())
	}
}
