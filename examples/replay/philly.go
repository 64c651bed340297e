package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/examples/replay/internal/chart"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/schedulertest"
)

// phillyResult is what a policy does with a trace of gangs.
type phillyResult struct {
	Trace     string         `json:"trace"`
	Policy    string         `json:"policy"`
	Agents    int            `json:"agents"`
	GPUs      int            `json:"gpus"`
	Jobs      int            `json:"jobs"`
	Ended     int            `json:"ended"`
	Rejected  int            `json:"rejected"`  // need more GPUs than there are
	Hours     float64        `json:"gpu_hours"` // that the ended jobs ran for
	HoursWant float64        `json:"gpu_hours_of_trace"`
	Wait      spread         `json:"wait_s"`
	Tenants   []tenantResult `json:"tenants"`
	Days      float64        `json:"days"`
	Busy      float64        `json:"utilisation_percent"`
	Peak      int            `json:"peak_gpus"`
	Offers    int            `json:"offers"`
	Declines  int            `json:"declines"`
	Wall      float64        `json:"wall_s"`

	Faults    phillyFaults `json:"faults"`
	Reboots   int          `json:"agents_killed"`
	Failovers int          `json:"master_failovers"`
	Lost      int          `json:"attempts_lost"`  // of jobs, with an agent
	HoursLost float64      `json:"gpu_hours_lost"` // that those ran for

	jobs     []*gangJob
	byNumber map[int]*gangJob
	begin    time.Time
}

// phillyFaults is what goes wrong during a replay.
type phillyFaults struct {
	KillAgents float64 `json:"agents_killed_per_day"` // the part of them
	Failovers  float64 `json:"master_failovers_per_day"`
	Seed       uint64  `json:"seed"`
}

func (f *phillyFaults) any() bool { return f.KillAgents > 0 || f.Failovers > 0 }

// faults returns them for the simulator. A machine that is killed is away for
// ten minutes, a master for half of one.
func (f *phillyFaults) faults(agents int) schedulertest.Faults {
	const day = float64(24 * time.Hour)
	faults := schedulertest.Faults{Outage: 5 * time.Minute}
	if f.KillAgents > 0 {
		faults.AgentReboot = time.Duration(day / (f.KillAgents * float64(agents)))
	}
	if f.Failovers > 0 {
		faults.MasterCrash = time.Duration(day / f.Failovers)
	}
	return faults
}

// tenantResult is what a policy does with the jobs of a tenant.
type tenantResult struct {
	Tenant string  `json:"tenant"`
	Jobs   int     `json:"jobs"`
	Hours  float64 `json:"gpu_hours"`
	Wait   spread  `json:"wait_s"`
}

func phillyCommand(flags *flag.FlagSet) func(io *terminal) (result, error) {
	trace := flags.String("trace", "", "the jobs, a `FILE.csv` with timestamp, duration, num_gpus, cluster")
	agents := flags.Int("agents", 60, "how many machines there are")
	gpus := flags.Int("gpus", 8, "how many GPUs a machine has")
	which := flags.String("policy", "drf", "which tenant is next: fifo (whose first job has waited for the longest) or drf (who has the least)")
	var faults phillyFaults
	flags.Float64Var(&faults.KillAgents, "kill-agents", 0, "the part of the machines that lose their power each day, with all that runs there")
	flags.Float64Var(&faults.Failovers, "master-failovers-per-day", 0, "how often a day the master is killed")
	flags.Uint64Var(&faults.Seed, "seed", 1, "decides when")
	return func(io *terminal) (result, error) {
		switch {
		case !(faults.KillAgents >= 0 && faults.KillAgents <= 100) || !(faults.Failovers >= 0 && faults.Failovers <= 1000):
			return nil, usagef("-kill-agents %v -master-failovers-per-day %v: want 0 to 100 and 0 to 1000", faults.KillAgents, faults.Failovers)
		case *trace == "":
			return nil, usagef("-trace is missing: name a trace of GPU jobs")
		case *which != "fifo" && *which != "drf":
			return nil, usagef("-policy %q: want fifo or drf", *which)
		case *agents < 1 || *agents > 1e6 || *gpus < 1 || *gpus > 1000:
			return nil, usagef("-agents %d -gpus %d: want 1 to 1000000 and 1 to 1000", *agents, *gpus)
		}
		jobs, err := readGangs(*trace)
		if err != nil {
			return nil, err
		}
		r := &phillyResult{Trace: filepath.Base(*trace), Policy: *which, Agents: *agents, GPUs: *agents * *gpus, Jobs: len(jobs), jobs: jobs, Faults: faults}
		if err := r.replay(io, *gpus); err != nil {
			return nil, err
		}
		r.summarise()
		r.Wall = io.elapsed().Seconds()
		return r, nil
	}
}

// replay runs the jobs, each tenant a framework in a role of its own.
func (r *phillyResult) replay(io *terminal, gpus int) error {
	if len(r.jobs) == 0 {
		return nil
	}
	tenants := make(map[string]*tenant)
	r.byNumber = make(map[int]*gangJob, len(r.jobs))
	for _, j := range r.jobs {
		r.byNumber[j.number] = j
		if j.rejected = j.gpus > r.GPUs; j.rejected {
			continue
		}
		if tenants[j.tenant] == nil {
			tenants[j.tenant] = &tenant{role: j.tenant, faults: r.Faults.any(), jobs: make(map[proffer.TaskID]*gangJob)}
		}
		tenants[j.tenant].left++
	}
	use := &usage{limit: gpus, by: make(map[proffer.AgentID]int)}
	c, err := r.cluster(gpus, tenants, use)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // fails in callbacks only
	r.begin = c.Now()
	programs := make(map[string]*schedulertest.Framework)
	for _, name := range slices.Sorted(maps.Keys(tenants)) {
		t := tenants[name]
		t.cluster = c
		if t.driver, err = scheduler.New(t, scheduler.Config{Name: name, Roles: []string{name}, Master: c, Capabilities: gpuCapable}); err != nil {
			return fmt.Errorf("tenant %q: %w", name, err)
		}
		programs[name] = c.Go(context.Background(), t.driver.Run)
	}
	p, arrived := newProgress(io.stderr), 0
	for _, j := range r.jobs {
		if j.rejected {
			continue
		}
		c.At(j.submit, func() {
			arrived++
			p.at(func() string {
				return fmt.Sprintf("%s: %d of %d jobs have arrived, %d of %d GPUs are in use", c.Now().Format(time.DateOnly), arrived, len(r.jobs), use.sum, r.GPUs)
			})
			tenants[j.tenant].submit(j)
		})
	}
	err = r.run(c, programs)
	p.end()
	stats := c.Stats()
	r.Offers, r.Declines, r.Peak = stats.Offers, stats.Declines, use.peak
	r.Reboots, r.Failovers = stats.AgentCrashes, stats.MasterCrashes
	return errors.Join(err, r.verify(tenants, programs, use))
}

// run lets time pass until all tenants have ended, or nothing happens any more
// though the master has always something to try.
func (r *phillyResult) run(c *schedulertest.Cluster, programs map[string]*schedulertest.Framework) error {
	step := 24 * time.Hour
	for _, j := range r.jobs {
		step = max(step, j.duration+time.Hour)
	}
	last := r.jobs[len(r.jobs)-1].submit
	for before := (schedulertest.Stats{}); ; {
		if stop := c.RunFor(step); stop != schedulertest.Reached {
			return errors.Join(fmt.Errorf("the replay came to a stop at %s: %v", c.Now().Format(time.DateTime), stop), c.Err())
		}
		done := true
		for _, f := range programs {
			done = done && f.Done()
		}
		now := c.Stats()
		switch {
		case done:
			return nil
		case c.Now().After(last) && now.Started == before.Started && now.Ended == before.Ended:
			return fmt.Errorf("nothing has happened for %v until %s", step, c.Now().Format(time.DateTime))
		}
		before = now
	}
}

func (r *phillyResult) cluster(gpus int, tenants map[string]*tenant, use *usage) (*schedulertest.Cluster, error) {
	has, err := resources.Parse(fmt.Sprintf("gpus:%d", gpus))
	if err != nil {
		return nil, err
	}
	next := policy.DRF()
	if r.Policy == "fifo" {
		next = &longestWaiting{tenants: tenants}
	}
	return schedulertest.New(schedulertest.Config{
		Agents: schedulertest.Agents(r.Agents, has),
		Start:  r.jobs[0].submit,
		Offers: offers.Config{Policy: next, Coalesce: -1, OfferTimeout: -1, MinAllocatable: []resources.Quantities{}},
		Seed:   r.Faults.Seed,
		Faults: r.Faults.faults(r.Agents),
		// Policies are compared as fast as can be.
		Unchecked: !r.Faults.any(), PassValues: !r.Faults.any(), Forgetful: !r.Faults.any(),
		Lifetime: func(t *proffer.TaskInfo) (time.Duration, proffer.ExitStatus) {
			return r.jobOf(t).duration, proffer.ExitStatus{}
		},
		Observer: schedulertest.Observer{
			TaskStarted: func(_ time.Time, t *schedulertest.Task) { use.add(t, +1) },
			TaskEnded: func(now time.Time, t *schedulertest.Task, exit proffer.ExitStatus) {
				use.add(t, -1)
				if !exit.Success() {
					r.HoursLost += now.Sub(t.Started).Hours() * float64(t.Info.Resources.GPUs()/resources.Unit)
				}
			},
		},
	})
}

// usage counts the GPUs in use on every agent, as the agents see it.
type usage struct {
	limit     int
	by        map[proffer.AgentID]int
	sum, peak int
	err       error
}

func (u *usage) add(t *schedulertest.Task, sign int) {
	n := sign * int(t.Info.Resources.GPUs()/resources.Unit)
	u.by[t.AgentID] += n
	u.sum += n
	u.peak = max(u.peak, u.sum)
	if used := u.by[t.AgentID]; (used > u.limit || used < 0) && u.err == nil {
		u.err = fmt.Errorf("agent %s is over-committed: %d of %d GPUs are in use", t.AgentID, used, u.limit)
	}
}

// jobOf returns the job of a task, whose id begins with its number.
func (r *phillyResult) jobOf(t *proffer.TaskInfo) *gangJob {
	number, _, _ := strings.Cut(string(t.ID), ".")
	i, _ := strconv.Atoi(number) // of our own making
	return r.byNumber[i]
}

// verify checks that the replay is one: every job has ended once, having run for
// as long as the trace says.
func (r *phillyResult) verify(tenants map[string]*tenant, programs map[string]*schedulertest.Framework, use *usage) error {
	errs := []error{use.err}
	for _, name := range slices.Sorted(maps.Keys(tenants)) {
		errs = append(errs, tenants[name].err, programs[name].Err())
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, j := range r.jobs {
		if j.rejected {
			continue
		}
		r.Lost += j.lost
		ran := j.ended.Sub(j.started)
		if j.ends != 1 || ran < j.duration || (ran > j.duration && !r.Faults.any()) {
			return fmt.Errorf("job %d of tenant %s has ended %d times, after %v of %v",
				j.number, j.tenant, j.ends, ran, j.duration)
		}
	}
	return nil
}

func (r *phillyResult) summarise() {
	waits := make(map[string][]float64)
	hours := make(map[string]float64)
	var all []float64
	var last time.Time
	for _, j := range r.jobs {
		h := j.duration.Hours() * float64(j.gpus)
		r.HoursWant += h
		if j.rejected {
			r.Rejected++
			continue
		}
		wait := j.started.Sub(j.submit).Seconds()
		r.Ended++
		r.Hours += h
		hours[j.tenant] += h
		waits[j.tenant] = append(waits[j.tenant], wait)
		all = append(all, wait)
		if j.ended.After(last) {
			last = j.ended
		}
	}
	for name, list := range waits {
		r.Tenants = append(r.Tenants, tenantResult{Tenant: name, Jobs: len(list), Hours: hours[name], Wait: spreadOf(list)})
	}
	slices.SortFunc(r.Tenants, func(x, y tenantResult) int {
		return cmp.Or(cmp.Compare(y.Jobs, x.Jobs), cmp.Compare(x.Tenant, y.Tenant))
	})
	r.Wait = spreadOf(all)
	if span := last.Sub(r.begin); len(all) > 0 && span > 0 {
		r.Days = span.Hours() / 24
		r.Busy = 100 * r.Hours / (span.Hours() * float64(r.GPUs))
	}
}

func (r *phillyResult) print(w io.Writer) {
	say(w, "trace        %s: %d jobs of %d tenants on %d agents with %d GPUs, policy %s", r.Trace, r.Jobs, len(r.Tenants), r.Agents, r.GPUs, r.Policy)
	say(w, "ended        %d, each once; %d rejected", r.Ended, r.Rejected)
	for _, j := range r.jobs {
		if j.rejected {
			say(w, "             job %d of tenant %s needs %d GPUs: rejected", j.number, j.tenant, j.gpus)
		}
	}
	if r.Faults.any() {
		say(w, "faults       %d machines lost their power, %d masters were killed (seed %d)", r.Reboots, r.Failovers, r.Faults.Seed)
		say(w, "lost         %d attempts of jobs, %.2f GPU hours; all were run again", r.Lost, r.HoursLost)
	}
	say(w, "GPU hours    %.2f of %.2f in the trace", r.Hours, r.HoursWant)
	say(w, "utilisation  %.2f %% over %.1f days, at most %d GPUs at once; no agent over-committed at any event", r.Busy, r.Days, r.Peak)
	say(w, "\n%-12s%8s%14s%12s%12s%12s%12s", "wait (s)", "jobs", "GPU hours", "mean", "p50", "p95", "p99")
	row := func(name string, jobs int, hours float64, s spread) {
		say(w, "%-12s%8d%14.1f%12.1f%12.0f%12.0f%12.0f", name, jobs, hours, s.Mean, s.P50, s.P95, s.P99)
	}
	for _, t := range r.Tenants {
		row(t.Tenant, t.Jobs, t.Hours, t.Wait)
	}
	row("all", r.Ended, r.Hours, r.Wait)
	say(w, "\noffers       %d, %d declined", r.Offers, r.Declines)
	say(w, "wall time    %.2f s", r.Wall)
}

// tenantsDrawn is how many tenants a picture shows: those with the most GPU hours.
const tenantsDrawn = 5

func (r *phillyResult) chart() *chart.Chart {
	const day = 24 * time.Hour
	span := time.Duration(r.Days * float64(day))
	all, by := new(timeline), make(map[string]*timeline)
	for _, j := range r.jobs {
		if j.rejected {
			continue
		}
		if by[j.tenant] == nil {
			by[j.tenant] = new(timeline)
		}
		for _, t := range []*timeline{all, by[j.tenant]} {
			t.add(j.started.Sub(r.begin), +float64(j.gpus))
			t.add(j.ended.Sub(r.begin), -float64(j.gpus))
		}
	}
	c := &chart.Chart{
		Title: fmt.Sprintf("%s on %d GPUs, %s", strings.TrimSuffix(r.Trace, filepath.Ext(r.Trace)), r.GPUs, r.Policy),
		X:     chart.Axis{Label: "time (days)"}, Y: chart.Axis{Label: "GPUs in use"},
		Series: []chart.Series{
			{Name: "there are", Points: []chart.Point{{X: 0, Y: float64(r.GPUs)}, {X: r.Days, Y: float64(r.GPUs)}}, Dashed: true},
			{Name: "all tenants", Points: all.means(span, day), Steps: true},
		},
	}
	largest := slices.Clone(r.Tenants)
	slices.SortStableFunc(largest, func(x, y tenantResult) int { return cmp.Compare(y.Hours, x.Hours) })
	for _, t := range largest[:min(tenantsDrawn, len(largest))] {
		c.Series = append(c.Series, chart.Series{Name: "tenant " + t.Tenant, Points: by[t.Tenant].means(span, day), Steps: true})
	}
	return c
}
