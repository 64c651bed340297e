// Command testreport reads the output of "go test -json" and prints how many
// tests ran, and which were skipped and why. It fails if a test failed, if none
// ran, or if one was skipped: where it is used, everything can run, and a test
// that quietly skips proves nothing.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// event is one line of "go test -json"; see "go doc test2json".
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

func main() {
	if err := report(); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

func report() error {
	var passed, failed int
	var skipped []string
	reasons := make(map[string]string)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			continue // what a build prints is not JSON
		}
		if e.Test == "" {
			continue
		}
		name := strings.TrimPrefix(e.Package, "github.com/proffer-go/proffer/") + " " + e.Test
		switch e.Action {
		case "pass":
			passed++
		case "fail":
			failed++
			fmt.Println("failed:", name)
		case "skip":
			skipped = append(skipped, name)
		case "output":
			if _, reason, ok := strings.Cut(e.Output, ".go:"); ok {
				reasons[name] = strings.TrimSpace(reason)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	for _, name := range skipped {
		fmt.Printf("skipped: %s: %s\n", name, reasons[name])
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, len(skipped))
	switch {
	case passed == 0:
		return errors.New("no test ran")
	case failed > 0:
		return fmt.Errorf("%d tests failed", failed)
	case len(skipped) > 0:
		return fmt.Errorf("%d tests were skipped where all can run", len(skipped))
	}
	return nil
}
