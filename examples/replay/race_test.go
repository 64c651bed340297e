//go:build race

package main

// underRace is whether the race detector runs, which makes a replay twenty times
// slower.
const underRace = true
