package process

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/containerizertest"
	"github.com/proffer-go/proffer/internal/clock"
)

const patience = 10 * time.Second

func start(t *testing.T, cfg Config) *Containerizer {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := note(c); err != nil {
		t.Fatal(err)
	}
	return c
}

// finish kills and removes everything, closes c and checks what is left.

func finish(t *testing.T, c *Containerizer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	list, err := c.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, container := range list {
		if err := c.Kill(ctx, container.ID); err != nil {
			t.Error(err)
		}
		_, _ = c.Wait(ctx, container.ID) // how it ended is known to the test
		if err := c.Remove(ctx, container.ID); err != nil {
			t.Error(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	var left []string
	eventually(t, "nothing is left", func() bool {
		left, err = leftovers()
		return len(left) == 0 && err == nil
	}, func() any { return left })
}

func eventually(t *testing.T, what string, done func() bool, state ...func() any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !done() {
		if clock.Sleep(ctx, clock.System, 5*time.Millisecond) != nil {
			for _, s := range state {
				t.Logf("%v", s())
			}
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// launchDaemons launches a container "a" that has daemons, and returns it and the

// process ids of all.

func launchDaemons(t *testing.T, c *Containerizer) []int {
	t.Helper()
	box := filepath.Join(t.TempDir(), "box")
	line := fmt.Sprintf("%s %s daemon && echo yes > ready; exec sleep 1000", os.Args[0], containerizertest.ProgramArgument)
	launched, err := c.Launch(t.Context(), containerizer.Spec{ID: "a", Command: proffer.Shell(line), Sandbox: box})
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{launched.PID}
	eventually(t, "it is ready", func() bool {
		_, err := os.Stat(filepath.Join(box, "ready"))
		return err == nil
	})
	for _, name := range []string{"child.pid", "daemon.pid"} {
		b, err := os.ReadFile(filepath.Join(box, name))
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Sscan(string(b), &pid); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// runs is false for a zombie, too: whose child it has become, when its shim was

// killed, does not concern the tests.

// ended leaves a root directory with a container "a" that ended with code 3.

// A name of a root directory that does not fit into a socket's address.

// What root is a member of is not for those it runs commands as.

func TestGroupsOfTheProgramAreDropped(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("switching users takes root")
	}
	groups, err := syscall.Getgroups()
	if err == nil {
		err = syscall.Setgroups([]int{0, 4242})
	}
	if err != nil {
		t.Skipf("groups cannot be set: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Setgroups(groups); err != nil {
			t.Error(err)
		}
	})
	c := start(t, Config{})
	defer finish(t, c)
	box := filepath.Join(t.TempDir(), "box")
	spec := containerizer.Spec{ID: "a", Command: proffer.Shell("id -G"), Sandbox: box, User: "54321"}
	if _, err := c.Launch(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(box, "stdout")); string(b) != "54321\n" || err != nil {
		t.Errorf("groups: got %q, %v, want those of the user alone", b, err)
	}
}

// Without the time that durable records take, a shim that does not wait for

// the rest of the output is caught.

func TestOutputIsCompleteAtTheEnd(t *testing.T) {
	c := start(t, Config{})
	defer finish(t, c)
	boxes := t.TempDir()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			id := proffer.ContainerID(fmt.Sprint(i))
			box := filepath.Join(boxes, string(id))
			command := proffer.Args(os.Args[0], containerizertest.ProgramArgument, "flood", fmt.Sprint(4<<20))
			if _, err := c.Launch(t.Context(), containerizer.Spec{ID: id, Command: command, Sandbox: box}); err != nil {
				t.Error(err)
				return
			}
			if _, err := c.Wait(t.Context(), id); err != nil {
				t.Error(err)
			}
			if info, err := os.Stat(filepath.Join(box, "stdout")); err != nil || info.Size() != 4<<20 {
				t.Errorf("stdout: got %v, %v, want %d bytes", info.Size(), err, 4<<20)
			}
		})
	}
	wg.Wait()
}

// An id may be the name of a file that every cgroup has.

func TestIDsThatAreFileNames(t *testing.T) {
	c := start(t, Config{})
	defer finish(t, c)
	for _, id := range []proffer.ContainerID{"tasks", "cgroup.procs", "probe", "-", "…", proffer.ContainerID(strings.Repeat("x", proffer.MaxIDLength))} {
		spec := containerizer.Spec{ID: id, Command: proffer.Shell("exit 3"), Sandbox: filepath.Join(t.TempDir(), "box")}
		if _, err := c.Launch(t.Context(), spec); err != nil {
			t.Error(err)
			continue
		}
		if got, err := c.Wait(t.Context(), id); got.Code != 3 || err != nil {
			t.Errorf("%q: got %+v, %v, want code 3", id, got, err)
		}
	}
}

// Only the record of who is told apart by its start is reaped.

// Clean-up stops at what somebody has mounted, and says so.

func TestNothingBehindAMountIsRemoved(t *testing.T) {
	remove := filepath.Join(t.TempDir(), "with space")
	mounted := filepath.Join(remove, "inside")
	if err := os.MkdirAll(mounted, 0o700); err != nil {
		t.Fatal(err)
	}
	mountTmpfs(t, mounted)
	file := filepath.Join(mounted, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, Config{RemoveAtEnd: []string{remove}})
	if err := c.Close(); err == nil || !strings.Contains(err.Error(), mounted) {
		t.Errorf("Close: got %v, want an error that names %s", err, mounted)
	}
	if b, err := os.ReadFile(file); string(b) != "precious" {
		t.Errorf("the file: got %q, %v", b, err)
	}
}
