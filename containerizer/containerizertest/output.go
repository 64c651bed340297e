package containerizertest

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
)

func testOutput(t *testing.T, s Subject) {
	for _, test := range []struct{ name, script, stdout, stderr string }{
		{"none", "exit 0", "", ""},
		{"both", "echo out; echo err >&2; echo out again", "out\nout again\n", "err\n"},
		{"no final newline", "printf x; printf y >&2", "x", "y"},
		{"bytes", `printf '\000\377\r\n\033[0m'`, "\x00\xff\r\n\x1b[0m", ""},
		{"one line of 1 MiB", "head -c 1048576 /dev/zero | tr '\\000' x", strings.Repeat("x", 1<<20), ""},
		{"closed", "exec >&- 2>&-; echo lost; exit 0", "", ""},
		{"after the shell", "(sleep 0.1; echo late) | cat", "late\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHost(t, s)
			spec := h.spec(proffer.Shell(test.script))
			check(h, "exit", h.run(spec), proffer.ExitStatus{})
			if got := h.read(spec, "stdout"); got != test.stdout {
				t.Errorf("stdout: got %d bytes %.40q, want %d bytes %.40q", len(got), got, len(test.stdout), test.stdout)
			}
			check(h, "stderr", h.read(spec, "stderr"), test.stderr)
		})
	}

	t.Run("appended to what there is", func(t *testing.T) { outputIsAppended(t, s) })
	t.Run("complete when Wait returns", func(t *testing.T) { outputIsComplete(t, s) })
	t.Run("discarded", func(t *testing.T) { outputIsDiscarded(t, s) })
	t.Run("much stays within rotation", func(t *testing.T) { testFlood(newHost(t, s)) })
	t.Run("disk full", func(t *testing.T) { testDiskFull(newHost(t, s)) })
}

func testFlood(h *host) {
	total := 1 << 30
	if testing.Short() {
		total = 1 << 26
	}
	spec := h.spec(h.program("flood", fmt.Sprint(total)))
	spec.Stdout = containerizer.LogSpec{MaxBytes: 1 << 20, MaxFiles: 3}
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	check(h, "flooded", h.read(spec, "flooded"), "yes")
	names, err := os.ReadDir(spec.Sandbox)
	if err != nil {
		h.Fatal(err)
	}
	check(h, "files: stderr, flooded and three of stdout", len(names), 5)
	var parts strings.Builder
	for _, name := range []string{"stdout.2", "stdout.1", "stdout"} {
		part := h.read(spec, name)
		if len(part) > 1<<20 {
			h.Errorf("%s has %d bytes, want at most %d", name, len(part), 1<<20)
		}
		parts.WriteString(part)
	}
	kept := parts.String()
	// What is kept is the end, without a gap.
	if len(kept) < 2<<20 {
		h.Fatalf("kept %d bytes, want at least two files of the three full", len(kept))
	}
	for at := 0; at < len(kept); at += 64 {
		if want := fmt.Sprintf("%062d.\n", total-len(kept)+at); kept[at:at+64] != want {
			h.Fatalf("at %d of what is kept: got %q, want %q", at, kept[at:at+64], want)
		}
	}
}

func testDiskFull(h *host) {
	const size, total = 1 << 20, 4 << 20
	spec := h.spec(h.program("flood", fmt.Sprint(total)))
	if err := os.Mkdir(spec.Sandbox, 0o755); err != nil {
		h.Fatal(err)
	}
	mountSmall(h.T, spec.Sandbox, size)
	spec.Command = proffer.Shell(h.subject.Program + " " + ProgramArgument + " flood " + fmt.Sprint(total) + "; echo $?")
	spec.Stderr.Discard = true
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	list, err := h.List(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	dropped := list[0].DroppedLogBytes
	if kept := int64(len(h.read(spec, "stdout"))); dropped == 0 || kept+dropped < total || kept > size {
		h.Errorf("%d bytes kept and %d counted as dropped, want them to be at least %d and at most %d kept", kept, dropped, total, size)
	}

	// A container that writes nothing is not disturbed.
	next := h.spec(proffer.Shell("exit 3"))
	next.Sandbox = spec.Sandbox
	check(h, "exit on a full disk", h.run(next), proffer.ExitStatus{Code: 3})
}

func outputIsAppended(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("echo first"))
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	next := h.spec(proffer.Shell("echo second"))
	next.Sandbox = spec.Sandbox
	check(h, "exit", h.run(next), proffer.ExitStatus{})
	check(h, "stdout", h.read(spec, "stdout"), "first\nsecond\n")
}

func outputIsComplete(t *testing.T, s Subject) {
	h := newHost(t, s)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			spec := h.spec(h.program("flood", fmt.Sprint(8<<20)))
			if got := h.run(spec); !got.Success() || len(h.read(spec, "stdout")) != 8<<20 {
				t.Errorf("got %+v and %d bytes, want %d", got, len(h.read(spec, "stdout")), 8<<20)
			}
		})
	}
	wg.Wait()
}

func outputIsDiscarded(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("echo out; echo err >&2"))
	spec.Stdout.Discard = true
	check(h, "exit", h.run(spec), proffer.ExitStatus{})
	if _, err := os.Stat(spec.Sandbox + "/stdout"); !os.IsNotExist(err) {
		t.Errorf("stdout exists: %v", err)
	}
	check(h, "stderr", h.read(spec, "stderr"), "err\n")
}
