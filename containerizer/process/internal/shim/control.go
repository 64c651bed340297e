package shim

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// request is what came in on a connection to the socket.
type request struct {
	*record.Request
	gone  <-chan struct{} // closed when the client goes away
	reply chan *record.Response
}

// serve accepts connections until the process ends.
func serve(l net.Listener, requests chan<- *request) {
	for {
		conn, err := l.Accept()
		if err != nil {
			complain(err)
			return
		}
		go serveConn(conn, requests)
	}
}

// serveConn takes one request. A client that sends none watches for the end of
// the shim, which ends the connection.
func serveConn(conn net.Conn, requests chan<- *request) {
	defer conn.Close() //nolint:errcheck // the client has gone or got its answer
	message := new(record.Request)
	if Receive(conn, message) != nil {
		return
	}
	gone := make(chan struct{})
	go func() {
		_, _ = conn.Read(make([]byte, 1)) // a client sends nothing more: it is going away
		close(gone)
	}()
	r := &request{Request: message, gone: gone, reply: make(chan *record.Response, 1)}
	requests <- r
	if err := Send(conn, <-r.reply); err != nil && !errors.Is(err, syscall.EPIPE) {
		complain(err)
	}
}

// handle answers a request, or sees to it that it will be.
func (s *shim) handle(r *request) {
	switch m := r.GetRequest().(type) {
	case *record.Request_Signal:
		r.reply <- &record.Response{Failure: s.signal(syscall.Signal(m.Signal))}
	case *record.Request_Kill:
		s.killing = true
		r.reply <- &record.Response{}
	case *record.Request_Update:
		r.reply <- &record.Response{Failure: s.update(m.Update)}
	case *record.Request_Stats:
		r.reply <- s.stats()
	case *record.Request_Exec:
		s.exec(r, m.Exec)
	default:
		r.reply <- &record.Response{Failure: failure(record.Failure_OTHER, errors.New("unknown request"))}
	}
}

var errEnded = errors.New("its command has ended or is being killed")

func (s *shim) signal(sig syscall.Signal) *record.Failure {
	if s.exited {
		return nil
	}
	// The command leads a group of its own. Nobody else reaps it, so the id is
	// still its own.
	if err := unix.Kill(-s.pid, sig); err != nil && !errors.Is(err, unix.ESRCH) {
		return failure(record.Failure_OTHER, err)
	}
	return nil
}

func (s *shim) update(l *record.Limits) *record.Failure {
	switch {
	case s.ending():
		return failure(record.Failure_EXITED, errEnded)
	case s.group == nil:
		return failure(record.Failure_NO_LIMITS, errors.New("the container has no cgroup"))
	}
	if err := s.group.Update(l); err != nil {
		return failure(record.Failure_OTHER, err)
	}
	return nil
}

func (s *shim) stats() *record.Response {
	if s.exited {
		return &record.Response{Failure: failure(record.Failure_EXITED, errEnded)}
	}
	stats := &record.Stats{DroppedLogBytes: s.logs.dropped()}
	if s.group == nil {
		stats.CpuNanoseconds, stats.MemoryBytes, stats.Processes = containerizer.Unknown, containerizer.Unknown, containerizer.Unknown
		if u, err := treeUsage(); err == nil {
			stats.CpuNanoseconds, stats.MemoryBytes, stats.Processes = int64(u.cpu+s.reapedCPU), u.resident, u.processes
		}
		return &record.Response{Stats: stats}
	}
	u, err := s.group.Usage()
	if err != nil {
		return &record.Response{Failure: failure(record.Failure_OTHER, err)}
	}
	stats.CpuNanoseconds = int64(u.CPU)
	stats.MemoryBytes, stats.MemoryLimitBytes = u.Memory, u.MemoryLimit
	stats.Processes, stats.ProcessLimit = u.Processes, u.ProcessLimit
	return &record.Response{Stats: stats}
}
