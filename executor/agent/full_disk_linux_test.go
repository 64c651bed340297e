package agent_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/executor/agent"
)

// A sandbox disk that is full drops output, and ends nobody; a task that needs
// the disk fails by itself.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk takes root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	m, _ := startRealAgent(t, agent.Config{WorkDir: dir})
	m.send(run(shell("fills", "head -c 1000000 /dev/zero > file")))
	if got := m.end(t, "fills"); got.State != proffer.TaskFailed || got.Reason != proffer.ReasonCommandExited {
		t.Errorf("status %s", got)
	}
	m.send(run(shell("writes", "echo hello; exit 0")))
	if got := m.end(t, "writes"); !got.State.Terminal() || got.State == proffer.TaskKilled {
		t.Errorf("status %s", got)
	} else {
		t.Logf("on a full disk: %s", got)
	}
	if err := os.RemoveAll(dir + "/sandboxes/F1/fills"); err != nil {
		t.Fatal(err)
	}
	stillWorks(t, m)
}
