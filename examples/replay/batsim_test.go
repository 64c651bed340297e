package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// replay runs the program and returns what it printed.
func replay(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

// replayed is replay of what must go well, as JSON.
func replayed(t *testing.T, result any, args ...string) {
	t.Helper()
	code, stdout, stderr := replay(t, append(args, "-json")...)
	if code != exitGood {
		t.Fatalf("replay %v: exit code %d: %s", args, code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), result); err != nil {
		t.Fatalf("replay %v: %v in %s", args, err, stdout)
	}
}

// data is a file of real inputs, which not every machine has.
func data(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(file); err != nil {
		t.Skipf("without the real data: %v", err)
	}
	return file
}

func readCSV(t *testing.T, file string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]string
	for _, row := range rows[1:] {
		m := make(map[string]string)
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		list = append(list, m)
	}
	return list
}

// What Batsim gave for EASY: the same start times to the microsecond, on the
// same hosts.
func TestEasyGivesBatsimsSchedule(t *testing.T) {
	workload, want := data(t, "batsim/medium_late.json"), readCSV(t, data(t, "batsim/easy_out_jobs.csv"))
	out := filepath.Join(t.TempDir(), "jobs.csv")
	var r batsimResult
	replayed(t, &r, "batsim", "-workload", workload, "-hosts", "32", "-policy", "easy", "-out", out)
	got := readCSV(t, out)
	if len(got) != len(want) || len(want) != 801 {
		t.Fatalf("%d jobs, want %d", len(got), len(want))
	}
	columns := []string{"submission_time", "requested_time", "starting_time", "execution_time", "finish_time", "waiting_time"}
	for i, w := range want {
		g := got[i]
		for _, c := range columns {
			if x, y := number(t, w[c]), number(t, g[c]); math.Abs(x-y) > 1.5e-6 {
				t.Errorf("job %s: %s is %v, want %v", w["job_id"], c, y, x)
			}
		}
		for _, c := range []string{"job_id", "hacky_job_id", "requested_number_of_resources", "success", "allocated_resources"} {
			if g[c] != w[c] {
				t.Errorf("job %s: %s is %q, want %q", w["job_id"], c, g[c], w[c])
			}
		}
	}
	if math.Abs(r.Wait.Mean-9.516326) > 1e-6 {
		t.Errorf("mean wait %v s, want 9.516326", r.Wait.Mean)
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Computed by hand. In small.json job 1 has half of the hosts until 10, where it
// might have had them until 20, and job 2 waits for all of them; job 3 may pass
// it, as it would end by 17; job 4 may not, job 5 never fits, and the last one
// passes when job 1 has ended and is killed after 5. In reserve.json job c waits
// for b, which waits for a; d delays b nowhere, but c.
func TestSmallWorkloads(t *testing.T) {
	tests := []struct {
		file, hosts, policy string
		want                []string
	}{
		{"small", "4", "fcfs", []string{"1 0-10 0-1", "2 10-20 0-3", "3 20-30 0-1", "4 20-70 2", "5 rejected", "late 20-25 3 killed"}},
		{"small", "4", "easy", []string{"1 0-10 0-1", "2 15-25 0-3", "3 2-12 2-3", "4 25-75 0", "5 rejected", "late 10-15 0 killed"}},
		{"small", "4", "conservative", []string{"1 0-10 0-1", "2 15-25 0-3", "3 2-12 2-3", "4 25-75 0", "5 rejected", "late 10-15 0 killed"}},
		{"small", "1", "easy", []string{"1 rejected", "2 rejected", "3 rejected", "4 3-53 0", "5 rejected", "late 53-58 0 killed"}},
		{"reserve", "3", "fcfs", []string{"a 0-10 0-1", "b 10-20 0-1", "c 20-30 0-2", "d 30-130 0"}},
		{"reserve", "3", "easy", []string{"a 0-10 0-1", "b 10-20 0-1", "c 103-113 0-2", "d 3-103 2"}},
		{"reserve", "3", "conservative", []string{"a 0-10 0-1", "b 10-20 0-1", "c 20-30 0-2", "d 30-130 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.file+"/"+tt.policy+"/"+tt.hosts, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "jobs.csv")
			code, stdout, stderr := replay(t, "batsim", "-workload", "testdata/"+tt.file+".json", "-hosts", tt.hosts, "-policy", tt.policy, "-out", out)
			if code != exitGood {
				t.Fatal(stderr)
			}
			var got []string
			for _, row := range readCSV(t, out) {
				line := fmt.Sprintf("%s %.0f-%.0f %s", row["job_id"], number(t, row["starting_time"]), number(t, row["finish_time"]), row["allocated_resources"])
				switch {
				case row["starting_time"] == "-1":
					line = row["job_id"] + " rejected"
					if !strings.Contains(stdout, "job "+row["job_id"]+" needs ") {
						t.Errorf("it is not told that job %s was rejected:\n%s", row["job_id"], stdout)
					}
				case row["success"] == "0":
					line += " killed"
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("jobs (-want +got):\n%s", diff)
			}
		})
	}
}

// randomJobs returns a workload of a crowded cluster.
func randomJobs(rng *rand.Rand, n, hosts int) []*batchJob {
	var at time.Duration
	jobs := make([]*batchJob, n)
	for i := range jobs {
		at += time.Duration(rng.IntN(20)) * time.Second
		wall := time.Duration(1+rng.IntN(100)) * time.Second
		jobs[i] = &batchJob{
			id: strconv.Itoa(i), number: float64(i), hosts: 1 + rng.IntN(hosts)*rng.IntN(hosts)/hosts, submit: at,
			walltime: wall, delay: time.Duration(1+rng.IntN(120)) * time.Second,
		}
		if rng.IntN(20) == 0 {
			jobs[i].walltime = -1
		}
	}
	return jobs
}

func TestDisciplinesKeepTheirPromises(t *testing.T) {
	for policy, make := range disciplines {
		for seed := range uint64(30) {
			hosts := 1 + int(seed)%16
			jobs := randomJobs(rand.New(rand.NewPCG(seed, 7)), 120, hosts)
			if _, err := replayBatch(jobs, hosts, make(hosts), func(int, time.Duration) {}); err != nil {
				t.Fatalf("%s, seed %d: %v", policy, seed, err)
			}
			free := map[int]time.Duration{} // by host, from when on
			started := append([]*batchJob(nil), jobs...)
			sortByStart(started)
			for _, j := range started {
				checkJob(t, policy, seed, j)
				for _, h := range j.allocated {
					if free[h] > j.start {
						t.Errorf("%s, seed %d: host %d is used twice at %v", policy, seed, h, j.start)
					}
					free[h] = j.end
				}
			}
			for i, j := range jobs[1:] {
				if policy == "fcfs" && j.start < jobs[i].start {
					t.Errorf("fcfs, seed %d: job %s starts before job %s", seed, j.id, jobs[i].id)
				}
			}
		}
	}
}

func sortByStart(jobs []*batchJob) {
	for i := range jobs {
		for k := i; k > 0 && jobs[k].start < jobs[k-1].start; k-- {
			jobs[k], jobs[k-1] = jobs[k-1], jobs[k]
		}
	}
}

func checkJob(t *testing.T, policy string, seed uint64, j *batchJob) {
	t.Helper()
	took, state := j.delay, finished
	if j.walltime >= 0 && j.walltime < j.delay {
		took, state = j.walltime, killed
	}
	switch {
	case j.outcome != state || j.end-j.start != took || j.start < j.submit || len(j.allocated) != j.hosts:
		t.Errorf("%s, seed %d: job %+v: want outcome %d after %v", policy, seed, *j, state, took)
	case policy == "conservative" && j.start > j.promised:
		t.Errorf("%s, seed %d: job %s starts at %v, was promised %v", policy, seed, j.id, j.start, j.promised)
	}
}

func TestBadWorkloads(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "w.json:1:1: unexpected end of JSON input"},
		{"{\n \"jobs\": [}", "w.json:2:11: invalid character '}' looking for beginning of value"},
		{"[]", "w.json:1:1: want an object, got []"},
		{`{"jobs": []}`, `w.json:1:1: member "profiles" is missing`},
		{"{\"profiles\": {},\n  \"jobs\": [{\"id\": 1, \"res\": 1, \"subtime\": 0, \"profile\": \"x\"}]}", `w.json:2:57: profile "x" is not among the profiles`},
		{"{\"profiles\": {\"p\": {\"type\": \"delay\", \"delay\": 1}},\n\"jobs\": [\n{\"id\": 1, \"res\": 0, \"subtime\": 0, \"profile\": \"p\"}]}", "w.json:3:18: a job needs at least 1 host, got 0"},
		{"{\"profiles\": {\"p\": {\"type\": \"delay\", \"delay\": 1}},\n\"jobs\": [\n{\"id\": 1, \"res\": 1, \"subtime\": -3, \"profile\": \"p\"}]}", "w.json:3:32: want from 0 to 1e+09 seconds, got -3"},
		{`{"profiles": {"p": {"type": "parallel", "delay": 1}}, "jobs": [{"id": 1, "res": 1, "subtime": 0, "profile": "p"}]}`, `w.json:1:29: profiles of the type "parallel" need a model of computing and network: want delay`},
		{"{\"profiles\": {\"p\": {\"type\": \"delay\", \"delay\": 1}},\n\"jobs\": [{\"id\": 1, \"res\": 1, \"subtime\": 0, \"profile\": \"p\"},\n{\"id\": 1, \"res\": 1, \"subtime\": 0, \"profile\": \"p\"}]}", `w.json:3:1: job id "1" is that of an earlier job`},
		{`{"profiles": {}, "jobs": [{"id": 1, "res": "two", "subtime": 0, "profile": "p"}]}`, `w.json:1:44: want a whole number of hosts, got "two"`},
	}
	for _, tt := range tests {
		_, err := parseWorkload("w.json", []byte(tt.text))
		if err == nil {
			t.Errorf("%s: accepted", tt.text)
			continue
		}
		if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func FuzzParseWorkload(f *testing.F) {
	small, err := os.ReadFile("testdata/small.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add([]byte(`{"profiles": {"p": {"type": "delay", "delay": 1}}, "jobs": [{"id": "a", "res": 1, "subtime": 0.5, "walltime": -1, "profile": "p"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		jobs, err := parseWorkload("f", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		for i, j := range jobs {
			if j.id == "" || j.hosts < 1 || j.submit < 0 || j.delay < 0 || j.walltime == 0 || (i > 0 && j.submit < jobs[i-1].submit) {
				t.Errorf("job %+v", *j)
			}
		}
	})
}
