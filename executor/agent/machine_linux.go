package agent

import "golang.org/x/sys/unix"

func memoryBytes() (uint64, bool) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0, false
	}
	return uint64(info.Totalram) * uint64(info.Unit), true //nolint:unconvert // the types differ between processors
}
