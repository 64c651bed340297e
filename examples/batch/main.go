// Command batch runs a list of jobs on an embedded cluster, as one would with
// xargs or GNU parallel: respecting resources and dependencies, with retries,
// logs and a summary. See README.md, or batch -h.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

// The exit codes.
const (
	exitGood        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const usage = `usage: batch [flags] [FILE]

Runs the jobs of FILE, or of the standard input: a command a line, or a JSON
object a line with command, name, resources, retries, after, env, timeout.
`

// say tells the user something that has no place in the output.
func say(stderr io.Writer, format string, args ...any) {
	_, _ = io.WriteString(stderr, fmt.Sprintf(format, args...)+"\n") // there is nobody else to tell
}

// options are what the command line says.
type options struct {
	agents    int
	resources string
	job       string
	retries   int
	keepGoing bool
	logs      string
	output    bool
	data      string
	file      string
}

func run(args []string, stdin io.Reader, stdout, stderr *os.File) int {
	o, code := parseFlags(args, stderr)
	if o == nil {
		return code
	}
	complain := func(err error) int {
		say(stderr, "batch: %v", err)
		return exitUsage
	}
	jobs, of, err := o.read(stdin)
	if err != nil {
		return complain(err)
	}
	kept, err := newLogs(o.logs)
	if err != nil {
		return complain(err)
	}
	show := newScreen(stdout, terminalWidth(stdout), time.Now)
	p := newPlan(jobs, o.keepGoing)
	cfg := embedded.Config{Agents: o.agents, Resources: of}
	var j *journal
	if o.data != "" {
		if j, err = o.goOn(p, show); err != nil {
			return complain(err)
		}
		defer func() { _ = j.close() }() // every line of it has been synced
		cfg.Dir = o.data
	}
	if o.output {
		cfg.Output = func(l embedded.Line) { show.line("       %s: %s", l.TaskID, printable(l.Text)) }
	}
	interrupted, err := runPlan(p, show, kept, j, cfg)
	show.summary(p, o.logs)
	switch {
	case err != nil:
		say(stderr, "batch: %v", err)
		return exitFailed
	case interrupted:
		return exitInterrupted
	case !p.good():
		return exitFailed
	}
	return exitGood
}

func parseFlags(args []string, stderr io.Writer) (*options, int) {
	var o options
	f := flag.NewFlagSet("batch", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		say(stderr, "%s", usage)
		f.PrintDefaults()
	}
	f.IntVar(&o.agents, "agents", 1, "how many agents the cluster has")
	f.StringVar(&o.resources, "resources", "", `what each agent has, such as "cpus:4;mem:8GiB" (default: its part of this machine)`)
	f.StringVar(&o.job, "job", "cpus:1", "what a job needs that says nothing else; mem is a hard limit")
	f.IntVar(&o.retries, "retries", 0, "how often a job is tried again that says nothing else")
	f.BoolVar(&o.keepGoing, "keep-going", true, "go on after a job has failed for good")
	f.StringVar(&o.logs, "logs", "batch-logs", "folder for what the jobs write")
	f.StringVar(&o.data, "data", "", "folder with which the batch survives its end, kill -9 included: the same command goes on where it ended")
	f.BoolVar(&o.output, "output", false, "show what the jobs write as they do")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, exitGood
	case err != nil:
		return nil, exitUsage
	case f.NArg() > 1:
		say(stderr, "batch: %d files are named, want one at most", f.NArg())
		return nil, exitUsage
	}
	o.file = f.Arg(0)
	if named := false; o.data != "" {
		f.Visit(func(g *flag.Flag) { named = named || g.Name == "logs" })
		if !named {
			o.logs = filepath.Join(o.data, "logs")
		}
	}
	return &o, 0
}

// read returns the jobs and what each agent has.
func (o *options) read(stdin io.Reader) ([]*job, resources.Resources, error) {
	var of resources.Resources
	var errs []error
	if o.agents < 1 || o.agents > embedded.MaxAgents {
		errs = append(errs, fmt.Errorf("-agents %d: want 1 to %d", o.agents, embedded.MaxAgents))
	}
	if o.retries < 0 {
		errs = append(errs, fmt.Errorf("-retries %d is negative", o.retries))
	}
	if o.resources != "" {
		var err error
		if of, err = resources.Parse(o.resources); err != nil {
			errs = append(errs, fmt.Errorf("-resources: %w", err))
		}
	}
	needs, err := resources.Parse(o.job)
	if err == nil && needs.IsEmpty() {
		err = errors.New("empty: a job needs at least some resources")
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("-job: %w", err))
	}
	if len(errs) > 0 {
		return nil, of, errors.Join(errs...)
	}
	in, name := stdin, "standard input"
	if o.file != "" && o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return nil, of, err
		}
		defer func() { _ = f.Close() }() // only read from
		in, name = f, o.file
	}
	jobs, err := parse(in, name, job{needs: needs, retries: o.retries})
	return jobs, of, err
}

// goOn opens the journal of the data directory and brings the plan to where it
// ended.
func (o *options) goOn(p *plan, show *screen) (*journal, error) {
	j, notes, err := openJournal(o.data)
	if err != nil {
		return nil, err
	}
	if err := p.restore(notes); err != nil {
		return nil, errors.Join(err, j.close())
	}
	if len(notes) > 0 {
		ended := len(p.entries) - p.counts[waiting] - p.counts[ready]
		show.note(fmt.Sprintf("going on: %d of %d jobs had ended", ended, len(p.entries)))
	}
	return j, nil
}

func idFile(dir string) string { return filepath.Join(dir, "framework-id") }

// left reports whether the framework of an earlier run was not torn down: the
// program was killed right after the last job.
func left(dir string) bool {
	_, err := os.Stat(idFile(dir))
	return dir != "" && err == nil
}

// runPlan runs the plan to its end, or until it is interrupted.
func runPlan(p *plan, show *screen, kept *logs, j *journal, cfg embedded.Config) (interrupted bool, err error) {
	if p.done() && !left(cfg.Dir) {
		return false, nil
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	cluster, err := embedded.Start(cfg)
	if err != nil {
		return false, err
	}
	framework := scheduler.Config{Name: "batch", Master: cluster}
	if j != nil {
		framework.IDs = scheduler.IDFile(idFile(cfg.Dir))
	}
	interrupted, err = runFramework(newRunner(p, show, kept, j), framework, signals)
	if errors.Is(err, scheduler.ErrFrameworkRemoved) && j != nil {
		// It was torn down and could not take note of that, or was away for
		// longer than its failover time-out. Nothing of it runs any more.
		if err = os.Remove(idFile(cfg.Dir)); err == nil && !p.done() {
			interrupted, err = runFramework(newRunner(p, show, kept, j), framework, signals)
		}
	}
	return interrupted, errors.Join(err, cluster.Close())
}

// runFramework runs a framework until everything has ended.
func runFramework(r *runner, cfg scheduler.Config, signals <-chan os.Signal) (interrupted bool, err error) {
	d, err := scheduler.New(r, cfg)
	if err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(context.Background()) }()
	for {
		select {
		case err := <-ended:
			return interrupted, err
		case <-signals:
			if !interrupted {
				r.show.note("interrupted: the jobs that run are killed; interrupt again to do it at once")
			}
			r.stop(d, interrupted)
			interrupted = true
		}
	}
}

// terminalWidth returns how to tell the width of f, nil if it is no terminal.
func terminalWidth(f *os.File) func() int {
	if !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}
}
