//go:build !linux

package shim

// mountPoints knows none: bind mounts are Linux's.
func mountPoints() ([]string, error) { return nil, nil }
