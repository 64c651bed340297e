package crashpoint_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/proffer-go/proffer/internal/crashpoint"
)

const helperVariable = "PROFFER_TEST_CRASHPOINT"

func TestMain(m *testing.M) {
	if os.Getenv(helperVariable) != "" {
		for i := range 5 {
			fmt.Println(i)
			crashpoint.Hit("here")
			crashpoint.Hit("there")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAProgramDiesWhereItIsTold(t *testing.T) {
	for at, want := range map[string]string{
		"": "0\n1\n2\n3\n4\n", "nowhere": "0\n1\n2\n3\n4\n",
		"here": "0\n", "there#1": "0\n", "here#3": "0\n1\n2\n", "there#9": "0\n1\n2\n3\n4\n",
	} {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), helperVariable+"=1", crashpoint.Variable+"="+at)
		out, err := cmd.Output()
		if string(out) != want {
			t.Errorf("%q: it came to %q, want %q", at, out, want)
		}
		dies := len(want) < len("0\n1\n2\n3\n4\n")
		var exit *exec.ExitError
		killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
		if killed != dies {
			t.Errorf("%q: %v, want it killed: %t", at, err, dies)
		}
	}
}

func BenchmarkHit(b *testing.B) {
	for b.Loop() {
		crashpoint.Hit("here")
	}
}
