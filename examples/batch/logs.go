package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/proffer-go/proffer"
)

// logs keeps what the jobs wrote: NAME.out and NAME.err, and NAME.2.out and
// NAME.2.err of a second attempt.
type logs struct {
	dir string
}

// tailLines is how much of the standard error of a job is shown when it fails.
const tailLines = 10

func newLogs(dir string) (*logs, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("logs: %w", err)
	}
	return &logs{dir: dir}, nil
}

// keep copies the output of an attempt that has ended out of its sandbox, and
// returns the last lines of its standard error.
func (l *logs) keep(e *entry, s proffer.TaskStatus) []string {
	if s.Container == nil {
		e.log = ""
		return nil // it never ran
	}
	name := e.name
	if e.attempts > 1 {
		name = fmt.Sprintf("%s.%d", e.name, e.attempts)
	}
	e.log = filepath.Join(l.dir, name+".out")
	stderr := filepath.Join(l.dir, name+".err")
	if err := copyLog(e.log, filepath.Join(s.Container.Sandbox, "stdout")); err != nil {
		e.log = fmt.Sprintf("lost: %v", err)
	}
	if err := copyLog(stderr, filepath.Join(s.Container.Sandbox, "stderr")); err != nil {
		return nil
	}
	return tail(stderr)
}

// copyLog copies a log with the file that was rotated out before it.
func copyLog(to, from string) (err error) {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
	}()
	for _, name := range []string{from + ".1", from} {
		in, err := os.Open(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		_ = in.Close() // only read from
		if err != nil {
			return err
		}
	}
	return nil
}

func tail(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // only read from
	var lines []string
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		if lines = append(lines, scan.Text()); len(lines) > tailLines {
			lines = lines[1:]
		}
	}
	return lines
}
