package containerizer_test

import (
	"errors"
	"fmt"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
)

func ExampleSpec_Validate() {
	spec := containerizer.Spec{ID: "web", Command: proffer.Shell("exec nginx"), Sandbox: "sandbox"}
	err := spec.Validate()
	fmt.Println(errors.Is(err, containerizer.ErrInvalidSpec))
	fmt.Println(err)
	// Output:
	// true
	// containerizer: invalid spec: sandbox "sandbox" is not an absolute path
}
