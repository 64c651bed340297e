package agent

import (
	"bytes"
	"path/filepath"
	"sync"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/agentcore"
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
// called, which returns when all of it has been delivered. It goes on where an
// earlier agent of the work directory was.
func (a *Agent) follow(s *agentcore.Start, sandbox string) (finish func()) {
	if a.cfg.Output == nil {
		return func() {}
	}
	ended := make(chan struct{})
	var followers sync.WaitGroup
	for _, name := range []string{"stdout", "stderr"} {
		l := &liner{emit: a.cfg.Output, line: Line{FrameworkID: s.FrameworkID, TaskID: s.Task.ID, Stderr: name == "stderr"}}
		cfg := logfile.FollowConfig{Ended: ended, Clock: a.clock}
		if a.cfg.Checkpoint {
			stream := stream{s.Container, name}
			cfg.From = a.places.get(stream)
			cfg.At = func(file uint64, offset int64) {
				if p, ok := l.place(file, offset); ok {
					a.places.set(stream, p)
				}
			}
		}
		followers.Go(func() {
			err := logfile.Follow(a.life, filepath.Join(sandbox, name), l, cfg)
			if a.cfg.Checkpoint && a.life.Err() != nil {
				return // a line without an end will have one
			}
			l.flush()
			if err != nil && a.life.Err() == nil {
				a.log.Warn("output not followed", zap.String("task_id", string(s.Task.ID)), zap.Error(err))
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
	tail []byte // of what was delivered
}

// Write implements [io.Writer].
func (l *liner) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		line, after, whole := bytes.Cut(p, []byte{'\n'})
		end := "\n"
		if room := maxLine - len(l.rest); len(line) > room {
			line, after, whole, end = p[:room], p[room:], true, ""
		}
		l.rest = append(l.rest, line...)
		if whole {
			l.deliver(end)
		}
		p = after
	}
	return n, nil
}

// flush delivers a last line without an end.
func (l *liner) flush() {
	if len(l.rest) > 0 {
		l.deliver("")
	}
}

// maxTail is how much is kept of what was delivered, to recognise the place.
const maxTail = 64

func (l *liner) deliver(end string) {
	l.line.Text = string(l.rest)
	l.emit(l.line)
	l.tail = append(append(l.tail[:0], l.rest[max(len(l.rest)-maxTail, 0):]...), end...)
	l.rest = l.rest[:0]
}

// place returns where the first line begins that was not delivered, when
// offset bytes of a file were written here; false if that is in an earlier
// file.
func (l *liner) place(file uint64, offset int64) (logfile.Place, bool) {
	begin := offset - int64(len(l.rest))
	if begin < 0 {
		return logfile.Place{}, false
	}
	tail := l.tail[max(int64(len(l.tail))-begin, 0):]
	return logfile.Place{File: file, Offset: begin, Tail: bytes.Clone(tail)}, true
}
