package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process"
)

func ExampleNew() {
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// exit status 3
	// hello
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		return err
	}
	// Whatever happens to this program, the containers and dir are removed.
	c, err := process.New(process.Config{RemoveAtEnd: []string{dir}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()

	sandbox := filepath.Join(dir, "greeter")
	if _, err := c.Launch(ctx, containerizer.Spec{
		ID: "greeter", Command: proffer.Shell("echo hello; exit 3"), Sandbox: sandbox,
	}); err != nil {
		return err
	}
	status, err := c.Wait(ctx, "greeter")
	if err != nil {
		return err
	}
	output, err := os.ReadFile(filepath.Join(sandbox, "stdout"))
	fmt.Printf("%v\n%s", status, output)
	return err
}
