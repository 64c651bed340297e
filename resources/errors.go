package resources

import (
	"errors"
	"strings"
)

// The sorts of errors of this package. Every error it returns wraps exactly
// one of them and names the resource, the value and what would be right.
var (
	// ErrInvalid marks input that does not describe a resource: bad syntax, a
	// negative or too precise number, an empty range, a name out of bounds.
	ErrInvalid = errors.New("resources: invalid")

	// ErrOverflow marks a sum that does not fit into a [Scalar].
	ErrOverflow = errors.New("resources: overflow")

	// ErrKind marks one name used for two kinds of value.
	ErrKind = errors.New("resources: kinds differ")

	// ErrTwice marks something that exists once, such as a port, an item of a
	// set, a mount disk or a persistent volume, and is counted twice.
	ErrTwice = errors.New("resources: counted twice")
)

// excerptLength keeps error texts readable whatever the input was.
const excerptLength = 64

func excerpt(s string) string {
	if len(s) <= excerptLength {
		return s
	}
	return strings.ToValidUTF8(s[:excerptLength], "") + "…"
}
