package registry

import "github.com/proffer-go/proffer/internal/store"

// The errors of a Registry. They come wrapped, with the place and what to do.
var (
	// ErrInUse: another master has the registry open.
	ErrInUse = store.ErrInUse

	// ErrCorrupt: what is stored is torn or damaged.
	ErrCorrupt = store.ErrCorrupt

	// ErrNewer: what is stored was written by a newer version.
	ErrNewer = store.ErrNewer

	// ErrTooLarge: a key or a record is beyond the bounds.
	ErrTooLarge = store.ErrTooLarge

	// ErrClosed: the registry was closed.
	ErrClosed = store.ErrClosed
)
