package store

import (
	"errors"
	"fmt"
)

// The bounds of what a store takes, in bytes. A record may hold a status with
// all the data and text that there may be.
const (
	MaxKeySize    = 1 << 10
	MaxRecordSize = 4 << 20
)

// Check reports what a store that takes records of up to maxRecord bytes does
// not take among changes: every key and record that is too large, and an empty
// key.
func Check(changes map[string][]byte, maxRecord int) error {
	var errs []error
	for key, value := range changes {
		switch {
		case key == "":
			errs = append(errs, errors.New("store: a key is empty"))
		case len(key) > MaxKeySize:
			errs = append(errs, fmt.Errorf("%w: key %.64q… has %d bytes, at most %d are stored", ErrTooLarge, key, len(key), MaxKeySize))
		case len(value) > maxRecord:
			errs = append(errs, fmt.Errorf("%w: record %q has %d bytes, at most %d are stored", ErrTooLarge, key, len(value), maxRecord))
		}
	}
	return errors.Join(errs...)
}
