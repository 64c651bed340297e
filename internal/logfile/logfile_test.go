package logfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer/internal/logfile"
)

func newWriter(t *testing.T, cfg logfile.Config) *logfile.Writer {
	t.Helper()
	w, err := logfile.NewWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func write(t *testing.T, w *logfile.Writer, s string) {
	t.Helper()
	if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("Write: got %d, %v, want %d, nil", n, err, len(s))
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = string(data)
	}
	return got
}

func TestRotation(t *testing.T) {
	tests := []struct {
		name     string
		maxFiles int
		writes   []string
		want     map[string]string
	}{
		{"nothing", 2, nil, map[string]string{"log": ""}},
		{"fits exactly", 2, []string{"12345678"}, map[string]string{"log": "12345678"}},
		{"between lines", 2, []string{"abc\nde\nfghi\n"}, map[string]string{"log.1": "abc\nde\n", "log": "fghi\n"}},
		{"a line that fits is not split", 2, []string{"abc\n", "defghi\n"}, map[string]string{"log.1": "abc\n", "log": "defghi\n"}},
		{"a long line is split", 3, []string{"0123456789abcdefXY"}, map[string]string{"log.2": "01234567", "log.1": "89abcdef", "log": "XY"}},
		{"the oldest goes", 2, []string{"1111111\n", "2222222\n", "3333333\n"}, map[string]string{"log.1": "2222222\n", "log": "3333333\n"}},
		{"one file", 1, []string{"1111111\n", "2222222\n"}, map[string]string{"log": "2222222\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			w := newWriter(t, logfile.Config{Path: filepath.Join(dir, "log"), MaxBytes: 8, MaxFiles: test.maxFiles})
			for _, s := range test.writes {
				write(t, w, s)
			}
			if diff := cmp.Diff(test.want, files(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if w.Dropped() != 0 {
				t.Errorf("dropped %d bytes, want 0", w.Dropped())
			}
		})
	}
}

func TestContinuesAnExistingFile(t *testing.T) {
	dir := t.TempDir()
	cfg := logfile.Config{Path: filepath.Join(dir, "log"), MaxBytes: 8, MaxFiles: 2}
	for _, s := range []string{"abc\n", "def\n", "ghi\n"} {
		w := newWriter(t, cfg)
		write(t, w, s)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"log.1": "abc\ndef\n", "log": "ghi\n"}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestConfigErrors(t *testing.T) {
	_, err := logfile.NewWriter(logfile.Config{MaxBytes: -1})
	for _, want := range []string{"path is empty", "max bytes -1", "max files 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// The directory belongs to whom the log is of: what stands in the place of a
// log must not lead the writer elsewhere.
func TestRefusesLinksAndPipes(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.Symlink(target, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "pipe"} {
		if w, err := logfile.NewWriter(logfile.Config{Path: filepath.Join(dir, name), MaxBytes: 8, MaxFiles: 1}); err == nil {
			_ = w.Close()
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("the link's target was created")
	}
}

// A rotation that fails drops output, and the writer goes on once it is
// possible again.
func TestDropsAndResumes(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w := newWriter(t, logfile.Config{Path: filepath.Join(dir, "log"), MaxBytes: 4, MaxFiles: 2})
	write(t, w, "abc\n")
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	write(t, w, "def\nghi\n")
	if got := w.Dropped(); got != 8 {
		t.Errorf("dropped %d bytes, want 8", got)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	write(t, w, "jkl\n")
	if got := files(t, dir)["log"]; got != "jkl\n" {
		t.Errorf("log: got %q, want the line written after the directory came back", got)
	}
	if got := w.Dropped(); got != 8 {
		t.Errorf("dropped %d bytes, want still 8", got)
	}
}

func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small file system takes root")
	}
	dir := t.TempDir()
	mountTmpfs(t, dir, 64<<10)
	w := newWriter(t, logfile.Config{Path: filepath.Join(dir, "log"), MaxBytes: 1 << 20, MaxFiles: 2})
	write(t, w, strings.Repeat("x", 100<<10))
	info, err := os.Stat(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Size() + w.Dropped(); got != 100<<10 || w.Dropped() == 0 {
		t.Errorf("%d bytes written and %d dropped, want them to be %d together", info.Size(), w.Dropped(), 100<<10)
	}
	before := w.Dropped()
	if err := os.Truncate(filepath.Join(dir, "log"), 0); err != nil {
		t.Fatal(err)
	}
	write(t, w, "again\n")
	if w.Dropped() != before {
		t.Errorf("dropped %d bytes after there was room again", w.Dropped()-before)
	}
}

// Whatever is written within retention is read, once and in order, while the
// files rotate under the reader.
func TestFollowProperty(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for i := range uint64(10) {
		t.Run(fmt.Sprintf("seed %d", seed+i), func(t *testing.T) { followOnce(t, seed+i) })
	}
}

func followOnce(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "log")
	const total = 200_000
	// Nothing is deleted with so many files, so nothing may be missing.
	cfg := logfile.Config{Path: path, MaxBytes: 1000 + r.Int64N(5000), MaxFiles: 300}

	var want bytes.Buffer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w, err := logfile.NewWriter(cfg)
		if err != nil {
			t.Error(err)
			return
		}
		for want.Len() < total {
			line := fmt.Appendf(nil, "%d %s\n", want.Len(), strings.Repeat("x", r.IntN(3000)))
			want.Write(line)
			_, _ = w.Write(line)
		}
		if err := w.Close(); err != nil || w.Dropped() > 0 {
			t.Errorf("close: %v, dropped %d bytes", err, w.Dropped())
		}
	}()

	var got bytes.Buffer
	if err := logfile.Follow(t.Context(), path, &got, logfile.FollowConfig{Ended: ended}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("read %d bytes, written %d, or they differ", got.Len(), want.Len())
	}
}

func TestFollowFromOldestAndFromNow(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	w := newWriter(t, logfile.Config{Path: path, MaxBytes: 4, MaxFiles: 3})
	for _, line := range []string{"a1\n", "a2\n", "a3\n", "a4\n"} {
		write(t, w, line)
	}
	ended := make(chan struct{})
	close(ended)
	for _, test := range []struct {
		fromNow bool
		want    string
	}{{false, "a2\na3\na4\n"}, {true, ""}} {
		var got bytes.Buffer
		if err := logfile.Follow(t.Context(), path, &got, logfile.FollowConfig{Ended: ended, FromNow: test.fromNow}); err != nil {
			t.Fatal(err)
		}
		if got.String() != test.want {
			t.Errorf("from now %t: got %q, want %q", test.fromNow, got.String(), test.want)
		}
	}
}

// A writer that is killed in the middle of a rotation leaves a number out.
func TestFollowAcrossAHole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	for name, content := range map[string]string{"log.2": "old\n", "log": "new\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan struct{})
	close(ended)
	var got bytes.Buffer
	if err := logfile.Follow(t.Context(), path, &got, logfile.FollowConfig{Ended: ended}); err != nil {
		t.Fatal(err)
	}
	if want := "old\nnew\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

func TestFollowWaitsAndEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		var got bytes.Buffer
		result := make(chan error, 1)
		go func() { result <- logfile.Follow(ctx, path, &got, logfile.FollowConfig{}) }()
		synctest.Wait() // it waits for a file that does not exist
		w := newWriter(t, logfile.Config{Path: path, MaxBytes: 4, MaxFiles: 2})
		write(t, w, "a\nb\nc\n")
		<-time.After(time.Second)
		cancel(enough)
		if err := <-result; !errors.Is(err, enough) {
			t.Errorf("Follow: got %v, want %v", err, enough)
		}
		if want := "a\nb\nc\n"; got.String() != want {
			t.Errorf("got %q, want %q", got.String(), want)
		}
	})
}
