package proffer_test

import (
	"os"
	"strings"
	"testing"
)

// The program that the README shows is the one that runs, and it is as short as
// it says.
func TestReadmeShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("examples/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```go\n"+string(program)+"```\n") {
		t.Error("README.md does not show examples/hello/main.go as it is")
	}
	if lines := strings.Count(string(program), "\n"); lines > 60 {
		t.Errorf("examples/hello/main.go has %d lines, it is to be at most sixty", lines)
	}
}
