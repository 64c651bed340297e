package shim

import (
	"bytes"
	"os"
	"strings"
)

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// mountPoints returns where file systems are mounted.
func mountPoints() ([]string, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var points []string
	for line := range bytes.Lines(b) {
		if f := strings.Fields(string(line)); len(f) > 4 {
			points = append(points, unescape.Replace(f[4]))
		}
	}
	return points, nil
}
