//go:build !linux

package cgroup

import (
	"fmt"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

func unavailable() error {
	return fmt.Errorf("%w: control groups take Linux", ErrUnavailable)
}

// Find returns an error that wraps [ErrUnavailable].
func Find(string) (*record.Cgroup, error) { return nil, unavailable() }

// Try returns an error that wraps [ErrUnavailable].
func Try(*record.Cgroup) error { return unavailable() }

// Create returns an error that wraps [ErrUnavailable].
func Create(*record.Cgroup, *record.Limits) (Group, error) { return nil, unavailable() }

// Open returns an error that wraps [ErrUnavailable].
func Open(*record.Cgroup) (Group, error) { return nil, unavailable() }

// Remove has nothing to do.
func Remove(*record.Cgroup) error { return nil }

// Children has none to name.
func Children(*record.Cgroup) ([]string, error) { return nil, nil }
