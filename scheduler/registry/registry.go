package registry

import (
	"context"

	"github.com/proffer-go/proffer/internal/store"
)

// Registry keeps records by key. Keys and records are opaque to it, and no
// larger than [MaxKeySize] and [MaxRecordSize]. All methods are safe for
// concurrent use. When ctx has ended, Load and Write return its cause and have
// no effect; what is under way is not torn by its end.
type Registry interface {
	// Load returns every record. It is the whole of what was written, or an
	// error that says where and what to do: nothing is returned of records
	// that are damaged ([ErrCorrupt]) or cannot be understood ([ErrNewer]).
	// The map is the caller's. A record without bytes is empty, not nil.
	Load(ctx context.Context) (map[string][]byte, error)

	// Write puts and deletes records: all of them, or none. A nil value
	// deletes, also what is not there. When it returns nil, the changes
	// survive the program and the machine. [ErrTooLarge]: a key or a record
	// is, and nothing was written. It keeps neither the map nor the records.
	Write(ctx context.Context, changes map[string][]byte) error

	// Close gives the registry up, after the calls under way. Later calls
	// return [ErrClosed]; closing again has no effect.
	Close() error
}

// The bounds of what a registry takes, in bytes. A master's records have some
// hundred bytes each.
const (
	MaxKeySize    = store.MaxKeySize
	MaxRecordSize = 1 << 20
)

// Check reports everything among changes that is beyond the bounds, joined
// into one error that wraps [ErrTooLarge], and an empty key. It is for those
// who implement a Registry.
func Check(changes map[string][]byte) error { return store.Check(changes, MaxRecordSize) }
