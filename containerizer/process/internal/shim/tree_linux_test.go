package shim

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A process may have any name, also one that looks like the rest of the line.
func TestReadProcessWithAnOddName(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	odd := filepath.Join(t.TempDir(), ") R 1 1 (x")
	if err := os.Symlink(sleep, odd); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(odd, "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}()
	p, ok := readProcess(cmd.Process.Pid)
	if !ok || p.parent != os.Getpid() || p.zombie {
		t.Errorf("got %+v, %t, want a child of %d", p, ok, os.Getpid())
	}
	if own, ok := readProcess(os.Getpid()); !ok || own.resident <= 0 {
		t.Errorf("this process: got %+v, %t, want it to have memory", own, ok)
	}
	if start, ok := StartTime(cmd.Process.Pid); !ok || start <= 0 {
		t.Errorf("start: got %d, %t", start, ok)
	}
	if _, ok := readProcess(1 << 30); ok {
		t.Error("a process that does not exist was read")
	}
}
