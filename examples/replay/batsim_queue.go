package main

import (
	"slices"
	"time"
)

// batch is what a discipline decides on: the hosts, of which some are free, and
// the jobs that wait and run.
type batch struct {
	now     time.Duration
	free    []bool // by host
	queue   []*batchJob
	running []*batchJob
}

// discipline decides which job starts next.
type discipline interface {
	// arrive and end tell that a job is new in the queue, or runs no more.
	arrive(b *batch, j *batchJob)
	end(b *batch, j *batchJob)

	// next returns a job of the queue to start now and its hosts, nil if none
	// is to start. It is called again until it returns nil.
	next(b *batch) (*batchJob, []int)

	// wake returns when a job is to start even if nothing happens before,
	// never if none is.
	wake(b *batch) time.Duration
}

var disciplines = map[string]func(hosts int) discipline{
	"fcfs":         func(int) discipline { return fcfs{} },
	"easy":         func(int) discipline { return easy{} },
	"conservative": func(hosts int) discipline { return &conservative{profile: newProfile(hosts)} },
}

// lowest returns the n lowest-numbered of the hosts, nil if they are fewer.
func lowest(hosts []bool, n int) []int {
	list := make([]int, 0, n)
	for h, is := range hosts {
		if is && len(list) < n {
			list = append(list, h)
		}
	}
	if len(list) < n {
		return nil
	}
	return list
}

// fcfs serves the queue in its order: nobody passes the head.
type fcfs struct{}

func (fcfs) arrive(*batch, *batchJob)  {}
func (fcfs) end(*batch, *batchJob)     {}
func (fcfs) wake(*batch) time.Duration { return never }

func (fcfs) next(b *batch) (*batchJob, []int) {
	if len(b.queue) == 0 {
		return nil, nil
	}
	head := b.queue[0]
	hosts := lowest(b.free, head.hosts)
	if hosts == nil {
		return nil, nil
	}
	return head, hosts
}

// easy lets later jobs pass the head as long as they do not delay it (D. Lifka,
// The ANL/IBM SP Scheduling System, 1995).
type easy struct{ fcfs }

func (e easy) next(b *batch) (*batchJob, []int) {
	if j, hosts := e.fcfs.next(b); j != nil || len(b.queue) == 0 {
		return j, hosts
	}
	at, reserved := reserve(b, b.queue[0].hosts)
	outside := make([]bool, len(b.free))
	for h, is := range b.free {
		outside[h] = is && !reserved[h]
	}
	free, unreserved := count(b.free), count(outside)
	for _, j := range b.queue[1:] {
		switch {
		case j.hosts <= free && j.latest(b.now) <= at:
			return j, lowest(b.free, j.hosts)
		case j.hosts <= unreserved:
			return j, lowest(outside, j.hosts)
		}
	}
	return nil, nil
}

func count(hosts []bool) int {
	n := 0
	for _, is := range hosts {
		if is {
			n++
		}
	}
	return n
}

// reserve returns when n hosts are free at the latest, and the lowest-numbered
// of those that are free then.
func reserve(b *batch, n int) (time.Duration, []bool) {
	free := slices.Clone(b.free)
	running := slices.Clone(b.running)
	slices.SortStableFunc(running, func(x, y *batchJob) int {
		return int(min(max(x.latest(x.start)-y.latest(y.start), -1), 1))
	})
	at := b.now
	for i, j := range running {
		for _, h := range j.allocated {
			free[h] = true
		}
		at = j.latest(j.start)
		together := i+1 < len(running) && running[i+1].latest(running[i+1].start) == at
		if !together && lowest(free, n) != nil {
			break
		}
	}
	reserved := make([]bool, len(free))
	for _, h := range lowest(free, n) {
		reserved[h] = true
	}
	return at, reserved
}

// conservative gives every job a reservation on arrival and moves it to earlier
// times only (Mu'alem and Feitelson, 2001).
type conservative struct {
	profile *profile
	moved   bool // a job has ended, perhaps earlier than planned
}

func (c *conservative) arrive(b *batch, j *batchJob) {
	c.compress(b)
	c.profile.forget(b.now)
	c.plan(b, j)
	j.promised = j.planned
}

func (c *conservative) end(b *batch, j *batchJob) {
	c.profile.forget(b.now)
	c.profile.add(b.now, j.latest(j.start), j.hosts)
	c.moved = true
}

func (c *conservative) plan(b *batch, j *batchJob) {
	j.planned = c.profile.earliest(b.now, j)
	if j.planned != never {
		c.profile.add(j.planned, j.latest(j.planned), -j.hosts)
	}
}

// compress moves reservations to earlier times where it can. A job's own place
// is free while it is moved, so that none ever moves to a later one.
func (c *conservative) compress(b *batch) {
	if !c.moved {
		return
	}
	c.moved = false
	first := c.profile.first()
	for _, j := range b.queue {
		if j.planned == never {
			c.plan(b, j)
			continue
		}
		// Most jobs cannot move: nowhere before its place are enough hosts free.
		if first.free(j.hosts) >= j.planned {
			continue
		}
		if start, earlier := c.profile.earlier(b.now, j); earlier {
			c.profile.add(j.planned, j.latest(j.planned), j.hosts)
			j.planned = start
			c.profile.add(j.planned, j.latest(j.planned), -j.hosts)
			first = c.profile.first()
		}
	}
}

func (c *conservative) next(b *batch) (*batchJob, []int) {
	c.compress(b)
	for _, j := range b.queue {
		if j.planned <= b.now {
			return j, lowest(b.free, j.hosts)
		}
	}
	return nil, nil
}

func (c *conservative) wake(b *batch) time.Duration {
	at := never
	for _, j := range b.queue {
		at = min(at, j.planned)
	}
	return at
}

// profile is how many hosts are free from when on: the last step holds for ever.
type profile struct{ steps []profileStep }

type profileStep struct {
	at   time.Duration
	free int
}

func newProfile(hosts int) *profile { return &profile{steps: []profileStep{{0, hosts}}} }

// forget drops what is past.
func (p *profile) forget(now time.Duration) {
	i := 0
	for i+1 < len(p.steps) && p.steps[i+1].at <= now {
		i++
	}
	p.steps = slices.Delete(p.steps, 0, i)
}

// split has a step begin at the time, and returns its index.
func (p *profile) split(at time.Duration) int {
	i, found := slices.BinarySearchFunc(p.steps, at, func(s profileStep, at time.Duration) int {
		return int(min(max(s.at-at, -1), 1))
	})
	switch {
	case found:
		return i
	case i == 0: // before what is remembered
		return 0
	default:
		p.steps = slices.Insert(p.steps, i, profileStep{at, p.steps[i-1].free})
		return i
	}
}

// add has n more hosts free, or fewer, from one time until another.
func (p *profile) add(from, until time.Duration, n int) {
	if from >= until {
		return
	}
	first, last := p.split(from), 0
	if until == never {
		last = len(p.steps)
	} else {
		last = p.split(until)
	}
	for i := first; i < last; i++ {
		p.steps[i].free += n
	}
	p.join(last)
	p.join(first)
}

// join makes one step of the one at i and the one before, where they are equal.
func (p *profile) join(i int) {
	if i > 0 && i < len(p.steps) && p.steps[i].free == p.steps[i-1].free {
		p.steps = slices.Delete(p.steps, i, i+1)
	}
}

// firstFree tells from when on so many hosts are free for the first time.
type firstFree []time.Duration

func (f firstFree) free(hosts int) time.Duration {
	if hosts >= len(f) {
		return never
	}
	return f[hosts]
}

func (p *profile) first() firstFree {
	f := firstFree{0}
	for _, s := range p.steps {
		for len(f) <= s.free {
			f = append(f, s.at)
		}
	}
	return f
}

// earlier returns a time before its planned one at which the job can start. It
// needs hosts up to the planned time only: from then on it has its own.
func (p *profile) earlier(now time.Duration, j *batchJob) (time.Duration, bool) {
	start := now
	for i, s := range p.steps {
		if i+1 < len(p.steps) && p.steps[i+1].at <= start {
			continue
		}
		last := i+1 == len(p.steps)
		switch {
		case start >= j.planned:
			return 0, false
		case s.free >= j.hosts:
			if last || p.steps[i+1].at >= min(j.latest(start), j.planned) {
				return start, true
			}
		case last:
			return 0, false
		default:
			start = p.steps[i+1].at
		}
	}
	return 0, false
}

// earliest returns when the job can start without delaying what is planned,
// never if it cannot.
func (p *profile) earliest(now time.Duration, j *batchJob) time.Duration {
	start := now
	for i, s := range p.steps {
		if i+1 < len(p.steps) && p.steps[i+1].at <= start {
			continue
		}
		if s.free >= j.hosts {
			if i+1 == len(p.steps) || p.steps[i+1].at >= j.latest(start) {
				return start
			}
			continue
		}
		if i+1 == len(p.steps) {
			return never
		}
		start = p.steps[i+1].at
	}
	return never
}
