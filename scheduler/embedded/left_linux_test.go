package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/embedded"
)

// victimEnv has the test binary be a program with a cluster. Its value is a
// mark that every process of it inherits.
const victimEnv = "PROFFER_TEST_VICTIM"

// victim runs tasks that are hard to get rid of, until it is killed.
func victim() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	marked := func(id, line string) proffer.TaskInfo {
		t := shell(id, line)
		t.Command.Env = map[string]string{victimEnv: os.Getenv(victimEnv)}
		return t
	}
	j := newJobs(
		marked("plain", "echo up; sleep 1000"),
		marked("stubborn", "trap '' TERM INT HUP; echo up; while :; do sleep 1000; done"),
		marked("daemons", "setsid sh -c 'sleep 1000 & sleep 1000' & (setsid sleep 1000 &); echo up; sleep 1000"),
		marked("talker", "echo up; while :; do echo line; sleep 0.01; done"),
	)
	up := 0
	err := embedded.Run(ctx, embedded.Config{Agents: 2, Output: func(l embedded.Line) {
		if l.Text == "up" {
			if up++; up == 4 {
				fmt.Println("ready")
			}
		}
	}}, j, scheduler.Config{Name: "victim"})
	fmt.Println("ended:", err)
}

// TestNothingIsLeft ends a program with a cluster in the midst of its work, and
// counts the processes, control groups and files that are left.
func TestNothingIsLeft(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			mark := fmt.Sprintf("%s-%d-%d", t.Name(), os.Getpid(), time.Now().UnixNano())
			temporary := t.TempDir()
			program := exec.Command(os.Args[0])
			program.Env = append(os.Environ(), victimEnv+"="+mark, "TMPDIR="+temporary)
			out, err := program.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			if !lines.Scan() || lines.Text() != "ready" {
				t.Fatalf("the program said %q", lines.Text())
			}
			processes := marked(t, mark)
			if n := len(processes); n < 9 { // itself, shims, commands, daemons
				t.Errorf("only %d processes carry the mark: it proves nothing", n)
			}
			group := groupOf(processes)
			t.Logf("%d processes, in the control groups %q", len(processes), group)
			if err := program.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() {
				t.Log(lines.Text())
			}
			_ = program.Wait() // interrupted or killed: both are errors

			eventually(t, "processes", func() []string { return marked(t, mark) })
			eventually(t, "files", func() []string { return entries(t, temporary) })
			if group != "" {
				eventually(t, "control groups", func() []string { return cgroups(group) })
			}
		})
	}
}

// eventually waits for nothing to be left: after kill -9 others clean up.
func eventually(t *testing.T, what string, left func() []string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		rest := left()
		if len(rest) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Errorf("%s are left: %q", what, rest)
			return
		}
	}
}

// marked returns the processes that have the mark in their environment.
func marked(t *testing.T, mark string) []string {
	t.Helper()
	var found []string
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		environ, err := os.ReadFile(p)
		if err != nil || !strings.Contains(string(environ), victimEnv+"="+mark) {
			continue // it has ended, or is another's
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(p), "cmdline"))
		found = append(found, filepath.Base(filepath.Dir(p))+" "+strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// groupOf returns the control group of the program's containers, from the root
// of any hierarchy: .../proffer/INSTANCE. It is empty where there are none.
func groupOf(processes []string) string {
	for _, p := range processes {
		pid, _, _ := strings.Cut(p, " ")
		lines, _ := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
		for line := range strings.Lines(string(lines)) {
			if _, below, ok := strings.Cut(strings.TrimSpace(line), "/proffer/"); ok {
				instance, _, _ := strings.Cut(below, "/")
				return "/proffer/" + instance
			}
		}
	}
	return ""
}

// cgroups returns the directories of the control group.
func cgroups(group string) []string {
	var found []string
	_ = filepath.WalkDir("/sys/fs/cgroup", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.Contains(p+"/", group+"/") {
			found = append(found, p)
		}
		return nil // groups come and go while we look
	})
	return found
}
