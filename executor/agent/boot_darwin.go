package agent

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// boot tells one start of the machine from others, and how long ago it was.
func boot() (id string, uptime time.Duration, err error) {
	id, err = unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return "", 0, fmt.Errorf("tell whether the machine was restarted: %w", err)
	}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return "", 0, fmt.Errorf("tell for how long the machine runs: %w", err)
	}
	return id, time.Duration(t.Nano()), nil
}
