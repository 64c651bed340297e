package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// job is one entry of a job file.
type job struct {
	name    string
	command *proffer.CommandInfo
	needs   resources.Resources
	retries int
	after   []string // names of the jobs that must have finished
	timeout time.Duration
	line    int
}

// jsonJob is how a job is written as a line of JSON.
type jsonJob struct {
	Name      string            `json:"name"`
	Command   json.RawMessage   `json:"command"` // a line for the shell, or a list of arguments
	Resources string            `json:"resources"`
	Retries   *int              `json:"retries"`
	After     []string          `json:"after"`
	Env       map[string]string `json:"env"`
	Timeout   string            `json:"timeout"`
}

// maxLine bounds a line of a job file.
const maxLine = 1 << 20

// parse reads a job file: a command a line, or a JSON object a line; empty
// lines and those that begin with # are passed over. Jobs that say nothing else
// have the needs and retries of defaults. The error has everything that is
// wrong, with file, line and column.
func parse(r io.Reader, file string, defaults job) ([]*job, error) {
	var jobs []*job
	var errs []error
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		j := defaults
		j.line = n
		j.name = fmt.Sprintf("job-%d", len(jobs)+1)
		j.command = proffer.Shell(text)
		if strings.HasPrefix(text, "{") {
			column := strings.Index(lines.Text(), "{") + 1
			if err := j.fromJSON([]byte(text)); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d:%d: %w", file, n, column+offset(err), err))
			}
		} else if err := j.command.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d:1: %w", file, n, err))
		}
		jobs = append(jobs, &j)
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("the line is longer than %d bytes", maxLine)
		}
		errs = append(errs, fmt.Errorf("%s:%d: %w", file, n+1, err))
	}
	errs = append(errs, checkNames(jobs, file)...)
	return jobs, errors.Join(errs...)
}

// offset returns where in the JSON the error is, 0 if that is not known.
func offset(err error) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return max(int(syntax.Offset)-1, 0)
	case errors.As(err, &kind):
		return max(int(kind.Offset)-1, 0)
	}
	return 0
}

func (j *job) fromJSON(text []byte) error {
	var in jsonJob
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	if d.More() {
		return errors.New("job: there is more on the line after the JSON object")
	}
	var errs []error
	if in.Name != "" {
		j.name = in.Name
		if err := proffer.ValidateID("name", proffer.TaskID(in.Name)); err != nil {
			errs = append(errs, err)
		}
		if len(in.Name) > proffer.MaxIDLength-10 {
			errs = append(errs, fmt.Errorf("name has %d bytes, at most %d are allowed", len(in.Name), proffer.MaxIDLength-10))
		}
	}
	command, err := commandOf(in)
	errs = append(errs, err)
	j.command = command
	if in.Resources != "" {
		needs, err := resources.Parse(in.Resources)
		if err == nil && needs.IsEmpty() {
			err = fmt.Errorf("resources %q are empty", in.Resources)
		}
		errs = append(errs, err)
		j.needs = needs
	}
	if in.Retries != nil {
		j.retries = *in.Retries
		if j.retries < 0 {
			errs = append(errs, fmt.Errorf("retries %d is negative", j.retries))
		}
	}
	if in.Timeout != "" {
		timeout, err := time.ParseDuration(in.Timeout)
		if err == nil && timeout <= 0 {
			err = fmt.Errorf("timeout %q is not above 0", in.Timeout)
		}
		errs = append(errs, err)
		j.timeout = timeout
	}
	j.after = in.After
	return errors.Join(errs...)
}

func commandOf(in jsonJob) (*proffer.CommandInfo, error) {
	c := &proffer.CommandInfo{Env: in.Env}
	if len(in.Command) == 0 {
		return nil, errors.New(`command is missing: want "command": "make" or "command": ["make", "all"]`)
	}
	if json.Unmarshal(in.Command, &c.Shell) != nil && json.Unmarshal(in.Command, &c.Args) != nil {
		return nil, fmt.Errorf("command %s is neither a string nor a list of strings", in.Command)
	}
	return c, c.Validate()
}

// checkNames reports names that occur twice, dependencies that no job has, and
// those that wait for each other.
func checkNames(jobs []*job, file string) []error {
	var errs []error
	byName := make(map[string]*job, len(jobs))
	for _, j := range jobs {
		if first, ok := byName[j.name]; ok {
			errs = append(errs, fmt.Errorf("%s:%d: the name %q is that of line %d", file, j.line, j.name, first.line))
			continue
		}
		byName[j.name] = j
	}
	for _, j := range jobs {
		for _, name := range j.after {
			if byName[name] == nil {
				errs = append(errs, fmt.Errorf("%s:%d: job %q is after %q, which no job is called", file, j.line, j.name, name))
			}
		}
	}
	if len(errs) > 0 {
		return errs
	}
	if cycle := findCycle(jobs, byName); cycle != nil {
		errs = append(errs, fmt.Errorf("%s: jobs wait for each other: %s", file, strings.Join(cycle, " after ")))
	}
	return errs
}

// findCycle returns the names along a cycle of dependencies, if there is one.
func findCycle(jobs []*job, byName map[string]*job) []string {
	done := make(map[string]bool)
	var path []string
	var visit func(j *job) []string
	visit = func(j *job) []string {
		if i := slices.Index(path, j.name); i >= 0 {
			return append(slices.Clone(path[i:]), j.name)
		}
		if done[j.name] {
			return nil
		}
		path = append(path, j.name)
		for _, name := range j.after {
			if cycle := visit(byName[name]); cycle != nil {
				return cycle
			}
		}
		path = path[:len(path)-1]
		done[j.name] = true
		return nil
	}
	for _, j := range jobs {
		if cycle := visit(j); cycle != nil {
			return cycle
		}
	}
	return nil
}
