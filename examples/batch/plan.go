package main

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
)

// state is where a job stands.
type state uint8

const (
	waiting  state = iota // for other jobs
	ready                 // to be launched
	running               // launched
	pausing               // before it is tried again
	finished              // ended well
	failed                // ended badly, for good
	skipped               // a job that it is after did not finish
	killed                // it ran when the batch was stopped
	notRun                // the batch was stopped before its turn
)

func (s state) String() string {
	return [...]string{"waiting", "ready", "running", "pausing", "finished", "failed", "skipped", "killed", "not run"}[s]
}

func (s state) ended() bool { return s >= finished }

// entry is a job of the plan.
type entry struct {
	*job
	state    state
	attempts int    // launches so far, those lost to the cluster included
	failures int    // attempts that failed by themselves
	result   string // in words, of the last attempt
	started  time.Time
	took     time.Duration // of the last attempt
	log      string        // file with the standard output of the last attempt
	next     []*entry      // that are after this one
	missing  int           // of the jobs that it is after, those that have not finished
}

// plan decides what runs next. It knows no cluster and no clock.
type plan struct {
	entries   []*entry
	keepGoing bool // after a failure
	stopped   bool
	kills     bool // what runs is killed, too
	counts    map[state]int
}

func newPlan(jobs []*job, keepGoing bool) *plan {
	p := &plan{keepGoing: keepGoing, counts: make(map[state]int)}
	byName := make(map[string]*entry, len(jobs))
	for _, j := range jobs {
		e := &entry{job: j, missing: len(j.after)}
		p.entries = append(p.entries, e)
		byName[j.name] = e
	}
	for _, e := range p.entries {
		for _, name := range e.after {
			byName[name].next = append(byName[name].next, e)
		}
		if e.missing == 0 {
			e.state = ready
		}
		p.counts[e.state]++
	}
	return p
}

func (p *plan) set(e *entry, s state) {
	p.counts[e.state]--
	e.state = s
	p.counts[s]++
}

// ready returns the jobs that can be launched, in the order of the file.
func (p *plan) ready() []*entry {
	if p.counts[ready] == 0 {
		return nil
	}
	var list []*entry
	for _, e := range p.entries {
		if e.state == ready {
			list = append(list, e)
		}
	}
	return list
}

// launched begins another attempt and returns the id of its task.
func (p *plan) launched(e *entry) proffer.TaskID {
	id := e.nextTask()
	e.attempts++
	p.set(e, running)
	return id
}

// nextTask returns the id that the task of the next attempt will have, in every
// run of the program.
func (e *entry) nextTask() proffer.TaskID {
	return proffer.TaskID(fmt.Sprintf("%s.%d", e.name, e.attempts+1))
}

// ended takes the end of an attempt. It returns the jobs that are skipped
// because of it. A job that is to be tried again is pausing after it.
func (p *plan) ended(e *entry, good bool, result string) []*entry {
	e.result = result
	if good {
		p.set(e, finished)
		for _, n := range e.next {
			if n.missing--; n.missing == 0 && n.state == waiting {
				p.set(n, ready)
			}
		}
		return nil
	}
	if p.stopped && p.kills {
		p.set(e, killed)
		return p.skipAfter(e, nil)
	}
	if e.failures++; e.failures <= e.retries && !p.stopped {
		p.set(e, pausing)
		return nil
	}
	return p.fail(e)
}

// lost takes the end of an attempt that was not the job's fault: it is tried
// again at once, and does not count against its retries.
func (p *plan) lost(e *entry) {
	if p.stopped {
		p.set(e, notRun)
		return
	}
	p.set(e, ready)
}

// fail ends a job for good.
func (p *plan) fail(e *entry) []*entry {
	p.set(e, failed)
	all := p.skipAfter(e, nil)
	if !p.keepGoing {
		p.stop()
	}
	return all
}

func (p *plan) skipAfter(e *entry, all []*entry) []*entry {
	for _, n := range e.next {
		if n.state != waiting {
			continue
		}
		p.set(n, skipped)
		n.result = fmt.Sprintf("%s did not finish", e.name)
		all = p.skipAfter(n, append(all, n))
	}
	return all
}

// again makes a pausing job ready.
func (p *plan) again(e *entry) {
	if e.state == pausing {
		p.set(e, ready)
	}
}

// interrupt stops the plan and takes for killed what does not end well now.
func (p *plan) interrupt() {
	p.kills = true
	p.stop()
}

// stop has nothing new be launched. What runs goes on.
func (p *plan) stop() {
	p.stopped = true
	for _, e := range p.entries {
		switch e.state {
		case waiting, ready:
			p.set(e, notRun)
		case pausing:
			p.set(e, failed) // it has failed before
		case running, finished, failed, skipped, killed, notRun:
		}
	}
}

// done reports whether every job has ended.
func (p *plan) done() bool {
	return p.counts[waiting]+p.counts[ready]+p.counts[running]+p.counts[pausing] == 0
}

func (p *plan) namesOf(s state) []string {
	var names []string
	for _, e := range p.entries {
		if e.state == s {
			names = append(names, e.name)
		}
	}
	return names
}

// good reports whether every job has finished.
func (p *plan) good() bool { return p.counts[finished] == len(p.entries) }
