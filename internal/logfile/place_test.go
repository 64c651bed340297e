package logfile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proffer-go/proffer/internal/logfile"
)

// goOn follows a file that nobody writes any more, from a place, and returns
// what it read with the place where it stopped.
func goOn(t *testing.T, path string, from *logfile.Place) (string, logfile.Place) {
	t.Helper()
	ended := make(chan struct{})
	close(ended)
	var b bytes.Buffer
	var at logfile.Place
	cfg := logfile.FollowConfig{Ended: ended, From: from, At: func(file uint64, offset int64) { at.File, at.Offset = file, offset }}
	if err := logfile.Follow(t.Context(), path, &b, cfg); err != nil {
		t.Fatal(err)
	}
	at.Tail = b.Bytes()[max(b.Len()-4, 0):]
	if int64(len(at.Tail)) > at.Offset {
		at.Tail = at.Tail[int64(len(at.Tail))-at.Offset:]
	}
	return b.String(), at
}

// A follower that goes on where an earlier one stopped reads the rest, across
// rotations, and once.
func TestFollowGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	w := newWriter(t, logfile.Config{Path: path, MaxBytes: 64, MaxFiles: 100})
	var all, got strings.Builder
	var from *logfile.Place
	for i := range 200 {
		line := fmt.Sprintf("line %d\n", i)
		write(t, w, line)
		all.WriteString(line)
		if i%7 == 0 {
			part, at := goOn(t, path, from)
			got.WriteString(part)
			from = &at
		}
	}
	rest, _ := goOn(t, path, from)
	got.WriteString(rest)
	if got.String() != all.String() {
		t.Errorf("read %q", got.String())
	}
}

// A place that is not there any more is no place: everything comes again, so
// that nothing is lost.
func TestFollowFromAPlaceThatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, at := goOn(t, path, nil)
	for name, from := range map[string]logfile.Place{
		"another file":   {File: at.File + 1, Offset: 4},
		"beyond the end": {File: at.File, Offset: 100},
		"another text":   {File: at.File, Offset: 4, Tail: []byte("won\n")},
		"tail too long":  {File: at.File, Offset: 2, Tail: []byte("one\n")},
	} {
		if got, _ := goOn(t, path, &from); got != "one\ntwo\n" {
			t.Errorf("%s: read %q", name, got)
		}
	}
	if got, _ := goOn(t, path, &logfile.Place{File: at.File, Offset: 4, Tail: []byte("ne\n")}); got != "two\n" {
		t.Errorf("from the second line: read %q", got)
	}
}
