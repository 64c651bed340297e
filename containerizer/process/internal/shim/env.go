package shim

import (
	"maps"
	"slices"
	"strings"
)

// mergeEnv returns the variables of both lists, sorted; those of over win.
func mergeEnv(base, over [][]byte) [][]byte {
	values := make(map[string]string, len(base)+len(over))
	for _, e := range slices.Concat(base, over) {
		name, value, _ := strings.Cut(string(e), "=")
		values[name] = value
	}
	env := make([][]byte, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		env = append(env, []byte(name+"="+values[name]))
	}
	return env
}
