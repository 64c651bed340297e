package boltstore

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/proffer-go/proffer/internal/store"
)

func TestANewerLayoutIsRefusedWithAdvice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		newer := binary.BigEndian.AppendUint64(nil, version+1)
		return tx.Bucket([]byte(sealBucket)).Put([]byte(sealKey), append(newer, "of another size"...))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Open(path)
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "start the newer version again") {
		t.Errorf("%v: want ErrNewer, the file and what to do", err)
	}
}

// TestAForeignFileIsLeftAlone: a file that is not a store is refused as it is.
func TestAForeignFileIsLeftAlone(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "text": strings.Repeat("not a store\n", 4000)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v: want ErrCorrupt with the file", err)
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != content {
				t.Errorf("it was changed: %d bytes, %v", len(b), err)
			}
		})
	}
}

// TestACrashDuringCreationLeavesNoStore: what is half made is made anew.
func TestACrashDuringCreationLeavesNoStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path+".new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if got, err := s.Load(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%d records, %v: want none", len(got), err)
	}
}

func TestTheDirectoryMustBeThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "a.db")
	if _, err := Open(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v: want ErrNotExist with the file", err)
	}
}
