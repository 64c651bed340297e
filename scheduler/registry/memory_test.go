package registry_test

import (
	"testing"

	"github.com/proffer-go/proffer/scheduler/registry"
	"github.com/proffer-go/proffer/scheduler/registry/registrytest"
)

func TestMemoryConforms(t *testing.T) {
	places := map[string]*registry.InMemory{}
	registrytest.Run(t, registrytest.Subject{
		Open: func(place string) (registry.Registry, error) {
			if earlier, ok := places[place]; ok {
				places[place] = earlier.Reopen()
			} else {
				places[place] = registry.Memory()
			}
			return places[place], nil
		},
	})
}
