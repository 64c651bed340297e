// Package chart draws line charts as SVG: axes with labels and units, a grid, a
// legend.
package chart

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Chart is one picture.
type Chart struct {
	Title  string
	X, Y   Axis
	Series []Series
}

// Axis is how a coordinate is shown. The range is that of the data, and at
// least from Min to Max.
type Axis struct {
	Label    string // with the unit
	Min, Max float64
}

// Series is one line.
type Series struct {
	Name   string
	Points []Point
	Steps  bool // the value holds until the next point
	Dashed bool // for what is only to be compared with
}

// Point is one point of a line.
type Point struct{ X, Y float64 }

// The measures of the picture, in pixels.
const (
	width, height           = 860, 500
	left, right, top, below = 74, 24, 46, 62
	plotWidth, plotHeight   = width - left - right, height - top - below
	legendLine              = 18
)

// colours can be told apart by the colour-blind (Okabe and Ito).
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31"}

// WriteSVG writes the picture.
func (c *Chart) WriteSVG(w io.Writer) error {
	d := &drawing{chart: c, x: scaleOf(c.X, c.Series, func(p Point) float64 { return p.X }), y: scaleOf(c.Y, c.Series, func(p Point) float64 { return p.Y })}
	d.y.high = d.y.step * math.Ceil(d.y.high/d.y.step-1e-9)
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`, width, height, width, height)
	d.printf(`<rect width="%d" height="%d" fill="white"/>`, width, height)
	d.text(left, 28, `font-size="17" font-weight="bold"`, c.Title)
	d.axes()
	for i, s := range c.Series {
		d.line(s, colours[i%len(colours)])
	}
	d.legend()
	d.printf(`</svg>`)
	_, err := io.WriteString(w, d.b.String())
	return err
}

type drawing struct {
	chart *Chart
	x, y  scale
	b     strings.Builder
}

func (d *drawing) printf(format string, args ...any) {
	fmt.Fprintf(&d.b, format, args...)
	d.b.WriteByte('\n')
}

func (d *drawing) text(x, y float64, attributes, text string) {
	fmt.Fprintf(&d.b, `<text x="%.1f" y="%.1f" %s>`, x, y, attributes)
	_ = xml.EscapeText(&d.b, []byte(text)) // a strings.Builder takes everything
	d.b.WriteString("</text>\n")
}

func (d *drawing) px(v float64) float64 { return left + plotWidth*d.x.part(v) }
func (d *drawing) py(v float64) float64 { return top + plotHeight*(1-d.y.part(v)) }

func (d *drawing) axes() {
	for _, v := range d.y.ticks() {
		d.printf(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#dddddd"/>`, left, left+plotWidth, d.py(v), d.py(v))
		d.text(left-8, d.py(v)+4, `text-anchor="end"`, d.y.format(v))
	}
	for _, v := range d.x.ticks() {
		d.printf(`<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#dddddd"/>`, d.px(v), d.px(v), top, top+plotHeight)
		d.text(d.px(v), top+plotHeight+18, `text-anchor="middle"`, d.x.format(v))
	}
	d.printf(`<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#444444"/>`, left, top, plotWidth, plotHeight)
	d.text(left+plotWidth/2, height-18, `text-anchor="middle"`, d.chart.X.Label)
	d.text(0, 0, fmt.Sprintf(`text-anchor="middle" transform="translate(20 %d) rotate(-90)"`, top+plotHeight/2), d.chart.Y.Label)
}

func (d *drawing) line(s Series, colour string) {
	if len(s.Points) == 0 {
		return
	}
	dash := ""
	if s.Dashed {
		dash = ` stroke-dasharray="6 4"`
	}
	fmt.Fprintf(&d.b, `<polyline fill="none" stroke="%s" stroke-width="1.8" stroke-linejoin="round"%s points="`, colour, dash)
	for i, p := range s.Points {
		if s.Steps && i > 0 {
			fmt.Fprintf(&d.b, "%.1f,%.1f ", d.px(p.X), d.py(s.Points[i-1].Y))
		}
		fmt.Fprintf(&d.b, "%.1f,%.1f ", d.px(p.X), d.py(p.Y))
	}
	d.b.WriteString("\"/>\n")
}

// legend stands in the corner of the plot that the lines use least.
func (d *drawing) legend() {
	longest := 0
	for _, s := range d.chart.Series {
		longest = max(longest, len([]rune(s.Name)))
	}
	boxWidth, boxHeight := float64(44+7*longest), float64(10+legendLine*len(d.chart.Series))
	x, y := d.corner(boxWidth, boxHeight)
	d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="white" fill-opacity="0.85" stroke="#bbbbbb"/>`, x, y, boxWidth, boxHeight)
	for i, s := range d.chart.Series {
		at := y + 5 + legendLine*(float64(i)+0.5)
		dash := ""
		if s.Dashed {
			dash = ` stroke-dasharray="6 4"`
		}
		d.printf(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-width="2.5"%s/>`, x+8, x+32, at, at, colours[i%len(colours)], dash)
		d.text(x+38, at+4, "", s.Name)
	}
}

func (d *drawing) corner(w, h float64) (x, y float64) {
	const gap = 10
	best := math.MaxInt
	for _, cx := range []float64{left + gap, left + plotWidth - gap - w} {
		for _, cy := range []float64{top + gap, top + plotHeight - gap - h} {
			covered := 0
			for _, s := range d.chart.Series {
				for _, p := range s.Points {
					if px, py := d.px(p.X), d.py(p.Y); px >= cx && px <= cx+w && py >= cy && py <= cy+h {
						covered++
					}
				}
			}
			if covered < best {
				best, x, y = covered, cx, cy
			}
		}
	}
	return x, y
}

// scale maps values to the plot.
type scale struct{ low, high, step float64 }

func scaleOf(a Axis, series []Series, of func(Point) float64) scale {
	low, high := a.Min, a.Max
	if low == high {
		low, high = math.Inf(1), math.Inf(-1)
	}
	for _, s := range series {
		for _, p := range s.Points {
			low, high = min(low, of(p)), max(high, of(p))
		}
	}
	if low > high { // there is no point at all
		low, high = 0, 1
	}
	if low == high {
		high = low + 1
	}
	return scale{low, high, niceStep((high - low) / 8)}
}

// niceStep returns the least of 1, 2, 5, 10, 20 … that is not below v.
func niceStep(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	i, _ := slices.BinarySearch([]float64{1, 2, 5, 10}, v/unit-1e-9)
	return []float64{1, 2, 5, 10, 10}[i] * unit
}

func (s scale) part(v float64) float64 { return (v - s.low) / (s.high - s.low) }

func (s scale) ticks() []float64 {
	var list []float64
	for i := math.Ceil(s.low/s.step - 1e-9); i*s.step <= s.high+s.step*1e-9; i++ {
		list = append(list, i*s.step+0) // no minus zero
	}
	return list
}

func (s scale) format(v float64) string {
	digits := max(0, int(-math.Floor(math.Log10(s.step)+1e-9)))
	return fmt.Sprintf("%.*f", digits, v)
}
