package containerizertest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/internal/clock"
)

func testRestart(t *testing.T, s Subject) {
	t.Run("exits meanwhile are delivered", func(t *testing.T) { exitsMeanwhile(t, s) })
	t.Run("output goes on", func(t *testing.T) { outputGoesOn(t, s) })
	t.Run("kill -9 of the program leaves nothing", func(t *testing.T) { killedProgramLeavesNothing(t, s) })
	t.Run("kill -9 of the program while it launches", func(t *testing.T) {
		for round := range 10 {
			killWhileLaunching(t, s, round)
		}
	})

	t.Run("containers end with Close", func(t *testing.T) { containersEndWithClose(t, s) })
}

// victimVariable tells a test binary that it is to be killed: it has the
// directory for the sandboxes.
const victimVariable = "CONTAINERIZERTEST_VICTIM"

// launcherVariable tells a test binary that it is to be killed while it
// launches containers that outlive it: it has the state directory.
const launcherVariable = "CONTAINERIZERTEST_LAUNCHER"

// killWhileLaunching kills a program that launches one container after the
// other. Those that the next program finds have run once and their exits are
// known; of the others nothing is left.
func killWhileLaunching(t *testing.T, s Subject, round int) {
	h := newHost(t, s)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	victim := startVictim(t, launcherVariable, h.state)
	victim.awaitReady(t)
	// Not a time to wait for but one to vary: any moment will do.
	if err := clock.Sleep(t.Context(), clock.System, time.Duration(round)*3*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := victim.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.cmd.Wait() // it was killed
	h.open()
	list, err := h.List(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("List: got %v, %v, want some containers", list, err)
	}
	for _, c := range list {
		check(h, fmt.Sprintf("exit of %s", c.ID), h.await(c.ID), proffer.ExitStatus{Code: 5})
		check(h, "runs", h.read(containerizer.Spec{Sandbox: c.Sandbox}, "runs"), "once\n")
	}
}

// beLauncher launches containers until it is killed.
func beLauncher(t *testing.T, s Subject, state string) {
	c, err := s.New(state)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{T: t, Containerizer: c, subject: s, boxes: t.TempDir()}
	for i := 0; ; i++ {
		spec := h.spec(proffer.Shell("echo once >> runs; exit 5"))
		if i == 3 {
			fmt.Println("victim ready:")
		}
		h.start(spec)
	}
}

// victim is a program, the same test binary, that is killed in a test.
type victim struct {
	cmd *exec.Cmd
	out *bufio.Scanner
	tmp string // its directory for temporary files
}

func startVictim(t *testing.T, variable, dir string) *victim {
	t.Helper()
	v := &victim{tmp: t.TempDir()}
	top, _, _ := strings.Cut(t.Name(), "/")
	v.cmd = exec.Command(os.Args[0], "-test.run=^"+top+"$", "-test.v=false")
	v.cmd.Env = append(os.Environ(), variable+"="+dir, "TMPDIR="+v.tmp)
	v.cmd.Stderr = os.Stderr
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = v.cmd.Process.Kill() // mostly it is gone
		_ = v.cmd.Wait()
	})
	v.out = bufio.NewScanner(out)
	return v
}

// awaitReady returns the ids of all processes in the victim's containers.
func (v *victim) awaitReady(t *testing.T) []int {
	t.Helper()
	for v.out.Scan() {
		rest, ok := strings.CutPrefix(v.out.Text(), "victim ready:")
		if !ok {
			continue
		}
		var pids []int
		for field := range strings.FieldsSeq(rest) {
			var pid int
			if _, err := fmt.Sscan(field, &pid); err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
		return pids
	}
	t.Fatalf("the program ended before it was killed: %v", v.out.Err())
	return nil
}

// beVictim launches containers and waits to be killed.
func beVictim(t *testing.T, s Subject, remove string) {
	c, err := s.NewEndingWithProgram(remove)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{T: t, Containerizer: c, subject: s, boxes: remove}
	// One has ended, one was removed, one runs, one has daemons.
	h.run(h.spec(proffer.Shell("exit 0")))
	removed := h.spec(proffer.Shell("exit 0"))
	h.run(removed)
	if err := c.Remove(t.Context(), removed.ID); err != nil {
		t.Fatal(err)
	}
	runs := h.spec(h.program("mention", "pid"))
	h.start(runs)
	fork := h.spec(proffer.Shell(s.Program + " " + ProgramArgument + " daemon; echo yes > ready; exec sleep 1000"))
	fork.Command.Env = map[string]string{"PATH": "/bin:/usr/bin"}
	pids := []string{h.awaitFile(runs, "pid"), fmt.Sprint(h.start(fork).PID)}
	h.awaitFile(fork, "ready")
	pids = append(pids, h.read(fork, "child.pid"))
	if s.Capabilities.Detached {
		pids = append(pids, h.read(fork, "daemon.pid"))
	}
	fmt.Println("victim ready: " + strings.Join(pids, " "))
	<-t.Context().Done() // it is killed before
}

func exitsMeanwhile(t *testing.T, s Subject) {
	h := newHost(t, s)
	runs, ends, ended := h.spec(proffer.Shell("exec sleep 1000")),
		h.spec(proffer.Shell("echo yes > ready; until [ -e go ]; do sleep 0.02; done; echo over > over; exit 42")),
		h.spec(proffer.Shell("exit 41"))
	runs.Labels = map[string]string{"which": "runs"}
	killedByIt := h.spec(proffer.Shell("echo yes > ready; until [ -e go ]; do sleep 0.02; done; kill -USR1 $$"))
	started := h.start(runs)
	h.start(ends)
	h.start(killedByIt)
	h.run(ended)
	h.awaitFile(ends, "ready")
	h.awaitFile(killedByIt, "ready")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	for _, spec := range []string{ends.Sandbox, killedByIt.Sandbox} {
		if err := os.WriteFile(filepath.Join(spec, "go"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.awaitFile(ends, "over")
	h.open()

	check(h, "exit before", h.await(ended.ID), proffer.ExitStatus{Code: 41})
	check(h, "exit meanwhile", h.await(ends.ID), proffer.ExitStatus{Code: 42})
	check(h, "signal meanwhile", h.await(killedByIt.ID),
		proffer.ExitStatus{Code: 128 + int(syscall.SIGUSR1), Signal: syscall.SIGUSR1})
	list, err := h.List(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("List: got %v, %v, want four containers", list, err)
	}
	for _, c := range list {
		if c.ID == runs.ID {
			check(h, "label", c.Labels["which"], "runs")
			check(h, "process id", c.PID, started.PID)
			check(h, "start", c.Started.Equal(started.Started), true)
			check(h, "runs", c.Exit == nil, true)
		}
	}
	h.kill(runs.ID)
	check(h, "exit after Kill", h.await(runs.ID), killed)
}

func outputGoesOn(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("i=0; until [ -e go ]; do i=$((i+1)); echo $i; echo $i > last; done"))
	h.start(spec)
	h.awaitFile(spec, "last")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	before := h.read(spec, "last")
	h.eventually("the command to go on without the program", func() bool { return h.read(spec, "last") > before+"00" || len(h.read(spec, "last")) > len(before)+2 },
		func() string { return h.read(spec, "last") })
	h.open()
	if err := os.WriteFile(filepath.Join(spec.Sandbox, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check(h, "exit", h.await(spec.ID), proffer.ExitStatus{})
	lines := strings.Split(strings.TrimSuffix(h.read(spec, "stdout"), "\n"), "\n")
	for i, line := range lines {
		if line != fmt.Sprint(i+1) {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
	check(h, "lines", fmt.Sprintf("%d\n", len(lines)), h.read(spec, "last"))
}

func killedProgramLeavesNothing(t *testing.T, s Subject) {
	if s.NewEndingWithProgram == nil {
		t.Skip("containers outlive the program in any case")
	}
	h := newHost(t, s)
	dir := t.TempDir()
	remove := filepath.Join(dir, "remove")
	if err := os.Mkdir(remove, 0o755); err != nil {
		t.Fatal(err)
	}
	victim := startVictim(t, victimVariable, remove)
	pids := victim.awaitReady(t)
	if err := victim.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.cmd.Wait() // it was killed
	h.eventually("the processes to go", func() bool {
		for _, pid := range pids {
			if syscall.Kill(pid, 0) == nil {
				return false
			}
		}
		return true
	}, func() string { return fmt.Sprint(pids) })
	h.eventually("the files to go", func() bool {
		_, err := os.Stat(remove)
		return os.IsNotExist(err)
	}, func() string { return remove })
	left, err := os.ReadDir(victim.tmp)
	if len(left) > 0 || err != nil {
		t.Errorf("temporary files: got %v, %v, want none", left, err)
	}
	h.checkLeftovers()
}

func containersEndWithClose(t *testing.T, s Subject) {
	if s.NewEndingWithProgram == nil {
		t.Skip("containers outlive the program in any case")
	}
	h := newHost(t, s)
	remove := filepath.Join(t.TempDir(), "remove")
	c, err := s.NewEndingWithProgram(remove)
	if err != nil {
		t.Fatal(err)
	}
	spec := h.spec(h.program("mention", "pid"))
	spec.Sandbox = filepath.Join(remove, "box")
	if _, err := c.Launch(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(h.awaitFile(spec, "pid"), &pid); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d runs after Close", pid)
	}
	if _, err := os.Stat(remove); !os.IsNotExist(err) {
		t.Errorf("the sandboxes are there after Close: %v", err)
	}
	h.checkLeftovers()
}
