package store

import "errors"

// The errors of stores. They come wrapped, with the place of the store and
// what to do.
var (
	// ErrInUse: another process, or another part of this one, has the store
	// open.
	ErrInUse = errors.New("store: in use")

	// ErrCorrupt: what is stored is torn or damaged. Nothing of it is
	// returned.
	ErrCorrupt = errors.New("store: torn or corrupt")

	// ErrNewer: what is stored was written by a newer version of the program.
	ErrNewer = errors.New("store: written by a newer version")

	// ErrTooLarge: a key or a record is beyond [MaxKeySize] or
	// [MaxRecordSize]. Nothing was written.
	ErrTooLarge = errors.New("store: too large")

	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store: closed")
)
