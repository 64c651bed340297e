package containerizertest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/proffer-go/proffer"
)

func testEnvironment(t *testing.T, s Subject) {
	t.Run("arguments", func(t *testing.T) { argumentsArrive(t, s) })
	t.Run("variables", func(t *testing.T) { variablesArrive(t, s) })
	t.Run("PATH of the program by default", func(t *testing.T) { defaultPath(t, s) })
	t.Run("PATH of the spec", func(t *testing.T) { pathOfSpec(t, s) })
	t.Run("working directory", func(t *testing.T) { workingDirectory(t, s) })
	t.Run("input is empty", func(t *testing.T) { inputIsEmpty(t, s) })
	t.Run("no descriptors but the three", func(t *testing.T) { noFurtherDescriptors(t, s) })
	t.Run("rlimits", func(t *testing.T) { rlimitsAreSet(t, s) })
	t.Run("user", func(t *testing.T) { testUser(t, s) })
}

func testUser(t *testing.T, s Subject) {
	if !s.Capabilities.Users {
		t.Skip("switching users takes root")
	}
	for _, test := range []struct{ name, user, want string }{
		{"by name", "nobody", ""},
		{"by id", "54321", "54321\n54321\n54321\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHost(t, s)
			spec := h.spec(proffer.Shell("id -u; id -g; id -G; echo mine > file; echo out > /dev/stdout"))
			spec.User = test.user
			check(h, "exit", h.run(spec), proffer.ExitStatus{})
			got := h.read(spec, "stdout")
			if test.want != "" {
				check(h, "ids and output", got, test.want+"out\n")
			}
			check(h, "is root", strings.HasPrefix(got, "0\n"), false)
			check(h, "has a group of root", slices.Contains(strings.Fields(got), "0"), false)
			check(h, "file", h.read(spec, "file"), "mine\n")
		})
	}
	t.Run("of the command before that of the spec", func(t *testing.T) {
		h := newHost(t, s)
		spec := h.spec(proffer.Shell("id -u"))
		spec.User, spec.Command.User = "nobody", "54321"
		check(h, "exit", h.run(spec), proffer.ExitStatus{})
		check(h, "id", h.read(spec, "stdout"), "54321\n")
	})
}

func argumentsArrive(t *testing.T, s Subject) {
	h := newHost(t, s)
	args := []string{"", " ", "two words", "line\nbreak", "tab\t", `quo"te's`, "$HOME `x` \\", "naïve 世界", "\xff\xfe", "-n", "*"}
	spec := h.spec(h.program("args", args...))
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	var want strings.Builder
	for _, a := range args {
		fmt.Fprintf(&want, "%q\n", a)
	}
	check(h, "arguments", h.read(spec, "stdout"), want.String())
}

func variablesArrive(t *testing.T, s Subject) {
	t.Setenv("CONTAINERIZERTEST_OUTSIDE", "must not be seen")
	h := newHost(t, s)
	spec := h.spec(h.program("env"))
	spec.Env = map[string]string{"A": "from the spec", "B": "from the spec", "PATH": "/bin:/usr/bin"}
	spec.Command.Env = map[string]string{"B": "from the command", "EMPTY": "", "LINES": "one\ntwo", "UNICODE": "世界", "GODEBUG": "x=y"}
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	want := maps.Clone(spec.Env)
	maps.Copy(want, spec.Command.Env)
	var lines []string
	for name, value := range want {
		lines = append(lines, fmt.Sprintf("%q", name+"="+value))
	}
	slices.Sort(lines)
	got := slices.DeleteFunc(strings.Split(strings.TrimSuffix(h.read(spec, "stdout"), "\n"), "\n"), func(line string) bool {
		return strings.HasPrefix(line, `"PROFFER_`)
	})
	slices.Sort(got)
	check(h, "environment", strings.Join(got, "\n"), strings.Join(lines, "\n"))
}

func defaultPath(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Args("sh", "-c", "exit 4"))
	check(h, "exit", h.run(spec), proffer.ExitStatus{Code: 4})
}

func pathOfSpec(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Args("own-command"))
	spec.Env = map[string]string{"PATH": "/nonexistent:bin:/bin"} // relative to the sandbox
	if err := os.MkdirAll(filepath.Join(spec.Sandbox, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(spec.Sandbox, "bin", "own-command"), []byte("#!/bin/sh\nexit 5\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	check(h, "exit", h.run(spec), proffer.ExitStatus{Code: 5})
}

func workingDirectory(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("pwd -P; echo made > here"))
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	real, err := filepath.EvalSymlinks(spec.Sandbox)
	if err != nil {
		t.Fatal(err)
	}
	check(h, "pwd", h.read(spec, "stdout"), real+"\n")
	check(h, "file", h.read(spec, "here"), "made\n")
}

func inputIsEmpty(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("cat; echo end"))
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	check(h, "stdout", h.read(spec, "stdout"), "end\n")
}

func noFurtherDescriptors(t *testing.T, s Subject) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("there is no /proc/self/fd here")
	}
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("exec ls /proc/self/fd"))
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	check(h, "descriptors", h.read(spec, "stdout"), "0\n1\n2\n3\n") // ls itself has the directory open
}

func rlimitsAreSet(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Sf"))
	spec.Command.Limit = []proffer.Rlimit{
		{Name: "nofile", Soft: 100, Hard: 200},
		{Name: "core", Soft: 0, Hard: 0},
		{Name: "fsize", Soft: 1 << 20, Hard: proffer.RlimitInfinity},
	}
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	check(h, "ulimit", h.read(spec, "stdout"), fmt.Sprintf("100\n200\n0\n%d\n", 1<<20/512))
}
