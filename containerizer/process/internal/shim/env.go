package shim

import (
	"maps"
	"slices"
	"strings"
)

// mergeEnv returns the variables of both lists, sorted; those of over win.
func mergeEnv(base, over []string) []string {
	values := make(map[string]string, len(base)+len(over))
	for _, e := range slices.Concat(base, over) {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	env := make([]string, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		env = append(env, name+"="+values[name])
	}
	return env
}
