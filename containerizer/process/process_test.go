package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/containerizertest"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
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
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func shimOf(c *Containerizer, id proffer.ContainerID) int {
	return int(c.containers[id].record.GetShimPid())
}

func mustKill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestShimKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("that a command ends with its shim takes Linux")
	}
	for _, mode := range []CgroupMode{CgroupsAuto, CgroupsOff} {
		t.Run(fmt.Sprintf("cgroups %d", mode), func(t *testing.T) {
			c := start(t, Config{Root: t.TempDir(), Cgroups: mode})
			pids := launchDaemons(t, c)
			mustKill(t, shimOf(c, "a"))
			if _, err := c.Wait(t.Context(), "a"); !errors.Is(err, containerizer.ErrExitUnknown) {
				t.Errorf("Wait: got %v, want %v", err, containerizer.ErrExitUnknown)
			}
			for _, pid := range pids {
				if runs(pid) {
					t.Errorf("process %d of %d runs", pid, pids)
				}
			}
			list, err := c.List(t.Context())
			if err != nil || len(list) != 1 || list[0].Exit != nil {
				t.Errorf("List: got %+v, %v, want one container without an exit", list, err)
			}
			finish(t, c)
		})
	}
}

func TestShimKilledWhileAway(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("that a command ends with its shim takes Linux")
	}
	root := t.TempDir()
	c := start(t, Config{Root: root})
	pids := launchDaemons(t, c)
	shimPID := shimOf(c, "a")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	mustKill(t, shimPID)
	eventually(t, "the command has gone", func() bool { return !runs(pids[0]) })
	c = start(t, Config{Root: root})
	if _, err := c.Wait(t.Context(), "a"); !errors.Is(err, containerizer.ErrExitUnknown) {
		t.Errorf("Wait: got %v, want %v", err, containerizer.ErrExitUnknown)
	}
	for _, pid := range pids {
		if runs(pid) {
			t.Errorf("process %d of %d runs", pid, pids)
		}
	}
	finish(t, c)
}

// ended leaves a root directory with a container "a" that ended with code 3.
func ended(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	c := start(t, Config{Root: root})
	spec := containerizer.Spec{ID: "a", Command: proffer.Shell("exit 3"), Sandbox: t.TempDir(), Labels: map[string]string{"x": "y"}}
	if _, err := c.Launch(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return root
}

func damage(t *testing.T, path string, how func(b []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, how(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func torn(b []byte) []byte { return b[:len(b)/2] }

func TestTornExitRecord(t *testing.T) {
	root := ended(t)
	file := filepath.Join(root, "run", "a", shim.ExitFile)
	damage(t, file, torn)
	c := start(t, Config{Root: root})
	defer finish(t, c)
	_, err := c.Wait(t.Context(), "a")
	if !errors.Is(err, containerizer.ErrExitUnknown) || !errors.Is(err, ErrRecordCorrupt) || !strings.Contains(err.Error(), file) {
		t.Errorf("Wait: got %v, want it to wrap %v and %v and name %s", err, containerizer.ErrExitUnknown, ErrRecordCorrupt, file)
	}
}

func TestTornContainerRecord(t *testing.T) {
	root := ended(t)
	damage(t, filepath.Join(root, "run", "a", shim.ContainerFile), torn)
	c := start(t, Config{Root: root})
	defer finish(t, c)
	if got, err := c.Wait(t.Context(), "a"); got.Code != 3 || err != nil {
		t.Errorf("Wait: got %+v, %v, want code 3, which another record has", got, err)
	}
}

func TestTornRecordOfARunningContainer(t *testing.T) {
	root := t.TempDir()
	c := start(t, Config{Root: root})
	launchDaemons(t, c)
	shimPID := shimOf(c, "a")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, filepath.Join(root, "run", "a", shim.ContainerFile), torn)
	c = start(t, Config{Root: root})
	if err := c.Kill(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Wait(t.Context(), "a"); got.Signal != syscall.SIGKILL || err != nil {
		t.Errorf("Wait: got %+v, %v, want killed", got, err)
	}
	reap(shimPID) // it is a child of this program, unlike in life, and nobody knows
	finish(t, c)
}

func TestNewerRecordIsRefused(t *testing.T) {
	newer := func(b []byte) []byte { b[9]++; return b }
	for _, name := range []string{shim.ContainerFile, shim.ExitFile, "../../instance"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			root := ended(t)
			file := filepath.Join(root, "run", "a", name)
			damage(t, file, newer)
			_, err := New(Config{Root: root})
			if !errors.Is(err, ErrRecordVersion) || !strings.Contains(err.Error(), file) {
				t.Fatalf("New: got %v, want it to wrap %v and name %s", err, ErrRecordVersion, file)
			}
			damage(t, file, func(b []byte) []byte { b[9]--; return b })
			c := start(t, Config{Root: root})
			defer finish(t, c)
			if got, err := c.Wait(t.Context(), "a"); got.Code != 3 || err != nil {
				t.Errorf("Wait with the right version: got %+v, %v, want code 3", got, err)
			}
		})
	}
}

func TestUnfinishedLaunchIsUndone(t *testing.T) {
	root := ended(t)
	dir := filepath.Join(root, "run", "b")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, shim.LogFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, Config{Root: root})
	defer finish(t, c)
	if _, err := c.Wait(t.Context(), "b"); !errors.Is(err, containerizer.ErrUnknownContainer) {
		t.Errorf("Wait: got %v, want %v", err, containerizer.ErrUnknownContainer)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("its directory is there: %v", err)
	}
}

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
		finish(t, c)
		t.Skip("limits can be enforced here")
	}
	auto := start(t, Config{})
	defer finish(t, auto)
	if auto.LimitsError() == nil {
		t.Errorf("cgroups cannot be had by force (%v), but are there by themselves", err)
	}
}

// A name of a root directory that does not fit into a socket's address.
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
func TestAnothersProcessIsLeftAlone(t *testing.T) {
	root := ended(t)
	file := filepath.Join(root, "run", "a", shim.ContainerFile)
	r := new(record.Container)
	if err := record.Read(file, r); err != nil {
		t.Fatal(err)
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", "exit 7"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.ShimPid, r.ShimStart = int64(pid), 1
	if err := record.Write(file, r, false); err != nil {
		t.Fatal(err)
	}
	c := start(t, Config{Root: root})
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 7 {
		t.Errorf("a child of the program: got %v, %v, want exit status 7", status, err)
	}
	finish(t, c)
}

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

func BenchmarkLaunchWait(b *testing.B) {
	for _, test := range []struct {
		name string
		cfg  func() Config
	}{
		{"temporary", func() Config { return Config{} }},
		{"temporary,cgroups=off", func() Config { return Config{Cgroups: CgroupsOff} }},
		{"durable", func() Config { return Config{Root: b.TempDir()} }},
	} {
		b.Run(test.name, func(b *testing.B) {
			c, err := New(test.cfg())
			if err != nil {
				b.Fatal(err)
			}
			box := b.TempDir()
			for b.Loop() {
				spec := containerizer.Spec{ID: "x", Command: proffer.Args("true"), Sandbox: box}
				if _, err := c.Launch(b.Context(), spec); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Wait(b.Context(), "x"); err != nil {
					b.Fatal(err)
				}
				if err := c.Remove(b.Context(), "x"); err != nil {
					b.Fatal(err)
				}
			}
			if err := c.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
