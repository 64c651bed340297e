package containerizertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/containerizer"
)

func testExec(t *testing.T, s Subject) {
	h := newHost(t, s)
	spec := h.spec(proffer.Shell("echo yes > ready; exec sleep 1000"))
	spec.Env = map[string]string{"WHOSE": "the container's", "PATH": "/bin:/usr/bin"}
	if h.subject.Capabilities.Users {
		spec.User = "54321"
	}
	h.start(spec)
	h.awaitFile(spec, "ready")
	t.Run("exit and output", func(t *testing.T) { execResult(t, h.in(t), spec) })
	t.Run("same surroundings", func(t *testing.T) { execSurroundings(t, h.in(t), spec) })
	t.Run("bounded output", func(t *testing.T) { execOutputIsBounded(t, h.in(t), spec) })
	t.Run("ends with ctx", func(t *testing.T) { execEndsWithCtx(t, h.in(t), spec) })
	t.Run("a background process does not delay it", func(t *testing.T) { execInBackground(t, h.in(t), spec) })
	t.Run("cannot be executed", func(t *testing.T) { execRefused(t, h.in(t), spec) })
	t.Run("ends with the container", func(t *testing.T) { execEndsWithContainer(t, h.in(t)) })
	t.Run("does not touch the container's output", func(t *testing.T) { execKeepsOutput(h.in(t), spec) })
}

// exec runs a further command in a container.
func (h *host) exec(t *testing.T, in containerizer.Spec, spec containerizer.ExecSpec) containerizer.ExecResult {
	t.Helper()
	got, err := h.Exec(t.Context(), in.ID, spec)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func execResult(t *testing.T, h *host, spec containerizer.Spec) {
	got := h.exec(t, spec, containerizer.ExecSpec{Command: proffer.Shell("printf out; printf err >&2; exit 6")})
	check(h, "result", fmt.Sprintf("%+v %s %s %t", got.Exit, got.Stdout, got.Stderr, got.Truncated),
		fmt.Sprintf("%+v out err false", proffer.ExitStatus{Code: 6}))
	got = h.exec(t, spec, containerizer.ExecSpec{Command: proffer.Shell("kill -9 $$")})
	check(h, "exit", got.Exit, killed)
}

func execSurroundings(t *testing.T, h *host, spec containerizer.Spec) {
	command := proffer.Shell("echo $WHOSE $MORE; [ -e ready ] && echo here; id -u")
	command.Env = map[string]string{"MORE": "and more"}
	got := string(h.exec(t, spec, containerizer.ExecSpec{Command: command}).Stdout)
	want := "the container's and more\nhere\n"
	if h.subject.Capabilities.Users {
		want += "54321\n"
	} else {
		want += fmt.Sprintf("%d\n", syscall.Geteuid())
	}
	check(h, "output", got, want)
}

func execOutputIsBounded(t *testing.T, h *host, spec containerizer.Spec) {
	got := h.exec(t, spec, containerizer.ExecSpec{Command: proffer.Shell("echo 12345678; head -c 10000000 /dev/zero"), MaxOutput: 8})
	check(h, "stdout", string(got.Stdout), "12345678")
	check(h, "truncated", got.Truncated, true)
	check(h, "exit", got.Exit, proffer.ExitStatus{})
}

func execEndsWithCtx(t *testing.T, h *host, spec containerizer.Spec) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := h.Exec(ctx, spec.ID, containerizer.ExecSpec{Command: proffer.Shell("echo $$ > pid-$$; mv pid-$$ pid; sleep 1000; exit 0")})
		result <- err
	}()
	h.awaitFile(spec, "pid")
	cancel(enough)
	if err := <-result; !errors.Is(err, enough) {
		t.Errorf("got %v, want %v", err, enough)
	}
	h.eventually("the command to end", func() bool {
		got := h.exec(t, spec, containerizer.ExecSpec{Command: proffer.Shell("kill -0 $(cat pid)")})
		return !got.Exit.Success()
	}, func() string { return "it runs" })
}

func execInBackground(t *testing.T, h *host, spec containerizer.Spec) {
	got := h.exec(t, spec, containerizer.ExecSpec{Command: proffer.Shell("sleep 1000 & echo done")})
	check(h, "stdout", string(got.Stdout), "done\n")
}

func execRefused(t *testing.T, h *host, spec containerizer.Spec) {
	for _, test := range []struct {
		command *proffer.CommandInfo
		want    error
	}{
		{proffer.Args("no-such-command-anywhere"), containerizer.ErrCommandNotFound},
		{proffer.Args("/"), containerizer.ErrNotExecutable},
		{nil, containerizer.ErrInvalidSpec},
	} {
		_, err := h.Exec(t.Context(), spec.ID, containerizer.ExecSpec{Command: test.command})
		if launchError := (*containerizer.LaunchError)(nil); !errors.As(err, &launchError) || !errors.Is(err, test.want) {
			t.Errorf("got %T %v, want a LaunchError with %v", err, err, test.want)
		}
	}
}

func execEndsWithContainer(t *testing.T, h *host) {
	other := h.spec(proffer.Shell("exec sleep 1000"))
	h.start(other)
	result := make(chan error, 1)
	go func() {
		_, err := h.Exec(t.Context(), other.ID, containerizer.ExecSpec{Command: proffer.Shell("echo $$ > execpid; exec sleep 1000")})
		result <- err
	}()
	h.awaitFile(other, "execpid")
	h.kill(other.ID)
	check(h, "exit", h.await(other.ID), killed)
	if err := <-result; !errors.Is(err, containerizer.ErrExited) {
		t.Errorf("Exec in a container that is killed: got %v, want %v", err, containerizer.ErrExited)
	}
	h.isGone(other, "execpid")
	_, err := h.Exec(t.Context(), other.ID, containerizer.ExecSpec{Command: proffer.Shell("true")})
	if !errors.Is(err, containerizer.ErrExited) {
		t.Errorf("Exec after the end: got %v, want %v", err, containerizer.ErrExited)
	}
}

func execKeepsOutput(h *host, spec containerizer.Spec) {
	check(h, "stdout", strings.TrimSpace(h.read(spec, "stdout")), "")
}
