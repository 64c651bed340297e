package record_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

func sample() *record.Container {
	return &record.Container{
		Id: "a", Labels: map[string]string{"b": "c", "d": "e"}, Sandbox: []byte("/x"), Pid: 7, StartedUnixNano: 1 << 60,
		Cgroup: &record.Cgroup{Version: 1, Paths: map[string]string{"cpu": "/p", "memory": "/q"}},
	}
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := record.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	got := new(record.Container)
	if err := record.Decode(encode(t, sample()), got); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(sample(), got) {
		t.Errorf("got %v, want %v", got, sample())
	}
}

// Every shortened record is named as such, and so is every changed byte.
func TestDamage(t *testing.T) {
	b := encode(t, sample())
	for n := range b {
		if err := record.Decode(b[:n], new(record.Container)); !errors.Is(err, record.ErrCorrupt) {
			t.Errorf("%d of %d bytes: got %v, want %v", n, len(b), err, record.ErrCorrupt)
		}
		changed := append([]byte(nil), b...)
		changed[n] ^= 0x40
		if err := record.Decode(changed, new(record.Container)); !errors.Is(err, record.ErrCorrupt) && !errors.Is(err, record.ErrNewer) {
			t.Errorf("byte %d changed: got %v, want %v or %v", n, err, record.ErrCorrupt, record.ErrNewer)
		}
	}
	if err := record.Decode(append(b, 0), new(record.Container)); !errors.Is(err, record.ErrCorrupt) {
		t.Errorf("a byte too many: got %v, want %v", err, record.ErrCorrupt)
	}
	if err := record.Decode(b, new(record.Exit)); !errors.Is(err, record.ErrCorrupt) {
		t.Errorf("another kind: got %v, want %v", err, record.ErrCorrupt)
	}
}

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	if err := record.Read(path, new(record.Exit)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v, want %v", err, fs.ErrNotExist)
	}
	for _, durable := range []bool{false, true} {
		for code := range uint32(2) {
			if err := record.Write(path, &record.Exit{Code: code}, durable); err != nil {
				t.Fatal(err)
			}
			got := new(record.Exit)
			if err := record.Read(path, got); err != nil || got.GetCode() != code {
				t.Errorf("got %v, %v, want code %d", got, err, code)
			}
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("files: got %v, %v, want the record alone", entries, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(encode(f, &record.Exit{Code: 3, Signal: 9, Oom: true}))
	f.Add(encode(f, &record.Instance{Name: "x"}))
	f.Add([]byte("PROFREC\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []proto.Message{new(record.Container), new(record.Exit), new(record.Instance)} {
			err := record.Decode(b, m)
			if err != nil {
				if !errors.Is(err, record.ErrCorrupt) && !errors.Is(err, record.ErrNewer) {
					t.Fatalf("got %v, want it to wrap %v or %v", err, record.ErrCorrupt, record.ErrNewer)
				}
				continue
			}
			again := m.ProtoReflect().New().Interface()
			if err := record.Decode(encode(t, m), again); err != nil || !proto.Equal(m, again) {
				t.Fatalf("decoded and encoded again: got %v, %v, want %v", again, err, m)
			}
		}
	})
}
