package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/proffer-go/proffer/scheduler/registry"
	"github.com/proffer-go/proffer/scheduler/registry/bolt"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "registry-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // of the example alone
	path := filepath.Join(dir, "registry.db")

	first, err := bolt.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = bolt.Open(path)
	fmt.Println("in use:", errors.Is(err, registry.ErrInUse))

	if err := first.Write(context.Background(), map[string][]byte{"framework/F1": []byte("batch")}); err != nil {
		fmt.Println(err)
	}
	if err := first.Close(); err != nil {
		fmt.Println(err)
	}
	second, err := bolt.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := second.Load(context.Background())
	fmt.Printf("%s %v\n", records["framework/F1"], err)
	fmt.Println(second.Close())
	// Output:
	// in use: true
	// batch <nil>
	// <nil>
}
