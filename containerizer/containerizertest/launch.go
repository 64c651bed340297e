package containerizertest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/resources"
)

func testLaunch(t *testing.T, s Subject) {
	for _, test := range []struct {
		name    string
		content string
		mode    os.FileMode
		want    error
	}{
		{"not executable", "#!/bin/sh\nexit 0\n", 0o644, containerizer.ErrNotExecutable},
		{"bad interpreter", "#!/nonexistent/interpreter\n", 0o755, containerizer.ErrNotExecutable},
		{"not a program", "just text", 0o755, containerizer.ErrNotExecutable},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHost(t, s)
			spec := h.spec(proffer.Args("./file"))
			if err := os.Mkdir(spec.Sandbox, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(spec.Sandbox, "file"), []byte(test.content), test.mode); err != nil {
				t.Fatal(err)
			}
			h.refuses(spec, test.want)
		})
	}
	for _, test := range []struct {
		name string
		edit func(*containerizer.Spec)
		want error
	}{
		{"command not found in PATH", func(s *containerizer.Spec) { s.Command = proffer.Args("no-such-command-anywhere") }, containerizer.ErrCommandNotFound},
		{"command not found by path", func(s *containerizer.Spec) { s.Command = proffer.Args("/no/such/command") }, containerizer.ErrCommandNotFound},
		{"a directory as command", func(s *containerizer.Spec) { s.Command = proffer.Args("/") }, containerizer.ErrNotExecutable},
		{"unknown user", func(s *containerizer.Spec) { s.User = "no-such-user-anywhere" }, containerizer.ErrUnknownUser},
		{"unknown rlimit", func(s *containerizer.Spec) { s.Command.Limit = []proffer.Rlimit{{Name: "fun"}} }, containerizer.ErrRlimit},
		{"no id", func(s *containerizer.Spec) { s.ID = "" }, containerizer.ErrInvalidSpec},
		{"an id with a slash", func(s *containerizer.Spec) { s.ID = "../x" }, containerizer.ErrInvalidSpec},
		{"no command", func(s *containerizer.Spec) { s.Command = nil }, containerizer.ErrInvalidSpec},
		{"relative sandbox", func(s *containerizer.Spec) { s.Sandbox = "box" }, containerizer.ErrInvalidSpec},
		{"a file as sandbox", func(s *containerizer.Spec) { s.Sandbox += "/file" }, containerizer.ErrSandbox},
		{"negative log size", func(s *containerizer.Spec) { s.Stdout.MaxBytes = -1 }, containerizer.ErrInvalidSpec},
		{"arguments too large", func(s *containerizer.Spec) { s.Command = proffer.Args("echo", string(make1(5<<20))) }, syscall.E2BIG},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHost(t, s)
			spec := h.spec(proffer.Shell("exit 0"))
			if err := os.Mkdir(spec.Sandbox, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(spec.Sandbox, "file"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			test.edit(&spec)
			h.refuses(spec, test.want)
		})
	}

	t.Run("an id twice", func(t *testing.T) { idTwice(t, s) })
	t.Run("an unknown id", func(t *testing.T) { testUnknown(newHost(t, s)) })
	t.Run("description", func(t *testing.T) { testDescription(newHost(t, s)) })
}

func make1(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// refuses checks that Launch fails for the reason and leaves the id free.
func (h *host) refuses(spec containerizer.Spec, want error) {
	h.Helper()
	_, err := h.Launch(h.Context(), spec)
	if launchError := (*containerizer.LaunchError)(nil); !errors.As(err, &launchError) || !errors.Is(err, want) {
		h.Errorf("Launch: got %T %v, want a LaunchError with %v", err, err, want)
	}
	if spec.ID == "" {
		return
	}
	if _, err := h.Wait(h.Context(), spec.ID); !errors.Is(err, containerizer.ErrUnknownContainer) {
		h.Errorf("Wait after a failed launch: got %v, want %v", err, containerizer.ErrUnknownContainer)
	}
	list, err := h.List(h.Context())
	if len(list) != 0 || err != nil {
		h.Errorf("List after a failed launch: got %v, %v, want none", list, err)
	}
	next := h.spec(proffer.Shell("exit 0"))
	if proffer.ValidateID("", spec.ID) == nil {
		next.ID = spec.ID
	}
	check(h, "exit of the next one", h.run(next), proffer.ExitStatus{})
}

func testUnknown(h *host) {
	const id = "unknown"
	ctx := h.Context()
	_, waitErr := h.Wait(ctx, id)
	_, execErr := h.Exec(ctx, id, containerizer.ExecSpec{Command: proffer.Shell("true")})
	_, statsErr := h.Stats(ctx, id)
	for name, err := range map[string]error{
		"Wait": waitErr, "Exec": execErr, "Stats": statsErr, "Kill": h.Kill(ctx, id), "Remove": h.Remove(ctx, id),
		"Signal": h.Signal(ctx, id, syscall.SIGTERM),
		"Update": h.Update(ctx, id, resources.Resources{}, containerizer.Limits{}),
	} {
		if !errors.Is(err, containerizer.ErrUnknownContainer) {
			h.Errorf("%s: got %v, want %v", name, err, containerizer.ErrUnknownContainer)
		}
	}
}

func testDescription(h *host) {
	spec := h.spec(proffer.Shell("echo $$ > pid; read x < /dev/null; exec sleep 1000"))
	spec.Labels = map[string]string{"color": "blue", "": "empty", "unicode": "…"}
	started := h.start(spec)
	h.awaitFile(spec, "pid")
	list, err := h.List(h.Context())
	if err != nil || len(list) != 1 {
		h.Fatalf("List: got %v, %v, want one container", list, err)
	}
	for name, c := range map[string]containerizer.Container{"Launch": started, "List": list[0]} {
		check(h, name+": id", c.ID, spec.ID)
		check(h, name+": sandbox", c.Sandbox, spec.Sandbox)
		check(h, name+": label", c.Labels["color"]+c.Labels[""]+c.Labels["unicode"], "blueempty…")
		check(h, name+": has a process id", c.PID > 0, true)
		check(h, name+": has a time", c.Started.IsZero(), false)
		check(h, name+": runs", c.Exit == nil && c.Ended.IsZero(), true)
	}
	if err := h.Remove(h.Context(), spec.ID); !errors.Is(err, containerizer.ErrRunning) {
		h.Errorf("Remove of a running container: got %v, want %v", err, containerizer.ErrRunning)
	}
	if err := h.Kill(h.Context(), spec.ID); err != nil {
		h.Fatal(err)
	}
	h.await(spec.ID)
	list, err = h.List(h.Context())
	if err != nil || len(list) != 1 || list[0].Exit == nil || list[0].Ended.Before(list[0].Started) {
		h.Errorf("List after the end: got %+v, %v, want one with exit and time", list, err)
	}
}

func idTwice(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("exit 0"))
	h.run(spec)
	if _, err := h.Launch(t.Context(), spec); !errors.Is(err, containerizer.ErrExists) {
		t.Errorf("Launch of an id that exists: got %v, want %v", err, containerizer.ErrExists)
	}
	if err := h.Remove(t.Context(), spec.ID); err != nil {
		t.Fatal(err)
	}
	check(h, "exit after Remove", h.run(spec), proffer.ExitStatus{})
}
