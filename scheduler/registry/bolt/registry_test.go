package bolt_test

import (
	"path/filepath"
	"testing"

	"github.com/proffer-go/proffer/scheduler/registry"
	"github.com/proffer-go/proffer/scheduler/registry/bolt"
	"github.com/proffer-go/proffer/scheduler/registry/registrytest"
)

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	registrytest.Run(t, registrytest.Subject{
		Open: func(place string) (registry.Registry, error) {
			r, err := bolt.Open(filepath.Join(dir, place+".db"))
			if err != nil {
				return nil, err // not a nil *Registry
			}
			return r, nil
		},
		Exclusive: true,
	})
}
