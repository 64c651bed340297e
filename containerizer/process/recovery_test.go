package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
)

func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func shimOf(c *Containerizer) int {
	return int(c.containers["a"].record.GetShimPid())
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
			mustKill(t, shimOf(c))
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
	shimPID := shimOf(c)
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
	shimPID := shimOf(c)
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

// After a restart of the machine the process ids of a container belong to
// strangers: whatever is done with the container does nothing to them.
func TestF35RecycledPidsAreLeftAlone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("that a command ends with its shim takes Linux")
	}
	root := t.TempDir()
	c := start(t, Config{Root: root})
	pids := launchDaemons(t, c)
	shimPID := shimOf(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	mustKill(t, shimPID)
	eventually(t, "the command has gone", func() bool { return !runs(pids[0]) })
	reap(shimPID) // it is a child of this program, unlike in life
	stranger, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "1000"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "run", "a", shim.ContainerFile)
	r := new(record.Container)
	if err := record.Read(file, r); err != nil {
		t.Fatal(err)
	}
	r.Pid, r.ShimPid, r.ShimStart = int64(stranger), int64(stranger), 1
	if err := record.Write(file, r, false); err != nil {
		t.Fatal(err)
	}
	c = start(t, Config{Root: root})
	if _, err := c.Wait(t.Context(), "a"); !errors.Is(err, containerizer.ErrExitUnknown) {
		t.Errorf("Wait: got %v, want %v", err, containerizer.ErrExitUnknown)
	}
	if err := errors.Join(c.Signal(t.Context(), "a", syscall.SIGTERM), c.Kill(t.Context(), "a")); err != nil {
		t.Errorf("Signal and Kill: %v", err)
	}
	finish(t, c)
	if !runs(stranger) {
		t.Error("a stranger was killed")
	}
	mustKill(t, stranger)
	reap(stranger)
}
