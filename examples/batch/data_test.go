package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// begin starts the program in a folder and returns when a file is there.
func begin(t *testing.T, dir, file string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir, c.Stdout, c.Stderr = dir, new(strings.Builder), new(strings.Builder)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return c
		}
		if time.Now().After(deadline) {
			_ = c.Process.Kill()
			t.Fatalf("%s is not there: %s%s", file, c.Stdout, c.Stderr)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestSecondBatchOnADirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "jobs"), "touch "+dir+"/up; sleep 1000\n")
	first := begin(t, dir, "up", "-data", "d", "jobs")
	_, stderr, code := batch(t, dir, "", "-data", "d", "jobs")
	if code != exitUsage || !strings.Contains(stderr, "d/journal is in use") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	interrupt(t, first)
}

// interrupt ends the program as Ctrl-C does.
func interrupt(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // its exit code tells
	if code := c.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d: %s%s", code, c.Stdout, c.Stderr)
	}
}

// What was killed with the batch runs again when it goes on.
func TestInterruptedBatchGoesOn(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "jobs"), "true\ntest -e "+dir+"/up || { touch "+dir+"/up; sleep 1000; }\necho third\n")
	interrupt(t, begin(t, dir, "up", "-data", "d", "-resources", "cpus:1;mem:100", "jobs"))
	out, stderr, code := batch(t, dir, "", "-data", "d", "jobs")
	if code != 0 || !strings.Contains(out, "going on: 1 of 3 jobs had ended") || !strings.Contains(out, "3 jobs: 3 finished") {
		t.Errorf("exit code %d, %q\n%s", code, stderr, out)
	}
	// Nothing is left to do.
	out, _, code = batch(t, dir, "", "-data", "d", "jobs")
	if code != 0 || !strings.Contains(out, "going on: 3 of 3 jobs had ended") || strings.Contains(out, "   ok ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestDataOfAnotherList(t *testing.T) {
	dir := t.TempDir()
	if out, stderr, code := batch(t, dir, "true\nfalse\n", "-data", "d"); code != exitFailed {
		t.Fatalf("exit code %d, %q\n%s", code, stderr, out)
	}
	for want, jobs := range map[string]string{
		`job "job-2" (line 2) is another than it was`: "true\ntrue\n",
		`job "job-2" is not in the list any more`:     "true\n",
	} {
		if _, stderr, code := batch(t, dir, jobs, "-data", "d"); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %q, want %q", code, stderr, want)
		}
	}
	// More at the end is more to do; what failed for good stays so.
	out, _, code := batch(t, dir, "true\nfalse\necho more\n", "-data", "d")
	if code != exitFailed || !strings.Contains(out, "3 jobs: 2 finished, 1 failed") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestDamagedJournal(t *testing.T) {
	dir := t.TempDir()
	if _, stderr, code := batch(t, dir, "true\ntrue\n", "-data", "d"); code != 0 {
		t.Fatalf("exit code %d, %q", code, stderr)
	}
	journal := filepath.Join(dir, "d", "journal")
	text, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	// A line that was cut off has not been acknowledged.
	write(t, journal, string(text)+`{"job":"jo`)
	if out, stderr, code := batch(t, dir, "true\ntrue\n", "-data", "d"); code != 0 || !strings.Contains(out, "2 of 2 jobs had ended") {
		t.Errorf("exit code %d, %q\n%s", code, stderr, out)
	}
	write(t, journal, "x"+string(text))
	if _, stderr, code := batch(t, dir, "true\ntrue\n", "-data", "d"); code != exitUsage || !strings.Contains(stderr, "journal:1: ") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}
