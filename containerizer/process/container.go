package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
	"github.com/proffer-go/proffer/containerizer/process/internal/shim"
)

// container is the program's view of a container. What is below ended is
// written before that is closed and not changed after.
type container struct {
	record *record.Container
	dir    string
	mark   string
	conn   io.ReadCloser // ends when the shim does; nil when it has
	child  int           // process id of the shim if it is a child, 0 otherwise

	ended chan struct{}
	exit  *record.Exit
	err   error // why the exit is unknown
}

func newContainer(c *Containerizer, r *record.Container, conn io.ReadCloser, child int) *container {
	id := proffer.ContainerID(r.GetId())
	return &container{
		record: r, dir: c.state.runDir(id), mark: c.state.mark(id),
		conn: conn, child: child, ended: make(chan struct{}),
	}
}

// watch starts the goroutine that waits for the container's shim to end. The
// caller holds c.mu, or c is not in use yet.
func (c *Containerizer) watch(w *container) {
	if c.closed && c.tie == nil {
		w.release()
	}
	c.work.Go(func() {
		_, err := w.conn.Read(make([]byte, 1))                             // a shim sends nothing more: it has ended, or the connection was closed
		_ = w.conn.Close()                                                 // it was only read
		if errors.Is(err, fs.ErrClosed) || errors.Is(err, net.ErrClosed) { // of a pipe, of a socket
			return // the container lives on
		}
		if w.child != 0 {
			reap(w.child)
		}
		if c.isClosing() {
			return // it was killed and is forgotten
		}
		w.collect(c.cfg.Logger)
		close(w.ended)
	})
}

func (c *Containerizer) isClosing() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}

// release ends the watching of the container, which lives on.
func (w *container) release() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing is written to it
	}
}

// collect finds out how the container ended, after its shim has.
func (w *container) collect(log *zap.Logger) {
	exit := new(record.Exit)
	err := record.Read(filepath.Join(w.dir, shim.ExitFile), exit)
	if err == nil {
		w.exit = exit
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("its shim ended without leaving a record%s", lastWords(w.dir))
	}
	w.err = fmt.Errorf("%w: %w", containerizer.ErrExitUnknown, err)
	log.Warn("a container's exit is unknown", zap.String("container_id", w.record.GetId()), zap.Error(err))
	if err := w.killLeft(); err != nil {
		log.Error("processes or a cgroup of a container may be left", zap.String("container_id", w.record.GetId()), zap.Error(err))
	}
}

// killLeft ends what a shim that was killed has left.
func (w *container) killLeft() error {
	err := shim.KillLeft(w.mark, false)
	if w.record.GetCgroup() != nil {
		err = errors.Join(err, shim.RemoveGroup(w.record.GetCgroup()))
	}
	return err
}

// result returns how an ended container ended.
func (w *container) result() (proffer.ExitStatus, error) {
	if w.err != nil {
		return proffer.ExitStatus{}, idError(proffer.ContainerID(w.record.GetId()), w.err)
	}
	return exitStatus(w.exit), nil
}

func exitStatus(e *record.Exit) proffer.ExitStatus {
	return proffer.ExitStatus{Code: int(e.GetCode()), Signal: syscall.Signal(e.GetSignal()), OOM: e.GetOom()}
}

// describe returns the container as others see it.
func (w *container) describe() containerizer.Container {
	d := containerizer.Container{
		ID: proffer.ContainerID(w.record.GetId()), Labels: w.record.GetLabels(), Sandbox: string(w.record.GetSandbox()),
		PID: int(w.record.GetPid()), Started: time.Unix(0, w.record.GetStartedUnixNano()),
	}
	select {
	case <-w.ended:
	default:
		return d
	}
	if w.exit != nil {
		status := exitStatus(w.exit)
		d.Exit = &status
		d.Ended = time.Unix(0, w.exit.GetEndedUnixNano())
		d.DroppedLogBytes = w.exit.GetDroppedLogBytes()
	}
	return d
}
