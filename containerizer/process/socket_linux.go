package process

import (
	"fmt"
	"os"
	"path/filepath"
)

// longestSocketPath is what fits into a socket's address.
const longestSocketPath = 107

// socketPath returns a name for the socket that is short enough for its
// address. done is called when it has been used.
func socketPath(path string) (short string, done func() error, err error) {
	if len(path) <= longestSocketPath {
		return path, func() error { return nil }, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), dir.Close, nil
}
