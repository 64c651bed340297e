package shim

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// gate is a slow log: a write waits until it is opened.
type gate struct {
	open chan struct{}
	bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.Buffer.Write(p)
}

func newTestOutput(t *testing.T) (*output, *os.File) {
	t.Helper()
	o, err := newOutput(nil)
	if err != nil {
		t.Fatal(err)
	}
	held, err := unix.Dup(o.fd)
	if err != nil {
		t.Fatal(err)
	}
	return o, os.NewFile(uintptr(held), "held")
}

func TestDrainWaitsForASlowLog(t *testing.T) {
	o, command := newTestOutput(t)
	log := &gate{open: make(chan struct{})}
	o.carry(log)
	want := strings.Repeat("x", 50_000)
	if _, err := command.WriteString(want); err != nil {
		t.Fatal(err)
	}
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
	close(log.open)
	o.drain()
	if log.String() != want {
		t.Errorf("carried %d bytes, want %d", log.Len(), len(want))
	}
}

// A process that cannot be killed may hold the other end for ever.
func TestDrainGivesUp(t *testing.T) {
	o, command := newTestOutput(t)
	var log bytes.Buffer
	o.carry(&log)
	if _, err := command.WriteString("before"); err != nil {
		t.Fatal(err)
	}
	o.drain()
	if log.String() != "before" {
		t.Errorf("carried %q, want %q", log.String(), "before")
	}
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCaptureKeepsTheBeginning(t *testing.T) {
	c := &capture{max: 5}
	for _, s := range []string{"abc", "", "defg", "h"} {
		if n, err := c.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("Write(%q): got %d, %v", s, n, err)
		}
	}
	if string(c.bytes()) != "abcde" || !c.full {
		t.Errorf("got %q, full %t, want %q, true", c.bytes(), c.full, "abcde")
	}
	exact := &capture{max: 3}
	_, _ = exact.Write([]byte("abc"))
	if exact.full {
		t.Error("what fits exactly is called truncated")
	}
}

func TestMergeEnv(t *testing.T) {
	list := func(env ...string) (b [][]byte) {
		for _, e := range env {
			b = append(b, []byte(e))
		}
		return b
	}
	got := strings.Join(toStrings(mergeEnv(list("B=1", "A=x=y", "C="), list("B=2", "D=\xff"))), " ")
	if want := "A=x=y B=2 C= D=\xff"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
