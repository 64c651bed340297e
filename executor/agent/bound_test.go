package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor/agent"
)

// F26: a task that fails at once, again and again, does not fill the disk with
// sandboxes.
func TestF26SandboxesAreBounded(t *testing.T) {
	const most = 20
	m, _ := startRealAgent(t, agent.Config{MaxSandboxes: most})
	root := ""
	for i := range 5 * most {
		id := proffer.TaskID(fmt.Sprint("crash-", i))
		m.send(run(shell(id, "exit 1")))
		root = filepath.Dir(m.end(t, id).Container.Sandbox)
	}
	var left []os.DirEntry
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		var err error
		if left, err = os.ReadDir(root); err != nil {
			t.Fatal(err)
		}
		if len(left) <= most+most/10+1 {
			break
		}
	}
	if len(left) > most+most/10+1 || len(left) < most {
		t.Errorf("%d sandboxes are left, want %d", len(left), most)
	}
	if _, err := os.Stat(filepath.Join(root, fmt.Sprint("crash-", 5*most-1))); err != nil {
		t.Errorf("the last one: %v", err)
	}
}
