package process

import (
	"errors"
	"fmt"
	"path/filepath"

	"go.uber.org/zap"
)

// CgroupMode says whether limits are enforced.
type CgroupMode uint8

// The modes.
const (
	CgroupsAuto     CgroupMode = iota // where possible; see [Containerizer.LimitsError]
	CgroupsOff                        // never
	CgroupsRequired                   // or New returns an error
)

// Config configures a Containerizer. The zero value is for containers that end
// with the program.
type Config struct {
	// Root is the directory with the records of the containers. Only one
	// Containerizer at a time may use it. Empty means a temporary one, which
	// is removed at the end; containers then end with the program in any case.
	Root string

	// EndWithProgram has the containers end with Close and with the end of the
	// program, however it ends. Otherwise they outlive both, and a later New
	// with the same Root finds them.
	EndWithProgram bool

	// RemoveAtEnd are directories to remove with the containers when they end
	// with the program: those of the sandboxes, say. Nothing is removed of one
	// in which something is mounted. Default: none.
	RemoveAtEnd []string

	// Cgroups says whether limits are enforced. Default: where possible.
	Cgroups CgroupMode

	// Logger receives what no error can tell. Default: silent.
	Logger *zap.Logger
}

func (c Config) withDefaults() Config {
	if c.Root == "" {
		c.EndWithProgram = true
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

func (c *Config) validate() error {
	var errs []error
	if c.Root != "" && !filepath.IsAbs(c.Root) {
		errs = append(errs, fmt.Errorf("root %q is not an absolute path", c.Root))
	}
	if c.Cgroups > CgroupsRequired {
		errs = append(errs, fmt.Errorf("cgroups %d: want CgroupsAuto, CgroupsOff or CgroupsRequired", c.Cgroups))
	}
	if len(c.RemoveAtEnd) > 0 && !c.EndWithProgram {
		errs = append(errs, errors.New("directories to remove at the end are named, but the containers outlive the program: set EndWithProgram"))
	}
	for _, dir := range c.RemoveAtEnd {
		if !filepath.IsAbs(dir) || filepath.Clean(dir) == "/" {
			errs = append(errs, fmt.Errorf("remove at end %q: want an absolute path below /", dir))
		}
	}
	return errors.Join(errs...)
}
