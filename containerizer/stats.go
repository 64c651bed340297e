package containerizer

import "time"

// Unknown is the value of a figure that the implementation cannot measure.
const Unknown = -1

// Stats is what a container uses at a moment. A figure is [Unknown] where it
// cannot be measured; a limit is 0 where there is none.
type Stats struct {
	Time time.Time // when it was measured

	// CPU is the processor time that all processes used since the start.
	CPU time.Duration

	// MemoryBytes is the memory in use. By kernel accounting (cgroups) it
	// includes the page cache, as the limit does; otherwise it is the sum of
	// the resident sets, where shared pages count more than once.
	MemoryBytes      int64
	MemoryLimitBytes int64

	Processes    int64 // processes, or threads where the kernel counts those
	ProcessLimit int64

	// DroppedLogBytes counts the output that could not be written.
	DroppedLogBytes int64
}
