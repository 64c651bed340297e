// Package crashpoint lets a test kill a program at a step that has a name, as
// kill -9 or a power cut would. Shells have such points between what they write
// and what they do; cores have none. Where nothing is armed, a point costs an
// atomic load.
package crashpoint

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Variable is the environment variable that arms a point: its name, or
// NAME#3 for the third time that the program comes by. It is read once.
const Variable = "PROFFER_CRASH_AT"

type target struct {
	name string
	left atomic.Int64
}

var armed = sync.OnceValue(func() *target {
	name, count, counted := strings.Cut(os.Getenv(Variable), "#")
	if name == "" {
		return nil
	}
	t := &target{name: name}
	t.left.Store(1)
	if n, err := strconv.ParseInt(count, 10, 64); counted && err == nil {
		t.left.Store(n)
	}
	return t
})

// Armed reports whether there is a point at which the program is to die.
func Armed() bool { return armed() != nil }

// Hit kills the program if the point of that name is armed. It does not return
// then.
func Hit(name string) {
	if t := armed(); t != nil && t.name == name && t.left.Add(-1) == 0 {
		die()
	}
}

func die() {
	_ = unix.Kill(os.Getpid(), unix.SIGKILL) // the kernel has it done before this thread goes on
	select {}
}
