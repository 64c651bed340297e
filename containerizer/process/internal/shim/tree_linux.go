package shim

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// stopRounds bounds how often killTree looks for processes that were forked
// while it stopped the others.
const stopRounds = 32

// process is a line of /proc/PID/stat.
type process struct {
	pid, parent int
	zombie      bool
	cpu         time.Duration // with that of its children it has waited for
	resident    int64         // bytes
}

// clockTick is the unit of times in /proc; Linux fixes it for user space.
const clockTick = time.Second / 100

// readProcess returns false if there is no such process.
func readProcess(pid int) (process, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, false
	}
	// The second field is the name, in parentheses; it may contain anything.
	end := bytes.LastIndexByte(b, ')')
	if end < 0 {
		return process{}, false
	}
	f := strings.Fields(string(b[end+1:])) // f[0] is field 3, state
	if len(f) < 22 {
		return process{}, false
	}
	p := process{pid: pid, zombie: f[0] == "Z" || f[0] == "X"}
	p.parent, err = strconv.Atoi(f[1])
	if err != nil {
		return process{}, false
	}
	for _, field := range f[11:15] { // utime, stime, cutime, cstime
		ticks, _ := strconv.ParseInt(field, 10, 64) // the kernel writes numbers
		p.cpu += time.Duration(ticks) * clockTick
	}
	pages, _ := strconv.ParseInt(f[21], 10, 64) // likewise
	p.resident = pages * int64(os.Getpagesize())
	return p, true
}

func pids() ([]int, error) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	_ = d.Close() // it was only read
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// descendants returns the processes below this one, zombies among them.
func descendants() ([]process, error) {
	pids, err := pids()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	children := make(map[int][]process)
	for _, pid := range pids {
		if p, ok := readProcess(pid); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	var found []process
	for todo := []int{os.Getpid()}; len(todo) > 0; todo = todo[1:] {
		for _, p := range children[todo[0]] {
			todo = append(todo, p.pid)
			found = append(found, p)
		}
	}
	return found, nil
}

// killTree kills all descendants. They are stopped first, so that none forks
// while the others are killed. It returns how many are on their way to their
// end, and how many belong to somebody else (set-user-id programs), about whom
// nothing can be done.
func killTree(int) (dying, beyond int, err error) {
	stopped := make(map[int]bool)
	for range stopRounds {
		found, err := descendants()
		if err != nil {
			return 0, 0, err
		}
		grown := false
		dying, beyond = 0, 0
		for _, p := range found {
			if p.zombie && p.parent == os.Getpid() {
				dying++ // to be reaped, perhaps once the last of its threads has ended
			}
			if p.zombie || stopped[p.pid] {
				continue
			}
			switch err := unix.Kill(p.pid, unix.SIGSTOP); {
			case err == nil:
				stopped[p.pid] = true
				grown = true
			case errors.Is(err, unix.EPERM):
				beyond++
			}
		}
		if !grown {
			break
		}
	}
	for pid := range stopped {
		_ = unix.Kill(pid, unix.SIGKILL) // that it has gone meanwhile is fine
	}
	return dying + len(stopped), beyond, nil
}

// treeUsage returns what the descendants use.
func treeUsage() (usage, error) {
	found, err := descendants()
	if err != nil {
		return usage{}, err
	}
	var u usage
	for _, p := range found {
		if !p.zombie {
			u.processes++
		}
		u.cpu += p.cpu
		u.resident += p.resident
	}
	return u, nil
}

// killMarked kills the processes whose environment has the mark: exactly this
// one, or with prefix any that begins with it. They are what is left when a
// shim was killed. It returns how many it found.
func killMarked(mark string, prefix bool) (int, error) {
	pids, err := pids()
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	want := []byte("\x00" + MarkVariable + "=" + mark)
	if !prefix {
		want = append(want, 0)
	}
	found := 0
	for _, pid := range pids {
		if pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		if err != nil || !bytes.Contains(append([]byte{0}, env...), want) {
			continue // gone, or somebody else's
		}
		if p, ok := readProcess(pid); ok && !p.zombie && unix.Kill(pid, unix.SIGKILL) == nil {
			found++
		}
	}
	return found, nil
}

// StartTime returns when the process was started, in ticks since boot, or
// false if there is none of this id. It tells apart processes that had the
// same id one after the other.
func StartTime(pid int) (int64, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 {
		return 0, false
	}
	start, err := strconv.ParseInt(f[19], 10, 64)
	return start, err == nil
}
