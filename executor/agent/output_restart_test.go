package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proffer-go/proffer"
)

// The output of a task is whole whatever becomes of the agent: its file has
// every line once, and Config.Output gets every line; again only what came
// shortly before a crash.
func TestF20OutputIsContiguous(t *testing.T) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprintf("crash %t", crash), func(t *testing.T) {
			dir := t.TempDir()
			leaveNothing(t, dir)
			m := newFakeMaster()
			const rounds, perRound = 4, 500
			lines := []string{"count() { i=$1; while [ $i -lt $2 ]; do echo $i; i=$((i+1)); done; }"}
			var gates []gate
			for i := range rounds {
				g := newGate(t, dir, fmt.Sprintf("gate-%d", i))
				gates = append(gates, g)
				lines = append(lines, fmt.Sprintf("count %d %d", i*perRound, (i+1)*perRound), "printf half", g.pass(), "echo line")
			}
			v := startVictim(t, m, dir, "")
			m.register(t)
			m.send(run(steps("t", lines...)))
			sandbox := m.running(t, 1)["t"].Container.Sandbox
			for i, g := range gates {
				if crash {
					v.kill()
				} else {
					v.stop(t)
				}
				g.open() // while there is no agent
				m.forget()
				v = startVictim(t, m, dir, "")
				if i < rounds-1 {
					m.register(t)
				}
			}
			if end := m.end(t, "t"); end.State != proffer.TaskFinished {
				t.Errorf("status %s", end)
			}
			v.stop(t)
			want := wantedLines(rounds, perRound)
			b, err := os.ReadFile(filepath.Join(sandbox, "stdout"))
			if got := string(b); err != nil || got != strings.Join(want, "\n")+"\n" {
				t.Errorf("stdout has %d bytes, and is not what was written, %v", len(got), err)
			}
			checkOutput(t, dir, want, crash)
		})
	}
}

func wantedLines(rounds, perRound int) []string {
	var want []string
	for i := range rounds {
		for n := range perRound {
			want = append(want, fmt.Sprint(i*perRound+n))
		}
		want = append(want, "halfline")
	}
	return want
}

// checkOutput holds what Config.Output received against what was written.
// After crashes it may have gone back, never forward.
func checkOutput(t *testing.T, dir string, want []string, crash bool) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "lines"))
	if err != nil {
		t.Fatal(err)
	}
	next, again := 0, 0
	for line := range strings.Lines(string(b)) {
		text := strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "t ")
		if next < len(want) && text == want[next] {
			next++
			continue
		}
		again++
		came := next
		for next = 0; next < len(want) && want[next] != text; next++ {
		}
		if next > came {
			t.Fatalf("%q came after line %d: what is between is lost", text, came)
		}
		next++
	}
	if next != len(want) {
		t.Errorf("the last line is %d of %d", next, len(want))
	}
	if again > 0 && !crash {
		t.Errorf("lines came again without a crash: %d times it went back", again)
	}
	t.Logf("%d lines for %d, it went back %d times", strings.Count(string(b), "\n"), len(want), again)
}
