package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proffer-go/proffer/examples/replay/internal/chart"
)

// batsimResult is what a discipline does with a workload. Times are in seconds.
type batsimResult struct {
	Workload string  `json:"workload"`
	Policy   string  `json:"policy"`
	Hosts    int     `json:"hosts"`
	Jobs     int     `json:"jobs"`
	Finished int     `json:"finished"`
	Killed   int     `json:"killed"`   // at their walltime
	Rejected int     `json:"rejected"` // need more hosts than there are
	Makespan float64 `json:"makespan_s"`
	Wait     spread  `json:"wait_s"`
	Slowdown float64 `json:"mean_slowdown"` // turnaround divided by running time
	Busy     float64 `json:"utilisation_percent"`
	Offers   int     `json:"offers"`
	Declines int     `json:"declines"`
	Wall     float64 `json:"wall_s"`

	jobs []*batchJob
}

func batsimCommand(flags *flag.FlagSet) func(io *terminal) (result, error) {
	workload := flags.String("workload", "", "the workload, a `FILE.json` of Batsim with delay profiles")
	hosts := flags.Int("hosts", 32, "how many hosts there are")
	policy := flags.String("policy", "easy", "fcfs, easy or conservative")
	out := flags.String("out", "", "write what becomes of each job into this `FILE.csv`")
	return func(io *terminal) (result, error) {
		make, ok := disciplines[*policy]
		switch {
		case *workload == "":
			return nil, usagef("-workload is missing: name a workload of Batsim")
		case !ok:
			return nil, usagef("-policy %q: want %s", *policy, strings.Join(slices.Sorted(maps.Keys(disciplines)), ", "))
		case *hosts < 1 || *hosts > 1e6:
			return nil, usagef("-hosts %d: want 1 to 1000000", *hosts)
		}
		jobs, err := readWorkload(*workload)
		if err != nil {
			return nil, err
		}
		p := newProgress(io.stderr)
		stats, err := replayBatch(jobs, *hosts, make(*hosts), func(done int, now time.Duration) {
			p.at(func() string {
				return fmt.Sprintf("%d of %d jobs have ended, after %v", done, len(jobs), now.Round(time.Second))
			})
		})
		p.end()
		if err != nil {
			return nil, err
		}
		r := summarise(jobs, *hosts)
		r.Workload, r.Policy = filepath.Base(*workload), *policy
		r.Offers, r.Declines, r.Wall = stats.Offers, stats.Declines, io.elapsed().Seconds()
		if *out != "" {
			return r, writeFile(*out, r.writeJobs)
		}
		return r, nil
	}
}

func summarise(jobs []*batchJob, hosts int) *batsimResult {
	r := &batsimResult{Hosts: hosts, Jobs: len(jobs), jobs: jobs}
	var waits []float64
	var busy, slow float64
	for _, j := range jobs {
		switch j.outcome {
		case finished:
			r.Finished++
		case killed:
			r.Killed++
		default:
			r.Rejected++
			continue
		}
		waits = append(waits, (j.start - j.submit).Seconds())
		busy += (j.end - j.start).Seconds() * float64(j.hosts)
		if j.end > j.start {
			slow += float64(j.end-j.submit) / float64(j.end-j.start)
		}
		r.Makespan = max(r.Makespan, j.end.Seconds())
	}
	r.Wait = spreadOf(waits)
	if len(waits) > 0 && r.Makespan > 0 {
		r.Slowdown = slow / float64(len(waits))
		r.Busy = 100 * busy / (r.Makespan * float64(hosts))
	}
	return r
}

func (r *batsimResult) print(w io.Writer) {
	say(w, "workload     %s: %d jobs on %d hosts, policy %s", r.Workload, r.Jobs, r.Hosts, r.Policy)
	say(w, "ended        %d finished, %d killed at their walltime, %d rejected", r.Finished, r.Killed, r.Rejected)
	for _, j := range r.jobs {
		if j.outcome == rejected {
			say(w, "             job %s needs %d hosts: rejected", j.id, j.hosts)
		}
	}
	say(w, "wait         %s", r.Wait)
	say(w, "slowdown     %.6f mean", r.Slowdown)
	say(w, "makespan     %.6f s", r.Makespan)
	say(w, "utilisation  %.2f %%", r.Busy)
	say(w, "offers       %d, %d declined", r.Offers, r.Declines)
	say(w, "wall time    %.2f s", r.Wall)
}

// writeJobs writes a line a job, in the columns of Batsim's own jobs file. Its
// consumed_energy is empty: hosts have no model of power here.
func (r *batsimResult) writeJobs(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write(strings.Split("job_id,hacky_job_id,workload_name,submission_time,requested_number_of_resources,requested_time,success,"+
		"starting_time,execution_time,finish_time,waiting_time,turnaround_time,stretch,consumed_energy,allocated_resources", ","))
	byID := slices.Clone(r.jobs)
	slices.SortFunc(byID, (*batchJob).compare)
	name := strings.TrimSuffix(r.Workload, filepath.Ext(r.Workload))
	for _, j := range byID {
		_ = out.Write(j.row(name))
	}
	out.Flush()
	return out.Error() // of all of them
}

func (j *batchJob) row(workload string) []string {
	seconds := func(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }
	success, start, end, stretch := "0", j.start, j.end, 0.0
	if j.outcome == finished {
		success = "1"
	}
	requested := "-1"
	if j.walltime >= 0 {
		requested = seconds(j.walltime)
	}
	hacky := j.id
	if !math.IsInf(j.number, 0) {
		hacky = strconv.FormatFloat(10*j.number, 'f', -1, 64)
	}
	row := []string{j.id, hacky, workload, seconds(j.submit), strconv.Itoa(j.hosts), requested, success}
	if j.outcome == rejected {
		return append(row, "-1", "-1", "-1", "-1", "-1", "-1", "", "")
	}
	if end > start {
		stretch = float64(end-j.submit) / float64(end-start)
	}
	return append(row, seconds(start), seconds(end-start), seconds(end), seconds(start-j.submit), seconds(end-j.submit),
		strconv.FormatFloat(stretch, 'f', 6, 64), "", hostList(j.allocated))
}

// hostList writes hosts as Batsim does: 0 3-5 9.
func hostList(hosts []int) string {
	var parts []string
	for i := 0; i < len(hosts); {
		k := i
		for k+1 < len(hosts) && hosts[k+1] == hosts[k]+1 {
			k++
		}
		part := strconv.Itoa(hosts[i])
		if k > i {
			part += "-" + strconv.Itoa(hosts[k])
		}
		parts = append(parts, part)
		i = k + 1
	}
	return strings.Join(parts, " ")
}

func (r *batsimResult) chart() *chart.Chart {
	busy, queued := new(timeline), new(timeline)
	for _, j := range r.jobs {
		if j.outcome == rejected {
			continue
		}
		queued.add(j.submit, +float64(j.hosts))
		queued.add(j.start, -float64(j.hosts))
		busy.add(j.start, +float64(j.hosts))
		busy.add(j.end, -float64(j.hosts))
	}
	span := time.Duration(math.Ceil(r.Makespan * 1e9))
	all := []chart.Point{{X: 0, Y: float64(r.Hosts)}, {X: r.Makespan, Y: float64(r.Hosts)}}
	return &chart.Chart{
		Title: fmt.Sprintf("%s: %d jobs on %d hosts, %s", r.Workload, r.Jobs, r.Hosts, r.Policy),
		X:     chart.Axis{Label: "time (s)"}, Y: chart.Axis{Label: "hosts"},
		Series: []chart.Series{
			{Name: "in use", Points: busy.means(span, time.Second), Steps: true},
			{Name: "asked for by waiting jobs", Points: queued.means(span, time.Second), Steps: true},
			{Name: "all", Points: all, Dashed: true},
		},
	}
}
