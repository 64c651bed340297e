package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What the README shows first can be followed: a batch is killed in the midst of
// its work and goes on.
func TestReadmeKillScript(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Kill it\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	dir := t.TempDir()
	for line := range strings.Lines(section) {
		if command, ok := strings.CutPrefix(line, "    $ "); ok {
			script.WriteString(strings.ReplaceAll(command, "/tmp", dir))
		}
	}
	commands := script.String()
	if testing.Short() {
		commands = strings.ReplaceAll(commands, "sleep ", "sleep 0.")
	}
	c := exec.Command("sh", "-c", commands)
	c.Dir = "../.."
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, commands, out)
	}
	for _, want := range []string{"going on: ", "6 jobs: 6 finished", "1 a\n", "1 b\n", "1 c\n", "1 d\n", "1 e\n", "1 f\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}
