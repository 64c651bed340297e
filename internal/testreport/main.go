// Command testreport reads the output of "go test -json" and prints how many
// tests ran, what the failed ones said, and which were skipped and why. It fails
// if a test or a package failed, if no test ran, or if one was skipped: where it
// is used, everything can run, and a test that quietly skips proves nothing. Only
// what needs real data of others, which no clone has, may skip, by saying so.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// withoutData begins the reason of a test that was skipped because the real
// data is not there; on its own inputs the same is tested elsewhere.
const withoutData = "without the real data: "

// event is one line of "go test -json"; see "go doc test2json".
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build
	Test       string
	Output     string
}

// name returns the package, without the module's path, and the test.
func (e event) name() string {
	where := e.Package + e.ImportPath
	return strings.TrimSpace(strings.TrimPrefix(where, "github.com/proffer-go/proffer/") + " " + e.Test)
}

func main() {
	if err := report(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1) //nolint:forbidigo // a command tells by its exit code
	}
}

func report(in io.Reader) error {
	var passed int
	var failed, skipped []string
	said := make(map[string]*strings.Builder)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Println(lines.Text()) // not of a test: it should be seen
			continue
		}
		name := e.name()
		switch e.Action {
		case "output", "build-output":
			if said[name] == nil {
				said[name] = new(strings.Builder)
			}
			said[name].WriteString(e.Output)
			continue
		case "fail", "build-fail":
			failed = append(failed, name)
		case "pass":
			if e.Test != "" {
				passed++
			}
		case "skip":
			if e.Test != "" {
				skipped = append(skipped, name)
			}
		default:
			continue
		}
		if e.Action == "pass" {
			delete(said, name)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	for _, name := range failed {
		fmt.Printf("--- failed: %s\n", name)
		if b := said[name]; b != nil {
			fmt.Print(b)
		}
	}
	for _, name := range skipped {
		fmt.Printf("--- skipped: %s\n%s", name, said[name])
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, len(failed), len(skipped))
	skipped = slices.DeleteFunc(skipped, func(name string) bool { return strings.Contains(said[name].String(), withoutData) })
	switch {
	case len(failed) > 0:
		return errors.New("there are failures")
	case passed == 0:
		return errors.New("no test ran")
	case len(skipped) > 0:
		return fmt.Errorf("%d tests were skipped where all can run", len(skipped))
	}
	return nil
}
