package shim

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/internal/clock"
	"github.com/proffer-go/proffer/internal/logfile"
)

// drainTime is how long output is waited for that processes may still hold
// which the shim cannot kill.
const drainTime = time.Second

// output carries what a command prints to where it belongs.
type output struct {
	fd   int // the command's end; -1 when there is none
	r    *os.File
	done chan struct{} // closed when all has been carried
}

// newOutput makes a pipe whose command's end may be opened again by name, as
// in "echo > /dev/stdout", by user.
func newOutput(user *record.Credential) (*output, error) {
	r, w, err := Pipe()
	if err != nil {
		return nil, err
	}
	if user != nil {
		if err := unix.Fchown(w, int(user.GetUid()), int(user.GetGid())); err != nil {
			CloseAll(r, w)
			return nil, fmt.Errorf("give a pipe to user %d: %w", user.GetUid(), err)
		}
	}
	if err := unix.SetNonblock(r, true); err != nil {
		CloseAll(r, w)
		return nil, err
	}
	return &output{fd: w, r: os.NewFile(uintptr(r), "output"), done: make(chan struct{})}, nil
}

// carry starts a goroutine that copies to dst until the last process that
// holds the other end has ended. The command's end is closed in this process.
func (o *output) carry(dst io.Writer) {
	CloseAll(o.fd)
	go func() {
		defer close(o.done)
		buffer := make([]byte, 64<<10)
		for {
			n, err := o.r.Read(buffer)
			if n > 0 {
				_, _ = dst.Write(buffer[:n]) // log files and buffers do not fail
			}
			if err != nil {
				return
			}
		}
	}()
}

// drain waits until everything has been carried, for drainTime at most.
func (o *output) drain() {
	t := clock.System.NewTimer(drainTime)
	defer t.Stop()
	select {
	case <-o.done:
	case <-t.C():
	}
	_ = o.r.Close() // ends the goroutine
	<-o.done
}

// logs are the two outputs of the container's command.
type logs struct {
	outputs []*output
	writers []*logfile.Writer
}

// openLog returns the output for one log; nil discards.
func (l *logs) open(log *record.Log, user *record.Credential) (*output, error) {
	if len(log.GetPath()) == 0 {
		return nil, nil
	}
	w, err := logfile.NewWriter(logfile.Config{Path: string(log.GetPath()), MaxBytes: log.GetMaxBytes(), MaxFiles: int(log.GetMaxFiles())})
	if err != nil {
		return nil, err
	}
	o, err := newOutput(user)
	if err != nil {
		return nil, err
	}
	l.writers = append(l.writers, w)
	l.outputs = append(l.outputs, o)
	return o, nil
}

func (o *output) descriptor() int {
	if o == nil {
		return -1
	}
	return o.fd
}

// carry starts carrying all of them.
func (l *logs) carry() {
	for i, o := range l.outputs {
		o.carry(l.writers[i])
	}
}

func (l *logs) drain() {
	for _, o := range l.outputs {
		o.drain()
	}
}

func (l *logs) dropped() int64 {
	var n int64
	for _, w := range l.writers {
		n += w.Dropped()
	}
	return n
}
