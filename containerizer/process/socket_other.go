//go:build !linux

package process

// socketPath returns path: a root directory with a long name cannot be used
// here, which the error of connecting says.
func socketPath(path string) (short string, done func() error, err error) {
	return path, func() error { return nil }, nil
}
