package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// fake2 is a directory that looks like a version 2 hierarchy, for machines
// that have none: what is written is seen.
func fake2(t *testing.T) *group2 {
	t.Helper()
	root := t.TempDir()
	saved := mount2
	mount2 = root
	t.Cleanup(func() { mount2 = saved })
	dir := filepath.Join(root, "proffer", "x")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"cgroup.subtree_control": "", "proffer/cgroup.subtree_control": "",
		"proffer/x/cgroup.controllers": "cpuset cpu io memory pids\n",
		"proffer/x/memory.swap.max":    "max\n",
		// As the kernel has them: an ordinary user could not write again to what
		// the code under test creates without a mode.
		"proffer/x/cpu.weight": "", "proffer/x/cpu.max": "", "proffer/x/memory.max": "",
		"proffer/x/pids.max": "", "proffer/x/cgroup.kill": "",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, err := create2(&record.Cgroup{Version: 2, Paths: map[string]string{"": "/proffer/x"}},
		&record.Limits{CpuShares: 512, MemoryBytes: 64 << 20, Processes: 100})
	if err != nil {
		t.Fatal(err)
	}
	return g.(*group2)
}

func (g *group2) expect(t *testing.T, want map[string]string) {
	t.Helper()
	for name, value := range want {
		b, err := os.ReadFile(filepath.Join(g.dir, name))
		if got := strings.TrimSpace(string(b)); got != value || err != nil {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, value)
		}
	}
}

func TestVersion2Limits(t *testing.T) {
	g := fake2(t)
	g.expect(t, map[string]string{
		"cpu.weight": "50", "cpu.max": "max 100000", "memory.max": "67108864", "memory.swap.max": "0",
		"pids.max": "164", "../cgroup.subtree_control": "+cpu +memory +pids",
	})
	for _, test := range []struct {
		limits *record.Limits
		want   map[string]string
	}{
		{
			&record.Limits{CpuShares: 2048, CpuQuotaThousandths: 1500, MemoryBytes: 1 << 20, Processes: 100},
			map[string]string{"cpu.weight": "200", "cpu.max": "150000 100000", "memory.max": "1048576", "memory.swap.max": "0", "pids.max": "100"},
		},
		{
			&record.Limits{},
			map[string]string{"cpu.weight": "100", "cpu.max": "max 100000", "memory.max": "9223372036854775807", "memory.swap.max": "9223372036854775807", "pids.max": "max"},
		},
		{&record.Limits{CpuShares: 1}, map[string]string{"cpu.weight": "1"}},
		{&record.Limits{CpuShares: 1 << 30}, map[string]string{"cpu.weight": "10000"}},
	} {
		if err := g.Update(test.limits); err != nil {
			t.Fatal(err)
		}
		g.expect(t, test.want)
	}
}

func TestVersion2Kill(t *testing.T) {
	g := fake2(t)
	if err := os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), []byte("1073741824\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := g.Kill(); n != 1 || err != nil {
		t.Errorf("Kill: got %d, %v, want one process", n, err)
	}
	g.expect(t, map[string]string{"cgroup.kill": "1", "pids.max": "1"})
}

func TestVersion2NeedsAllControllers(t *testing.T) {
	g := fake2(t)
	if err := os.WriteFile(filepath.Join(g.dir, "cgroup.controllers"), []byte("cpu pids\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.requireControllers(); err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("got %v, want an error that names memory", err)
	}
}
