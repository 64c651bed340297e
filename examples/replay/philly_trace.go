package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/proffer-go/proffer/examples/replay/internal/located"
)

// gangJob is a job of a tenant: it needs so many GPUs at once, wherever they are.
type gangJob struct {
	number   int // of its line in the trace, from 1
	tenant   string
	submit   time.Time
	duration time.Duration
	gpus     int

	rejected bool
	attempts int // launches so far
	broken   int // the attempt that was last given up
	lost     int // attempts that lost a part with its agent
	gang     int // parts of the attempt, one an agent
	pieces   int // those that have not ended
	finished int // those that have run to their end
	started  time.Time
	ended    time.Time
	ends     int // how many times it has ended
}

// readGangs reads a trace of GPU jobs, in the order of their submission.
func readGangs(file string) ([]*gangJob, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return parseGangs(filepath.Base(file), f)
}

// maxGPUs bounds what a job may ask for.
const maxGPUs = 1_000_000

func parseGangs(file string, r io.Reader) ([]*gangJob, error) {
	table, err := located.CSV(file, r, "timestamp", "duration", "num_gpus", "cluster")
	if err != nil {
		return nil, err
	}
	var jobs []*gangJob
	tenants := make(map[string]string) // each name once
	for {
		more, err := table.Next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		j, err := parseGang(table)
		if err != nil {
			return nil, err
		}
		if _, ok := tenants[j.tenant]; !ok {
			tenants[j.tenant] = j.tenant
		}
		j.number, j.tenant = len(jobs)+1, tenants[j.tenant]
		jobs = append(jobs, j)
	}
	slices.SortStableFunc(jobs, func(x, y *gangJob) int { return x.submit.Compare(y.submit) })
	return jobs, nil
}

func parseGang(table *located.Table) (*gangJob, error) {
	j := &gangJob{tenant: table.Text("cluster")}
	var err error
	if j.submit, err = time.Parse(time.DateTime, table.Text("timestamp")); err != nil {
		return nil, table.Errorf("timestamp", "want a time such as 2017-10-09 07:01:55, got %q", table.Text("timestamp"))
	}
	if y := j.submit.Year(); y < 1970 || y > 2200 {
		return nil, table.Errorf("timestamp", "want a year from 1970 to 2200, got %d", y)
	}
	seconds, err := table.Number("duration", 0, maxSeconds)
	if err != nil {
		return nil, err
	}
	j.duration = time.Duration(seconds * float64(time.Second))
	gpus, err := table.Int("num_gpus", 1, maxGPUs)
	if err != nil {
		return nil, err
	}
	j.gpus = int(gpus)
	if j.tenant == "" {
		return nil, table.Errorf("cluster", "the name of the tenant is empty")
	}
	return j, nil
}
