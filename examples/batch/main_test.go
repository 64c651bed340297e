package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var program string

// TestMain builds the program that the tests run as a user does.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "batch-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "batch")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// batch runs the program in a folder of its own and returns what it printed and
// its exit code.
func batch(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.Command(program, args...)
	c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, strings.NewReader(stdin), &out, &errs
	temporary := t.TempDir()
	c.Env = append(os.Environ(), "TMPDIR="+temporary)
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

var (
	times = regexp.MustCompile(`\d+\.\ds`)
	space = regexp.MustCompile(`(\S) {2,}`)
)

// table returns the summary without the times, and with two spaces between the
// columns.
func table(out string) string {
	_, summary, _ := strings.Cut(times.ReplaceAllString(out, "N.Ns"), "\nJOB")
	return space.ReplaceAllString("JOB"+summary, "$1  ")
}

func TestThreeLines(t *testing.T) {
	dir := t.TempDir()
	out, stderr, code := batch(t, dir, "echo a\nexit 3\nsleep 1\n")
	if code != 1 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	want := `JOB  STATE  ATTEMPTS  TIME  RESULT  OUTPUT
job-1  finished  1  N.Ns  exit status 0  batch-logs/job-1.out
job-2  failed  1  N.Ns  exit status 3  batch-logs/job-2.out
job-3  finished  1  N.Ns  exit status 0  batch-logs/job-3.out

3 jobs: 2 finished, 1 failed, in N.Ns; output in batch-logs
`
	if diff := cmp.Diff(want, table(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(out, "FAILED job-2") || !strings.Contains(out, "exit status 3") {
		t.Errorf("the failure is not told as it happens:\n%s", out)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "batch-logs", "job-1.out")); err != nil || string(log) != "a\n" {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestDependenciesRetriesAndTimeouts(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "jobs")
	write(t, file, `
{"name":"prepare","command":"echo ready > state","env":{"A":"b"}}
{"name":"flaky","command":"test -e tried || { touch tried; echo not yet >&2; exit 7; }","after":["prepare"],"retries":1}
{"name":"use","command":["cat","state"],"after":["prepare","flaky"]}
{"name":"hang","command":"sleep 100","timeout":"100ms"}
{"name":"never","command":"echo no","after":["hang"]}
`)
	// The jobs run in sandboxes: what they share is named in full.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state", "tried"} {
		text = regexp.MustCompile(`(\s|")`+name+`\b`).ReplaceAll(text, []byte("${1}"+filepath.Join(dir, name)))
	}
	write(t, file, string(text))

	out, stderr, code := batch(t, dir, "", "-logs", "logs", "-job", "cpus:0.1", file)
	if code != 1 {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	want := `JOB  STATE  ATTEMPTS  TIME  RESULT  OUTPUT
prepare  finished  1  N.Ns  exit status 0  logs/prepare.out
flaky  finished  2  N.Ns  exit status 0  logs/flaky.2.out
use  finished  1  N.Ns  exit status 0  logs/use.out
hang  failed  1  N.Ns  it ran for longer than its maximum of 100ms: signal: terminated  logs/hang.out
never  skipped  0  N.Ns  hang did not finish  

5 jobs: 3 finished, 1 failed, 1 skipped, in N.Ns; output in logs
`
	if diff := cmp.Diff(want, table(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, part := range []string{
		"retry flaky", "exit status 7; attempt 2 of 2 in 1s", "| not yet",
		"skipped never", "hang did not finish", "5 jobs: 3 finished, 1 failed, 1 skipped",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
	if log, err := os.ReadFile(filepath.Join(dir, "logs", "use.out")); err != nil || string(log) != "ready\n" {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestStopAtTheFirstFailure(t *testing.T) {
	out, _, code := batch(t, t.TempDir(), "exit 1\ntrue\ntrue\n", "-keep-going=false", "-resources", "cpus:1;mem:100")
	if code != 1 || !strings.Contains(out, "3 jobs: 0 finished, 1 failed, 2 not run") || !strings.Contains(out, "not run: job-2, job-3") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestResourcesAreRespected(t *testing.T) {
	dir := t.TempDir()
	// Two agents of one cpu: never more than two at a time.
	job := "mkdir " + dir + "/$PROFFER_TASK_ID; ls -d " + dir + "/*.1 | wc -l; sleep 0.05; rmdir " + dir + "/$PROFFER_TASK_ID"
	out, _, code := batch(t, t.TempDir(), strings.Repeat(job+"\n", 12), "-agents", "2", "-resources", "cpus:1;mem:100", "-output")
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	counts := regexp.MustCompile(`job-\d+\.1: (\d+)\n`).FindAllStringSubmatch(out, -1)
	if len(counts) != 12 {
		t.Errorf("%d jobs told their count:\n%s", len(counts), out)
	}
	for _, c := range counts {
		if c[1] != "1" && c[1] != "2" {
			t.Errorf("%s jobs ran at a time", c[1])
		}
	}
}

func TestJobThatFitsNowhere(t *testing.T) {
	out, _, code := batch(t, t.TempDir(), "true\n", "-job", "cpus:8", "-resources", "cpus:1;mem:100")
	if code != 1 || !strings.Contains(out, "fits on no agent") || !strings.Contains(out, "short by cpus:7") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	temporary := t.TempDir()
	c := exec.Command(program, "-output", "-resources", "cpus:1;mem:100")
	c.Dir = dir
	c.Env = append(os.Environ(), "TMPDIR="+temporary)
	c.Stdin = strings.NewReader("echo up; exec sleep 1000\ntrue\n")
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		out.WriteString(lines.Text() + "\n")
		if strings.HasSuffix(lines.Text(), ": up") {
			if err := c.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	for _, part := range []string{"interrupted", "killed job-1", "2 jobs: 0 finished, 1 killed, 1 not run", "not run: job-2"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("it does not say %q:\n%s", part, out.String())
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestBadUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"no such file":             {"/no/such/file"},
		"2 files are named":        {"a", "b"},
		"-agents 0: want":          {"-agents", "0"},
		"-retries -1 is negative":  {"-retries", "-1"},
		"-resources: ":             {"-resources", "cpus:-1"},
		"-job: empty":              {"-job", ""},
		"flag provided but":        {"-nonsense"},
		"standard input:2:1: job:": {"-"},
	} {
		out, stderr, code := batch(t, t.TempDir(), "true\n{\"command\":\"a\",\"x\":1}\n", args...)
		if code != exitUsage || !strings.Contains(stderr, want) || out != "" {
			t.Errorf("%q: exit code %d, %q, %q", args, code, out, stderr)
		}
	}
	out, _, code := batch(t, t.TempDir(), "# nothing\n")
	if code != 0 || !strings.Contains(out, "0 jobs: 0 finished") {
		t.Errorf("an empty list: exit code %d\n%s", code, out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
