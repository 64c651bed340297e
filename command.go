package proffer

import (
	"errors"
	"fmt"
	"strings"
)

// CommandInfo is a command to run: a line for the shell, or an argument
// vector. Exactly one of Shell and Args is set.
type CommandInfo struct {
	Shell string            // run by /bin/sh -c
	Args  []string          // run as it is; Args[0] is looked up in the PATH of Env, else of the agent
	Env   map[string]string // added to the few variables that the agent sets
	User  string            // a name or a numeric id; empty for the user of the agent
	Limit []Rlimit          // kernel limits of the processes
}

// Rlimit is one kernel limit, as in setrlimit(2).
type Rlimit struct {
	Name string // such as "nofile", "core", "cpu", "fsize", "nproc", "stack"
	Soft uint64 // [RlimitInfinity] for none
	Hard uint64 // at least Soft
}

// RlimitInfinity is the value of a limit that does not limit.
const RlimitInfinity = ^uint64(0)

// Shell returns the command that runs line by /bin/sh -c.
func Shell(line string) *CommandInfo { return &CommandInfo{Shell: line} }

// Args returns the command that runs the program argv[0] with the further
// arguments, without a shell between.
func Args(argv ...string) *CommandInfo { return &CommandInfo{Args: argv} }

// Argv returns the argument vector that is executed.
func (c *CommandInfo) Argv() []string {
	if c.Shell != "" {
		return []string{"/bin/sh", "-c", c.Shell}
	}
	return c.Args
}

// Validate reports what is wrong with the command.
func (c *CommandInfo) Validate() error {
	var errs []error
	switch {
	case c.Shell == "" && len(c.Args) == 0:
		errs = append(errs, errors.New("command is empty: set Shell or Args"))
	case c.Shell != "" && len(c.Args) > 0:
		errs = append(errs, fmt.Errorf("command has both a shell line %q and arguments %q: set only one of them", c.Shell, c.Args))
	case c.Shell == "" && c.Args[0] == "":
		errs = append(errs, errors.New("command: Args[0], the program, is empty"))
	}
	for _, s := range append([]string{c.Shell, c.User}, c.Args...) {
		if strings.ContainsRune(s, 0) {
			errs = append(errs, fmt.Errorf("command: %q contains a zero byte", s))
		}
	}
	if err := validTexts(nil, text{"user", c.User}); err != nil {
		errs = append(errs, fmt.Errorf("command: %w", err))
	}
	for name, value := range c.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			errs = append(errs, fmt.Errorf("command: environment variable %q=%q: names are not empty and have no '='; neither part has a zero byte", name, value))
		}
	}
	for _, l := range c.Limit {
		if err := validTexts(nil, text{"limit", l.Name}); err != nil {
			errs = append(errs, fmt.Errorf("command: %w", err))
		}
		if l.Soft > l.Hard {
			errs = append(errs, fmt.Errorf("command: limit %q: soft %d is above hard %d", l.Name, l.Soft, l.Hard))
		}
	}
	return errors.Join(errs...)
}
