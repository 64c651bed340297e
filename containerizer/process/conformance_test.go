package process

import (
	"os"
	"runtime"
	"testing"

	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/containerizertest"
)

// open returns a Containerizer for the suite.
func open(cfg Config) (containerizer.Containerizer, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return c, note(c)
}

func subject(mode CgroupMode) containerizertest.Subject {
	return containerizertest.Subject{
		New: func(dir string) (containerizer.Containerizer, error) {
			return open(Config{Root: dir, Cgroups: mode})
		},
		NewEndingWithProgram: func(remove string) (containerizer.Containerizer, error) {
			return open(Config{RemoveAtEnd: []string{remove}, Cgroups: mode})
		},
		Leftovers: leftovers,
		Capabilities: containerizertest.Capabilities{
			Users: os.Geteuid() == 0, Detached: runtime.GOOS == "linux",
		},
	}
}

func TestConformanceWithoutLimits(t *testing.T) {
	containerizertest.Run(t, subject(CgroupsOff))
}

func TestConformanceWithLimits(t *testing.T) {
	c, err := New(Config{Cgroups: CgroupsRequired})
	if err != nil {
		t.Skipf("limits cannot be enforced here: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	s := subject(CgroupsRequired)
	s.Capabilities.Limits = true
	containerizertest.Run(t, s)
}
