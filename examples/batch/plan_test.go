package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPlan plays random plans to their ends, from a printed seed: every job
// ends once, none is launched before those that it is after have finished, and
// none more often than its retries allow.
func TestPlan(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var jobs []*job
		for i := range 1 + rng.IntN(20) {
			j := &job{name: fmt.Sprint("j", i), retries: rng.IntN(3)}
			for k := range i {
				if rng.IntN(6) == 0 {
					j.after = append(j.after, fmt.Sprint("j", k))
				}
			}
			jobs = append(jobs, j)
		}
		playPlan(t, seed, rng, jobs)
	}
}

func playPlan(t *testing.T, seed uint64, rng *rand.Rand, jobs []*job) {
	keepGoing := rng.IntN(2) == 0
	p := newPlan(jobs, keepGoing)
	byName := make(map[string]*entry)
	for _, e := range p.entries {
		byName[e.name] = e
	}
	var active []*entry
	for step := 0; !p.done(); step++ {
		if step > 10_000 {
			t.Fatalf("seed %d: the plan does not end: %v", seed, p.counts)
		}
		if list := p.ready(); len(list) > 0 && (len(active) == 0 || rng.IntN(2) == 0) {
			e := list[rng.IntN(len(list))]
			for _, name := range e.after {
				if byName[name].state != finished {
					t.Fatalf("seed %d: %s is ready before %s, which is %s", seed, e.name, name, byName[name].state)
				}
			}
			p.launched(e)
			active = append(active, e)
			continue
		}
		if len(active) == 0 {
			for _, e := range p.entries {
				p.again(e)
			}
			continue
		}
		i := rng.IntN(len(active))
		e := active[i]
		active = append(active[:i], active[i+1:]...)
		switch rng.IntN(10) {
		case 0:
			p.lost(e)
		case 1, 2, 3, 4:
			p.ended(e, false, "exit status 1")
		case 5:
			p.ended(e, true, "")
			switch rng.IntN(20) {
			case 0:
				p.stop()
			case 1:
				p.interrupt()
			}
		default:
			p.ended(e, true, "")
		}
	}
	sum := 0
	for _, e := range p.entries {
		if !e.state.ended() || e.failures > e.retries+1 {
			t.Errorf("seed %d: %s is %s after %d failures of %d", seed, e.name, e.state, e.failures, e.retries+1)
		}
		if (e.state == skipped || e.state == notRun) && e.failures > e.retries {
			t.Errorf("seed %d: %s is %s although it failed", seed, e.name, e.state)
		}
	}
	for s, n := range p.counts {
		if s.ended() {
			sum += n
		}
	}
	if sum != len(p.entries) {
		t.Errorf("seed %d: %d of %d jobs are counted: %v", seed, sum, len(p.entries), p.counts)
	}
}

func TestBar(t *testing.T) {
	p := newPlan([]*job{{name: "a"}, {name: "b"}, {name: "c"}, {name: "d"}}, true)
	p.launched(p.entries[0])
	p.ended(p.entries[0], true, "")
	p.launched(p.entries[1])
	p.launched(p.entries[2])
	p.ended(p.entries[2], false, "exit status 1")
	for width, want := range map[int]string{
		80: "[####################--------------------] 2/4  1 running  1 failed  1m5s",
		50: "[########--------] 2/4  1 running  1 failed  1m5s",
		30: "2/4  1 running  1 failed  1m5",
		5:  "2/4 ",
	} {
		if got := bar(p, 65*time.Second, width); got != want || len(got) >= width {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
}

// On a terminal the bar is drawn below the lines and redrawn in place.
func TestScreenOnATerminal(t *testing.T) {
	var out strings.Builder
	clock := time.Unix(0, 0)
	s := newScreen(&out, func() int { return 60 }, func() time.Time { return clock })
	p := newPlan([]*job{{name: "a"}}, true)
	s.progress(p)
	p.launched(p.entries[0])
	p.ended(p.entries[0], true, "exit status 0")
	s.ended(p.entries[0], nil)
	s.progress(p)
	want := "[----------------------------] 0/1  0 running  0 failed  0s" +
		"\r\x1b[K   ok  a                    0.0s\n[----------------------------] 0/1  0 running  0 failed  0s" +
		"\r\x1b[K[############################] 1/1  0 running  0 failed  0s"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSummaryOfALongList(t *testing.T) {
	var jobs []*job
	for i := range 30 {
		jobs = append(jobs, &job{name: fmt.Sprint("j", i)})
	}
	p := newPlan(jobs, false)
	for i, e := range p.entries[:26] {
		p.launched(e)
		p.ended(e, i < 25, "exit status 3")
	}
	var out strings.Builder
	clock := time.Unix(0, 0)
	newScreen(&out, nil, func() time.Time { return clock }).summary(p, "dir")
	want := `
JOB  STATE    ATTEMPTS  TIME  RESULT         OUTPUT
j25  failed   1         0.0s  exit status 3  
j26  not run  0         0.0s                 
j27  not run  0         0.0s                 
j28  not run  0         0.0s                 
j29  not run  0         0.0s                 

30 jobs: 25 finished, 1 failed, 4 not run, in 0.0s; output in dir
not run: j26, j27, j28, j29
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSummaryOfALongGoodList(t *testing.T) {
	var jobs []*job
	for i := range 30 {
		jobs = append(jobs, &job{name: fmt.Sprint("j", i)})
	}
	p := newPlan(jobs, true)
	for _, e := range p.entries {
		p.launched(e)
		p.ended(e, true, "exit status 0")
	}
	var out strings.Builder
	clock := time.Unix(0, 0)
	newScreen(&out, nil, func() time.Time { return clock }).summary(p, "dir")
	if want := "\n30 jobs: 30 finished, in 0.0s; output in dir\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
