package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHello builds the program and runs it as a user does.
func TestHello(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hello")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	temporary := t.TempDir()
	hello := exec.Command(program)
	hello.Env = append(os.Environ(), "TMPDIR="+temporary)
	out, err := hello.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := string(out)
	for i := range 10 {
		name := fmt.Sprintf("hello-%d", i+1)
		line := strings.Index(text, fmt.Sprintf("%s | Hello from %s on A", name, name))
		running := strings.Index(text, name+" TASK_RUNNING")
		finished := strings.Index(text, name+" TASK_FINISHED")
		if running < 0 || line < 0 || finished < line || finished < running {
			t.Errorf("%s: running at %d, its output at %d, finished at %d of\n%s", name, running, line, finished, text)
		}
	}
	if !strings.HasSuffix(text, "\n10 of 10 tasks finished\n") {
		t.Errorf("no summary at the end of\n%s", text)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
