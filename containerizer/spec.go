package containerizer

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Spec describes a container to launch. It is copied as far as needed: the
// caller may change it after Launch.
type Spec struct {
	ID      proffer.ContainerID
	Command *proffer.CommandInfo

	// Env is the environment of the command; Command.Env is added to it and
	// wins. PATH is that of the calling program where neither sets it.
	// Implementations may add variables that begin with PROFFER_.
	Env map[string]string

	// User runs the command where Command.User is empty: a name or a numeric
	// id. Empty means the user of the calling program; another one takes root.
	User string

	// Sandbox is the working directory, an absolute path. It is created for
	// the user if it does not exist. The files stdout and stderr are in it.
	Sandbox string

	// Resources are what the container was given. cpus become its share of the
	// processor under contention, mem its limit of memory; see Limits.
	Resources resources.Resources
	Limits    Limits

	Stdout LogSpec
	Stderr LogSpec

	// Labels are kept with the container, for the caller to recognise it by.
	Labels map[string]string
}

// Limits bound what a container uses, beyond its share.
type Limits struct {
	// CPUs is the greatest number of processors used at a time, also when
	// others are idle. Zero means no bound.
	CPUs resources.Scalar

	// Mem is the greatest amount of memory in MiB; what needs more is killed
	// by the kernel. Zero means the mem of the Resources, or no bound if they
	// have none.
	Mem resources.Scalar

	// Processes is the greatest number of processes and threads; a fork beyond
	// it fails. Zero means [DefaultProcesses], negative means no bound.
	Processes int64
}

// DefaultProcesses bounds the processes and threads of a container that says
// nothing else: room for any sane service, and a fork bomb stays in it.
const DefaultProcesses = 4096

// Defaults and bounds of logs.
const (
	DefaultLogBytes = 10 << 20
	DefaultLogFiles = 2
	MaxLogFiles     = 1000
)

// LogSpec says what becomes of an output of the command.
type LogSpec struct {
	// MaxBytes is the size at which a file is rotated: stdout becomes
	// stdout.1, which becomes stdout.2. Zero means [DefaultLogBytes].
	MaxBytes int64

	// MaxFiles is how many files are kept, the current one included. Zero
	// means [DefaultLogFiles].
	MaxFiles int

	// Discard throws the output away.
	Discard bool
}

// Validate reports everything that is wrong with the specification, joined
// into one error that wraps [ErrInvalidSpec].
func (s *Spec) Validate() error {
	var errs []error
	if err := proffer.ValidateID("container id", s.ID); err != nil {
		errs = append(errs, err)
	}
	if s.Command == nil {
		errs = append(errs, errors.New("command is missing"))
	} else if err := s.Command.Validate(); err != nil {
		errs = append(errs, err)
	}
	for name, value := range s.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			errs = append(errs, fmt.Errorf("environment variable %q=%q: names are not empty and have no '='; neither part has a zero byte", name, value))
		}
	}
	if strings.ContainsRune(s.User, 0) {
		errs = append(errs, fmt.Errorf("user %q contains a zero byte", s.User))
	}
	if !filepath.IsAbs(s.Sandbox) || strings.ContainsRune(s.Sandbox, 0) {
		errs = append(errs, fmt.Errorf("sandbox %q is not an absolute path", s.Sandbox))
	}
	for name, value := range s.Labels {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			errs = append(errs, fmt.Errorf("label %q=%q is not valid UTF-8", name, value))
		}
	}
	errs = append(errs, s.Limits.Validate(), s.Stdout.validate("stdout"), s.Stderr.validate("stderr"))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidSpec, err)
	}
	return nil
}

// Validate reports everything that is wrong with the limits.
func (l *Limits) Validate() error {
	var errs []error
	if l.CPUs < 0 {
		errs = append(errs, fmt.Errorf("limit of cpus %v is negative: use 0 for no bound", l.CPUs))
	}
	if l.Mem < 0 {
		errs = append(errs, fmt.Errorf("limit of mem %v is negative: use 0 for that of the resources", l.Mem))
	}
	return errors.Join(errs...)
}

func (l *LogSpec) validate(name string) error {
	var errs []error
	if l.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("%s: max bytes %d is negative: use 0 for the default of %d", name, l.MaxBytes, DefaultLogBytes))
	}
	if l.MaxFiles < 0 || l.MaxFiles > MaxLogFiles {
		errs = append(errs, fmt.Errorf("%s: max files %d: want 1 to %d, or 0 for the default of %d", name, l.MaxFiles, MaxLogFiles, DefaultLogFiles))
	}
	return errors.Join(errs...)
}
