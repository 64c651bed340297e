package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// However often the program is killed, at whatever moment, starting it again
// finishes the list: every job runs once, those that fail once a retry, and
// nothing is left running.
func TestKilledAgainAndAgain(t *testing.T) {
	runs := 6
	if testing.Short() {
		runs = 2
	}
	for seed := range uint64(runs) {
		t.Run(fmt.Sprint("seed-", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 9))
			dir := t.TempDir()
			file := filepath.Join(dir, "jobs")
			write(t, file, killJobs(dir, rng))
			kills := 0
			for {
				ended, out := runUntilKilled(t, dir, time.Duration(20+rng.IntN(700))*time.Millisecond, kills < 25, "-data", "data", "-agents", "2", "-resources", "cpus:2;mem:100", file)
				if ended {
					check(t, dir, out, kills)
					return
				}
				kills++
			}
		})
	}
}

const listed = 12 // jobs

// killJobs are jobs that write down when they start and end.
func killJobs(dir string, rng *rand.Rand) string {
	var b strings.Builder
	for i := range listed {
		name := fmt.Sprint("j", i)
		command := fmt.Sprintf("echo s >> %[1]s/%[2]s.log; sleep 0.%[3]d; echo e >> %[1]s/%[2]s.log", dir, name, 1+rng.IntN(5))
		after, retries := "", 0
		if i%3 == 1 {
			after = fmt.Sprintf("%q", fmt.Sprint("j", i-1))
		}
		if i%4 == 3 { // the first attempt fails
			retries = 1
			command += fmt.Sprintf("; mkdir %s/%s.tried || exit 0; exit 3", dir, name)
		}
		fmt.Fprintf(&b, "{\"name\":%q,\"command\":%q,\"after\":[%s],\"retries\":%d}\n", name, command, after, retries)
	}
	return b.String()
}

// runUntilKilled runs the program, and kills it after a while if it is to be.
func runUntilKilled(t *testing.T, dir string, after time.Duration, kill bool, args ...string) (ended bool, out string) {
	t.Helper()
	var buffer bytes.Buffer
	c := exec.Command(program, args...)
	c.Dir, c.Stdout, c.Stderr = dir, &buffer, &buffer
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- c.Wait() }()
	if !kill {
		after = time.Minute // it hangs
	}
	select {
	case err := <-exited:
		if err != nil {
			t.Fatalf("it ended with %v:\n%s", err, &buffer)
		}
		return true, buffer.String()
	case <-time.After(after):
		_ = c.Process.Kill() // it may have ended just now
		err := <-exited
		if !kill {
			t.Fatalf("it does not end, %v:\n%s", err, &buffer)
		}
		return false, ""
	}
}

func check(t *testing.T, dir, out string, kills int) {
	t.Helper()
	if !strings.Contains(out, fmt.Sprintf("%d jobs: %d finished", listed, listed)) {
		t.Errorf("after %d kills:\n%s", kills, out)
	}
	if kills == 0 {
		t.Error("it was never killed: it proves nothing")
	}
	for i := range listed {
		want := "s\ne\n"
		if i%4 == 3 {
			want = "s\ne\ns\ne\n"
		}
		log, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("j%d.log", i)))
		if err != nil || string(log) != want {
			t.Errorf("after %d kills, job j%d: %q, want %q (%v)\n%s", kills, i, log, want, err, out)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "data", "containers", "run")); err != nil || len(left) > 0 {
		t.Errorf("containers are left: %v, %v", left, err)
	}
}
