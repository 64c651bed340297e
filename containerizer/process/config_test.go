package process

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestRootInUse(t *testing.T) {
	root := t.TempDir()
	c := start(t, Config{Root: root})
	defer finish(t, c)
	if _, err := New(Config{Root: root}); !errors.Is(err, ErrRootInUse) || !strings.Contains(err.Error(), root) {
		t.Errorf("New on a root in use: got %v, want it to wrap %v and name %s", err, ErrRootInUse, root)
	}
}

func TestConfigErrors(t *testing.T) {
	_, err := New(Config{Root: "relative", Cgroups: 9, RemoveAtEnd: []string{"/"}})
	for _, want := range []string{`root "relative"`, "cgroups 9", `remove at end "/"`, "set EndWithProgram"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %s", err, want)
		}
	}
}

func TestLimitsErrorSaysWhy(t *testing.T) {
	c := start(t, Config{Cgroups: CgroupsOff})
	defer finish(t, c)
	if err := c.LimitsError(); err == nil || !strings.Contains(err.Error(), "switched off") {
		t.Errorf("LimitsError: got %v, want that it is switched off", err)
	}
}

func TestRequiredCgroups(t *testing.T) {
	c, err := New(Config{Cgroups: CgroupsRequired})
	if err == nil {
		defer finish(t, c)
		if err := c.LimitsError(); err != nil {
			t.Errorf("limits are required and granted, but not enforced: %v", err)
		}
		return
	}
	auto := start(t, Config{})
	defer finish(t, auto)
	if auto.LimitsError() == nil {
		t.Errorf("cgroups cannot be had by force (%v), but are there by themselves", err)
	}
}

func TestLongRoot(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("that takes Linux")
	}
	root := filepath.Join(t.TempDir(), strings.Repeat("long", 50), strings.Repeat("name", 50))
	c := start(t, Config{Root: root})
	launchDaemons(t, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	finish(t, start(t, Config{Root: root}))
}
