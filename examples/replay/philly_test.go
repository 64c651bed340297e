package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gangsOf replays jobs and returns them.
func gangsOf(t *testing.T, jobs []*gangJob, agents, gpus int, which string) *phillyResult {
	t.Helper()
	r := &phillyResult{Policy: which, Agents: agents, GPUs: agents * gpus, Jobs: len(jobs), jobs: jobs}
	if err := r.replay(&terminal{stdout: io.Discard, stderr: io.Discard, began: time.Now()}, gpus); err != nil {
		t.Fatal(err)
	}
	r.summarise()
	return r
}

// Computed by hand, for two agents with two GPUs each: red has three from 0 and
// the last one from 10. Blue's gang of four waits for all of them until 110; as
// that is longer than a minute, what is free from 100 on is kept for it, though
// red could use it.
func TestSmallGangs(t *testing.T) {
	for _, which := range []string{"fifo", "drf"} {
		jobs, err := readGangs(filepath.Join("testdata", "gangs.csv"))
		if err != nil {
			t.Fatal(err)
		}
		r := gangsOf(t, jobs, 2, 2, which)
		var got []string
		for _, j := range r.jobs {
			if j.rejected {
				got = append(got, fmt.Sprintf("%s %d rejected", j.tenant, j.gpus))
				continue
			}
			got = append(got, fmt.Sprintf("%s %d %v-%v", j.tenant, j.gpus, j.started.Sub(r.begin), j.ended.Sub(r.begin)))
		}
		want := []string{"red 3 0s-1m40s", "red 1 10s-1m50s", "blue 4 1m50s-2m40s", "red 1 2m40s-2m50s", "blue 5 rejected", "blue 2 2m40s-2m50s"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", which, diff)
		}
		if r.Ended != 5 || r.Rejected != 1 || math.Abs(r.Hours-630.0/3600) > 1e-9 || r.Peak != 4 {
			t.Errorf("%s: %+v", which, *r)
		}
	}
}

// With machines that lose their power and masters that are killed every job
// still ends once, having run for as long as it takes; what was lost is told.
func TestGangsUnderFaults(t *testing.T) {
	lost, killed := 0, 0
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 4))
		jobs := randomGangs(rng, 200, 12)
		r := &phillyResult{
			Policy: "drf", Agents: 6, GPUs: 24, Jobs: len(jobs), jobs: jobs,
			Faults: phillyFaults{KillAgents: 20, Failovers: 100, Seed: seed},
		}
		if err := r.replay(&terminal{stdout: io.Discard, stderr: io.Discard, began: time.Now()}, 4); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		r.summarise()
		if r.Ended != len(jobs) {
			t.Errorf("seed %d: %d of %d jobs have ended", seed, r.Ended, len(jobs))
		}
		if (r.Lost > 0) != (r.HoursLost > 0) {
			t.Errorf("seed %d: %d attempts were lost, %v GPU hours", seed, r.Lost, r.HoursLost)
		}
		lost += r.Lost
		killed += r.Reboots + r.Failovers
	}
	if lost == 0 || killed == 0 {
		t.Errorf("%d attempts were lost by %d faults: it proves nothing", lost, killed)
	}
}

func randomGangs(rng *rand.Rand, n, largest int) []*gangJob {
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	jobs := make([]*gangJob, n)
	for i := range jobs {
		at = at.Add(time.Duration(rng.IntN(300)) * time.Second)
		jobs[i] = &gangJob{
			number: i + 1, tenant: fmt.Sprint("tenant-", rng.IntN(5)), submit: at,
			duration: time.Duration(rng.IntN(3000)) * time.Second, gpus: 1 + rng.IntN(largest)*rng.IntN(largest)/largest,
		}
	}
	return jobs
}

// Replays check themselves that every job ends once and no agent is
// over-committed; here it is that they come to an end, that no more GPUs are in
// use than there are, and that a tenant's jobs start in order.
func TestRandomGangsEnd(t *testing.T) {
	for seed := range uint64(12) {
		agents, gpus := 1+int(seed)%4, 1+int(seed)%5
		for _, which := range []string{"fifo", "drf"} {
			rng := rand.New(rand.NewPCG(seed, 3))
			r := gangsOf(t, randomGangs(rng, 200, agents*gpus+1), agents, gpus, which)
			name := fmt.Sprintf("%s, seed %d", which, seed)
			last := make(map[string]time.Time)
			use := new(timeline)
			for _, j := range r.jobs {
				if j.rejected {
					continue
				}
				if j.started.Before(j.submit) || j.started.Before(last[j.tenant]) {
					t.Errorf("%s: job %d starts at %v, out of turn", name, j.number, j.started)
				}
				last[j.tenant] = j.started
				use.add(j.ended.Sub(r.begin), -float64(j.gpus))
				use.add(j.started.Sub(r.begin), +float64(j.gpus))
			}
			slices.SortStableFunc(use.changes, func(x, y change) int {
				if x.at != y.at {
					return int(min(max(x.at-y.at, -1), 1))
				}
				return int(x.by - y.by) // ends first
			})
			sum := 0.0
			for _, c := range use.changes {
				if sum += c.by; sum > float64(r.GPUs) {
					t.Fatalf("%s: %v GPUs of %d at %v", name, sum, r.GPUs, c.at)
				}
			}
		}
	}
}

// Where all jobs need one GPU, fifo is one queue for all tenants.
func TestFIFOIsOneQueue(t *testing.T) {
	jobs := randomGangs(rand.New(rand.NewPCG(1, 2)), 300, 1)
	gangsOf(t, jobs, 2, 1, "fifo")
	for i, j := range jobs[1:] {
		if jobs[i].submit.Before(j.submit) && j.started.Before(jobs[i].started) {
			t.Errorf("job %d of %v starts at %v, before job %d of %v", j.number, j.submit, j.started, jobs[i].number, jobs[i].submit)
		}
	}
}

func TestBadGangs(t *testing.T) {
	const head = "timestamp,duration,num_gpus,cluster\n"
	tests := []struct{ text, want string }{
		{"timestamp,duration,cluster\n", `g.csv:1:1: column "num_gpus" is missing: the header is timestamp,duration,cluster`},
		{head + "yesterday,1,1,a\n", `g.csv:2:1: column "timestamp": want a time such as 2017-10-09 07:01:55, got "yesterday"`},
		{head + "2020-01-01 00:00:00,1,1,a\n2020-01-01 00:00:00,-1,1,a\n", `g.csv:3:21: column "duration": want a number from 0 to 1e+09, got "-1"`},
		{head + "2020-01-01 00:00:00,1,0,a\n", `g.csv:2:23: column "num_gpus": want a whole number from 1 to 1000000, got "0"`},
		{head + "2020-01-01 00:00:00,1,1,\n", `g.csv:2:25: column "cluster": the name of the tenant is empty`},
		{head + "0020-01-01 00:00:00,1,1,a\n", `g.csv:2:1: column "timestamp": want a year from 1970 to 2200, got 20`},
	}
	for _, tt := range tests {
		_, err := parseGangs("g.csv", strings.NewReader(tt.text))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: error %v, want %s", tt.text, err, tt.want)
		}
	}
}

func FuzzParseGangs(f *testing.F) {
	small, err := os.ReadFile("testdata/gangs.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, text []byte) {
		jobs, err := parseGangs("f", bytes.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		for i, j := range jobs {
			if j.gpus < 1 || j.duration < 0 || j.tenant == "" || (i > 0 && j.submit.Before(jobs[i-1].submit)) {
				t.Errorf("job %+v", *j)
			}
		}
	})
}
