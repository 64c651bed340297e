package bolt

import (
	"context"

	"github.com/proffer-go/proffer/internal/boltstore"
	"github.com/proffer-go/proffer/scheduler/registry"
)

// Registry is a registry in a file. Make one with [Open]. All methods are safe
// for concurrent use.
type Registry struct{ file *boltstore.Store }

var _ registry.Registry = (*Registry)(nil)

// Open opens the registry at a path, and makes it if there is nothing; the
// directory must be there. The error names the file, and wraps
// [registry.ErrInUse] when another has it open, [registry.ErrCorrupt] when it
// is damaged, and [registry.ErrNewer] when a newer version wrote it.
func Open(path string) (*Registry, error) {
	file, err := boltstore.Open(path)
	if err != nil {
		return nil, err
	}
	return &Registry{file: file}, nil
}

// Load implements [registry.Registry].
func (r *Registry) Load(ctx context.Context) (map[string][]byte, error) { return r.file.Load(ctx) }

// Write implements [registry.Registry]: in one transaction.
func (r *Registry) Write(ctx context.Context, changes map[string][]byte) error {
	if err := registry.Check(changes); err != nil {
		return err
	}
	return r.file.Write(ctx, changes)
}

// Close implements [registry.Registry].
func (r *Registry) Close() error { return r.file.Close() }
