package executorwire

import (
	"bufio"
	"io"
	"net"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer/internal/clock"
)

// lingerTime is how long a writer that is to stop may take for the record that
// it is writing.
const lingerTime = time.Second

// Exchange writes what s has to conn, and has take called with every record
// that arrives, until reading or take fails; it returns that error. A reading
// that ends with the connection is io.EOF. New makes an empty record of what
// is read, blank one of what is written. When it returns, nothing writes to
// conn any more, and conn is open.
func Exchange[W, R proto.Message](conn net.Conn, in *bufio.Reader, s *Sender[W], blank func() W, empty func() R, take func(R) error) error {
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		if err := s.write(conn, stop, blank); err != nil {
			_ = conn.Close() // the reading fails, too
		}
	})
	err := readAll(in, empty, take)
	close(stop)
	_ = conn.SetWriteDeadline(clock.System.Now().Add(lingerTime)) // a closed one needs none
	writer.Wait()
	return err
}

func readAll[R proto.Message](in *bufio.Reader, empty func() R, take func(R) error) error {
	for {
		m := empty()
		if err := Read(in, MaxSize, m); err != nil {
			return err
		}
		if err := take(m); err != nil {
			return err
		}
	}
}

// write writes what there is until stop is closed.
func (s *Sender[T]) write(w io.Writer, stop <-chan struct{}, blank func() T) error {
	out := bufio.NewWriter(w)
	for {
		for m, ok := s.next(blank); ok; m, ok = s.next(blank) {
			if err := Write(out, m); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
		select {
		case <-s.wake:
		case <-stop:
			return nil
		}
	}
}
