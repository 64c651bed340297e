// Package store has what all stores of records have in common: the contract,
// the errors, the bounds, [Changes], which a core gathers for one, and [Memory],
// the store of tests.
//
// A store keeps records by key, both opaque to it. It has three methods; no
// interface names them here, as each user has its own:
//
//	// Load returns every record, verified; the map is the caller's. A record
//	// that is empty is not nil.
//	Load(ctx context.Context) (map[string][]byte, error)
//
//	// Write puts and deletes records, all of them or none. It returns when
//	// they are durable. A nil value deletes, also what is not there. After an
//	// error nobody knows whether a power cut would find the old or the new
//	// records; Load and later writes go on from the old ones.
//	Write(ctx context.Context, changes map[string][]byte) error
//
//	// Close gives the store up. Later calls return ErrClosed.
//	Close() error
//
// Stores are safe for concurrent use. A context that has ended stops a call
// before it has an effect, never in the midst of one.
package store
