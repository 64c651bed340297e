package agent

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/resources"
)

// What a machine is given when it does not say, and what is left for the
// system: as Mesos does it.
const (
	unknownMem  = 1 << 10 // MiB
	unknownDisk = 10 << 10
	systemMem   = 1 << 10
	systemDisk  = 5 << 10
)

// machine returns the resources of this machine that tasks may use.
func machine(dir string) (resources.Resources, error) {
	mem, disk := uint64(unknownMem), uint64(unknownDisk)
	if bytes, ok := memoryBytes(); ok {
		mem = allBut(bytes>>20, systemMem)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err == nil {
		disk = allBut(fs.Bavail*uint64(fs.Bsize)>>20, systemDisk)
	}
	return resources.Parse(fmt.Sprintf("cpus:%d;mem:%d;disk:%d;ports:[31000-32000]", runtime.NumCPU(), mem, disk))
}

func allBut(all, system uint64) uint64 { return max(all-min(all, system), all/2) }
