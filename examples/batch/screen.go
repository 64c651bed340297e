package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// screen prints what happens: lines, and below them a progress bar if it is a
// terminal.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	width func() int // of the terminal; nil if it is none
	now   func() time.Time
	began time.Time
	bar   string // as it stands on the terminal
}

func newScreen(out io.Writer, width func() int, now func() time.Time) *screen {
	return &screen{out: out, width: width, now: now, began: now()}
}

// line prints a line above the bar.
func (s *screen) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(fmt.Sprintf(format+"\n", args...) + s.bar)
}

// write prints text in place of the bar. That a screen cannot be written to is
// no reason to stop.
func (s *screen) write(text string) {
	if s.bar != "" {
		text = "\r\x1b[K" + text
	}
	_, _ = io.WriteString(s.out, text)
}

func (s *screen) ended(e *entry, tail []string) {
	switch e.state {
	case finished:
		s.line("   ok  %-20s %s", e.name, seconds(e.took))
	case failed:
		s.line("FAILED %-20s %s  %s", e.name, seconds(e.took), e.result)
		s.tail(tail)
	default:
		s.line("%6s %-20s %s", e.state, e.name, e.result)
	}
}

func (s *screen) retry(e *entry, pause time.Duration, tail []string) {
	s.line(" retry %-20s %s  %s; attempt %d of %d in %s", e.name, seconds(e.took), e.result, e.attempts+1, e.retries+1+e.attempts-e.failures, pause)
	s.tail(tail)
}

func (s *screen) lost(e *entry) {
	s.line("  lost %-20s %s  %s; trying again", e.name, seconds(e.took), e.result)
}

func (s *screen) adopted(e *entry) {
	since := "launched before"
	if !e.started.IsZero() {
		since = "for " + s.now().Sub(e.started).Round(100*time.Millisecond).String()
	}
	s.line(" still %-20s runs, %s", e.name, since)
}

func (s *screen) note(text string) { s.line("       %s", text) }

func (s *screen) tail(lines []string) {
	for _, l := range lines {
		s.line("         | %s", printable(l))
	}
}

// printable keeps what a job wrote from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// progress redraws the bar.
func (s *screen) progress(p *plan) {
	if s.width == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	drawn := bar(p, s.now().Sub(s.began), s.width())
	s.write(drawn)
	s.bar = drawn
}

// bar draws the progress into width columns.
func bar(p *plan, elapsed time.Duration, width int) string {
	total := len(p.entries)
	ended := 0
	for _, e := range p.entries {
		if e.state.ended() {
			ended++
		}
	}
	text := fmt.Sprintf(" %d/%d  %d running  %d failed  %s", ended, total, p.counts[running], p.counts[failed], elapsed.Round(time.Second))
	room := min(width-len(text)-3, 40)
	if room < 5 {
		return strings.TrimSpace(text)[:max(min(len(text)-1, width-1), 0)]
	}
	full := room * ended / max(total, 1)
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", room-full) + "]" + text
}

// summary prints how every job ended. Of a long list the finished ones are
// only counted.
func (s *screen) summary(p *plan, logs string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const long = 20
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	row := func(cells ...string) { _, _ = io.WriteString(w, strings.Join(cells, "\t")+"\n") } // a Builder takes everything
	head := false
	for _, e := range p.entries {
		if e.state == finished && len(p.entries) > long {
			continue
		}
		if !head {
			head = true
			row("\nJOB", "STATE", "ATTEMPTS", "TIME", "RESULT", "OUTPUT")
		}
		row(e.name, e.state.String(), strconv.Itoa(e.attempts), seconds(e.took), printable(e.result), e.log)
	}
	_ = w.Flush()
	parts := []string{fmt.Sprintf("%d finished", p.counts[finished])}
	for _, st := range []state{failed, skipped, killed, notRun} {
		if n := p.counts[st]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, st))
		}
	}
	fmt.Fprintf(&b, "\n%d jobs: %s, in %s; output in %s\n", len(p.entries), strings.Join(parts, ", "), seconds(s.now().Sub(s.began)), logs)
	if names := p.namesOf(notRun); len(names) > 0 {
		if len(names) > long {
			names = append(names[:long], fmt.Sprintf("and %d more", len(names)-long))
		}
		fmt.Fprintf(&b, "not run: %s\n", strings.Join(names, ", "))
	}
	s.write(b.String())
	s.bar = ""
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
