package main

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer/examples/replay/internal/located"
)

// batchJob is a job of a batch system: it needs so many hosts at once. Times are
// since the beginning of the workload.
type batchJob struct {
	id       string
	number   float64 // of the id, infinite if it is none
	hosts    int
	submit   time.Duration
	walltime time.Duration // after which it is killed; negative: never
	delay    time.Duration // that it takes by itself

	outcome   outcome
	start     time.Duration
	end       time.Duration
	allocated []int         // its hosts, in ascending order
	promised  time.Duration // start that it was given on arrival, by policies that reserve
	planned   time.Duration // its reservation now
	running   int           // tasks that have not ended
}

// outcome is what became of a job.
type outcome uint8

const (
	waiting outcome = iota
	rejected
	running
	finished
	killed // at its walltime
)

// latest returns when the job ends at the latest if it starts then.
func (j *batchJob) latest(start time.Duration) time.Duration {
	if j.walltime < 0 {
		return never
	}
	return start + j.walltime
}

const never = time.Duration(math.MaxInt64)

// maxSeconds bounds times, so that their sums stay within a time.Duration.
const maxSeconds = 1e9

// readWorkload reads a workload of Batsim: jobs of delay profiles, in the order
// of their submission.
func readWorkload(file string) ([]*batchJob, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseWorkload(filepath.Base(file), data)
}

func parseWorkload(file string, data []byte) ([]*batchJob, error) {
	root, err := located.JSON(file, data)
	if err != nil {
		return nil, err
	}
	top, err := members(root, "jobs", "profiles")
	if err != nil {
		return nil, err
	}
	profiles, err := top["profiles"].Object()
	if err != nil {
		return nil, err
	}
	list, err := top["jobs"].Array()
	if err != nil {
		return nil, err
	}
	jobs := make([]*batchJob, 0, len(list))
	seen := make(map[string]bool, len(list))
	for _, n := range list {
		j, err := parseJob(n, profiles)
		if err != nil {
			return nil, err
		}
		if seen[j.id] {
			return nil, n.Errorf("job id %q is that of an earlier job", j.id)
		}
		seen[j.id] = true
		jobs = append(jobs, j)
	}
	slices.SortStableFunc(jobs, func(x, y *batchJob) int {
		return cmp.Or(cmp.Compare(x.submit, y.submit), x.compare(y))
	})
	return jobs, nil
}

// compare orders jobs by their ids, numbers as numbers.
func (j *batchJob) compare(o *batchJob) int {
	return cmp.Or(cmp.Compare(j.number, o.number), strings.Compare(j.id, o.id))
}

func parseJob(n located.Node, profiles map[string]located.Node) (*batchJob, error) {
	fields, err := members(n, "id", "res", "subtime", "profile")
	if err != nil {
		return nil, err
	}
	j := &batchJob{walltime: -1}
	if j.id, j.number, err = parseID(fields["id"]); err != nil {
		return nil, err
	}
	if err := fields["res"].Decode(&j.hosts, "a whole number of hosts"); err != nil {
		return nil, err
	}
	if j.hosts < 1 {
		return nil, fields["res"].Errorf("a job needs at least 1 host, got %d", j.hosts)
	}
	if j.submit, err = parseSeconds(fields["subtime"]); err != nil {
		return nil, err
	}
	if w, ok := fields["walltime"]; ok {
		var seconds float64
		if err := w.Decode(&seconds, "a number of seconds"); err != nil {
			return nil, err
		}
		if seconds != -1 { // -1 is how Batsim writes that there is none
			if j.walltime, err = parseSeconds(w); err != nil {
				return nil, err
			}
			if j.walltime == 0 {
				return nil, w.Errorf("walltime 0: want more, or -1 for none")
			}
		}
	}
	j.delay, err = parseProfile(fields["profile"], profiles)
	return j, err
}

// parseID returns an id as text and as a number. Batsim's are numbers, in later
// versions texts.
func parseID(n located.Node) (string, float64, error) {
	if n.IsText() {
		var id string
		if err := n.Decode(&id, "a text"); err != nil {
			return "", 0, err
		}
		if id == "" {
			return "", 0, n.Errorf("the id is empty")
		}
		return id, math.Inf(1), nil
	}
	var number json.Number
	if err := n.Decode(&number, "a number or a text"); err != nil {
		return "", 0, err
	}
	value, err := number.Float64()
	if err != nil {
		return "", 0, n.Errorf("id %s is out of range", number)
	}
	return number.String(), value, nil
}

func parseSeconds(n located.Node) (time.Duration, error) {
	var seconds float64
	if err := n.Decode(&seconds, "a number of seconds"); err != nil {
		return 0, err
	}
	if seconds < 0 || seconds > maxSeconds {
		return 0, n.Errorf("want from 0 to %g seconds, got %v", maxSeconds, seconds)
	}
	return time.Duration(math.Round(seconds * 1e9)), nil
}

func parseProfile(n located.Node, profiles map[string]located.Node) (time.Duration, error) {
	var name string
	if err := n.Decode(&name, "the name of a profile"); err != nil {
		return 0, err
	}
	p, ok := profiles[name]
	if !ok {
		return 0, n.Errorf("profile %q is not among the profiles", name)
	}
	fields, err := members(p, "type", "delay")
	if err != nil {
		return 0, err
	}
	var kind string
	if err := fields["type"].Decode(&kind, "the type of a profile"); err != nil {
		return 0, err
	}
	if kind != "delay" {
		return 0, fields["type"].Errorf("profiles of the type %q need a model of computing and network: want delay", kind)
	}
	return parseSeconds(fields["delay"])
}

// members returns the members of an object, among which the named ones are.
func members(n located.Node, names ...string) (map[string]located.Node, error) {
	m, err := n.Object()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, ok := m[name]; !ok {
			return nil, n.Errorf("member %q is missing", name)
		}
	}
	return m, nil
}
