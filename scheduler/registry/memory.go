package registry

import (
	"context"

	"github.com/proffer-go/proffer/internal/store"
)

// InMemory is a Registry that ends with the program: for tests, and for
// masters that need not survive. Make one with [Memory].
type InMemory struct{ records *store.Memory }

var _ Registry = (*InMemory)(nil)

// Memory returns an empty registry in memory.
func Memory() *InMemory { return &InMemory{records: new(store.Memory)} }

// Load implements [Registry].
func (m *InMemory) Load(ctx context.Context) (map[string][]byte, error) { return m.records.Load(ctx) }

// Write implements [Registry].
func (m *InMemory) Write(ctx context.Context, changes map[string][]byte) error {
	if err := Check(changes); err != nil {
		return err
	}
	return m.records.Write(ctx, changes)
}

// Close implements [Registry]. The records are kept for Reopen.
func (m *InMemory) Close() error { return m.records.Close() }

// Reopen closes the registry and returns one with the same records, as a
// master that is started again finds them.
func (m *InMemory) Reopen() *InMemory { return &InMemory{records: m.records.Reopen()} }
