package embedded_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler/embedded"
	"github.com/proffer-go/proffer/scheduler/registry"
)

// A cluster on a directory outlives the program. One at a time uses it.
func ExampleConfig_dir() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg := embedded.Config{Dir: dir, Resources: resources.MustParse("cpus:2;mem:100")}

	first, err := embedded.Start(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = embedded.Start(cfg)
	fmt.Println("a second one is refused:", errors.Is(err, registry.ErrInUse))
	fmt.Println("what runs goes on:", first.Close())
	next, err := embedded.Start(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("and is taken over:", next.Close())
	// Output:
	// a second one is refused: true
	// what runs goes on: <nil>
	// and is taken over: <nil>
}
