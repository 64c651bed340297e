package registry_test

import (
	"context"
	"fmt"

	"github.com/proffer-go/proffer/scheduler/registry"
)

func ExampleMemory() {
	ctx := context.Background()
	r := registry.Memory()
	if err := r.Write(ctx, map[string][]byte{"quota/batch": []byte("cpus:8"), "quota/web": []byte("cpus:2")}); err != nil {
		fmt.Println(err)
	}
	if err := r.Write(ctx, map[string][]byte{"quota/web": nil}); err != nil {
		fmt.Println(err)
	}

	r = r.Reopen() // the master starts again
	records, err := r.Load(ctx)
	for key, record := range records {
		fmt.Printf("%s: %s\n", key, record)
	}
	fmt.Println(err)
	// Output:
	// quota/batch: cpus:8
	// <nil>
}
