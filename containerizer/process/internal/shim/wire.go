package shim

import (
	"bufio"
	"io"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
)

// maxMessage bounds a message: beyond the arguments and the environment that
// Linux takes, and the output of an exec.
const maxMessage = 64 << 20

// Send writes a message, preceded by its length.
func Send(w io.Writer, m proto.Message) error {
	_, err := protodelim.MarshalTo(w, m)
	return err
}

// Receive reads a message that Send wrote.
func Receive(r io.Reader, m proto.Message) error {
	return protodelim.UnmarshalOptions{MaxSize: maxMessage}.UnmarshalFrom(bufio.NewReader(r), m)
}
