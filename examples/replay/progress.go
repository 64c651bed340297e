package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress tells now and then how far a replay is: on a terminal in one line that
// changes, elsewhere in a line every few seconds.
type progress struct {
	w     io.Writer
	live  bool
	every time.Duration
	last  time.Time
	shown bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, every: 2 * time.Second, last: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.live, p.every = true, 200*time.Millisecond
	}
	return p
}

// at tells what text says, if it is time to.
func (p *progress) at(text func() string) {
	now := time.Now()
	if now.Sub(p.last) < p.every {
		return
	}
	p.last, p.shown = now, true
	if p.live {
		_, _ = fmt.Fprintf(p.w, "\r\x1b[K%s", text())
		return
	}
	say(p.w, "%s", text())
}

// end makes room for what follows.
func (p *progress) end() {
	if p.live && p.shown {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}
