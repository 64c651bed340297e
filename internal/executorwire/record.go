package executorwire

import (
	"bufio"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
)

// Version is that of the protocol.
const Version = 1

// The greatest size of a record in bytes. A stranger, who has not shown the
// token yet, is given less.
const (
	MaxSize         = 4 << 20
	MaxRegisterSize = 64 << 10
)

// The environment of an executor.
const (
	SocketVariable    = "PROFFER_EXECUTOR_SOCKET"
	TokenVariable     = "PROFFER_EXECUTOR_TOKEN"
	FrameworkVariable = "PROFFER_FRAMEWORK_ID"
	ExecutorVariable  = "PROFFER_EXECUTOR_ID"
)

// Write writes a record: its size as a varint, then its bytes.
func Write(w io.Writer, m proto.Message) error {
	if n := proto.Size(m); n > MaxSize {
		return fmt.Errorf("record has %d bytes, at most %d are allowed", n, MaxSize)
	}
	_, err := protodelim.MarshalTo(w, m)
	return err
}

// Read reads a record of at most limit bytes. A larger one is an error before
// any of it is read.
func Read(r *bufio.Reader, limit int64, m proto.Message) error {
	return protodelim.UnmarshalOptions{MaxSize: limit}.UnmarshalFrom(r, m)
}
