package agent

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// boot tells one start of the machine from others, and how long ago it was.
func boot() (id string, uptime time.Duration, err error) {
	const path = "/proc/sys/kernel/random/boot_id"
	b, err := os.ReadFile(path)
	if err != nil {
		return "", 0, fmt.Errorf("tell whether the machine was restarted: %w", err)
	}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return "", 0, fmt.Errorf("tell for how long the machine runs: %w", err)
	}
	return strings.TrimSpace(string(b)), time.Duration(t.Nano()), nil
}
