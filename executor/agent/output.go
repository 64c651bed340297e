package agent

import (
	"bytes"
	"path/filepath"
	"sync"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/logfile"
)

// Line is a line that a command task wrote.
type Line struct {
	FrameworkID proffer.FrameworkID
	TaskID      proffer.TaskID
	Stderr      bool // else stdout

	// Text is the line without its end. A line of more than 64 KiB comes in
	// pieces.
	Text string
}

const maxLine = 64 << 10

// follow has Config.Output called with the output of a task, until finish is
// called, which returns when all of it has been delivered.
func (a *Agent) follow(framework proffer.FrameworkID, task proffer.TaskID, sandbox string) (finish func()) {
	if a.cfg.Output == nil {
		return func() {}
	}
	ended := make(chan struct{})
	var followers sync.WaitGroup
	for _, name := range []string{"stdout", "stderr"} {
		l := &liner{emit: a.cfg.Output, line: Line{FrameworkID: framework, TaskID: task, Stderr: name == "stderr"}}
		followers.Go(func() {
			err := logfile.Follow(a.life, filepath.Join(sandbox, name), l, logfile.FollowConfig{Ended: ended, Clock: a.clock})
			l.flush()
			if err != nil && a.life.Err() == nil {
				a.log.Warn("output not followed", zap.String("task_id", string(task)), zap.Error(err))
			}
		})
	}
	return func() {
		close(ended)
		followers.Wait()
	}
}

// liner cuts what is written to it into lines.
type liner struct {
	emit func(Line)
	line Line
	rest []byte // without an end so far
}

// Write implements [io.Writer].
func (l *liner) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		line, after, whole := bytes.Cut(p, []byte{'\n'})
		if room := maxLine - len(l.rest); len(line) > room {
			line, after, whole = p[:room], p[room:], true
		}
		l.rest = append(l.rest, line...)
		if whole {
			l.deliver()
		}
		p = after
	}
	return n, nil
}

// flush delivers a last line without an end.
func (l *liner) flush() {
	if len(l.rest) > 0 {
		l.deliver()
	}
}

func (l *liner) deliver() {
	l.line.Text = string(l.rest)
	l.emit(l.line)
	l.rest = l.rest[:0]
}
