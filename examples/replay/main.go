// Command replay tells what a policy would have done on a trace: it runs the
// trace through the library's own master, driver and offers, on simulated agents
// and a virtual clock. See README.md, or replay -h.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/proffer-go/proffer/examples/replay/internal/chart"
)

// The exit codes.
const (
	exitGood   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const usageText = `usage: replay COMMAND [flags]

Tells what a policy would have done on a trace.

  batsim  jobs of a batch system, by the order in which a queue is served
  philly  gangs of GPUs of many tenants, by the policy of the allocator
  openb   GPU shares, one after another, by the order of agents

replay COMMAND -h tells the flags.
`

// command is a subcommand: it defines its flags and returns what to do when they
// are parsed.
type command func(flags *flag.FlagSet) func(io *terminal) (result, error)

var commands = map[string]command{"batsim": batsimCommand, "philly": phillyCommand, "openb": openbCommand}

// result is what a replay comes to.
type result interface {
	// print writes it for people. Programs read it as JSON.
	print(w io.Writer)
	// chart is its picture.
	chart() *chart.Chart
}

// terminal is where a replay talks to people.
type terminal struct {
	stdout, stderr io.Writer
	began          time.Time
}

func (t *terminal) elapsed() time.Duration { return time.Since(t.began) }

// usageError is a mistake on the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func run(args []string, stdout, stderr io.Writer) int {
	err := dispatch(args, &terminal{stdout: stdout, stderr: stderr, began: time.Now()})
	var bad usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitGood
	case errors.As(err, &bad):
		say(stderr, "replay: %v", err)
		return exitUsage
	default:
		say(stderr, "replay: %v", err)
		return exitFailed
	}
}

// say tells people something; there is nobody else to tell if that fails.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format+"\n", args...)
}

func dispatch(args []string, io *terminal) error {
	if len(args) == 0 {
		return usagef("no command: want batsim, philly or openb; replay -h tells more")
	}
	if strings.TrimLeft(args[0], "-") == "h" || strings.TrimLeft(args[0], "-") == "help" {
		say(io.stderr, "%s", strings.TrimSpace(usageText))
		return flag.ErrHelp
	}
	define, ok := commands[args[0]]
	if !ok {
		return usagef("unknown command %q: want batsim, philly or openb", args[0])
	}
	flags := flag.NewFlagSet("replay "+args[0], flag.ContinueOnError)
	flags.SetOutput(io.stderr)
	asJSON := flags.Bool("json", false, "print the result as JSON")
	plot := flags.String("plot", "", "draw the result into this `FILE.svg`")
	work := define(flags)
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError{errors.New("see the flags above")}
	}
	if flags.NArg() > 0 {
		return usagef("unexpected argument %q: files are given by flags", flags.Arg(0))
	}
	if *plot != "" && filepath.Ext(*plot) != ".svg" {
		return usagef("-plot %s: want a name that ends in .svg", *plot)
	}
	r, err := work(io)
	if err != nil {
		return err
	}
	if err := show(io, r, *asJSON); err != nil {
		return err
	}
	if *plot == "" {
		return nil
	}
	return writeFile(*plot, r.chart().WriteSVG)
}

func show(io *terminal, r result, asJSON bool) error {
	if !asJSON {
		r.print(io.stdout)
		return nil
	}
	e := json.NewEncoder(io.stdout)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// writeFile writes a file, whole or not at all under its name.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it is gone when it has been renamed
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(f.Name(), name)
}
