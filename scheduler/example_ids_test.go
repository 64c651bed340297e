package scheduler_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/proffer-go/proffer/scheduler"
)

// A framework that is to take over its tasks after a restart keeps its id. The
// driver does what this shows: Config.IDs is all that it takes.
func ExampleIDFile() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	ids := scheduler.IDFile(filepath.Join(dir, "framework-id"))

	id, err := ids.Load(ctx)
	fmt.Printf("first: %q %v\n", id, err)
	fmt.Println("subscribed:", ids.Store(ctx, "F1"))
	id, err = ids.Load(ctx)
	fmt.Printf("started again: %q %v\n", id, err)
	fmt.Println("torn down:", ids.Store(ctx, ""))
	// Output:
	// first: "" <nil>
	// subscribed: <nil>
	// started again: "F1" <nil>
	// torn down: <nil>
}
