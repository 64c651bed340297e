package boltstore

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/proffer-go/proffer/internal/store"
)

// FuzzRead reads files that are like a store in part: an error that names what
// is wrong, or the records, and nothing else ever.
func FuzzRead(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.db")
	s, err := Open(path)
	if err != nil {
		f.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		changes := map[string][]byte{}
		for range 60 {
			changes[string(rune('a'+rng.IntN(100)))] = make([]byte, rng.IntN(200))
		}
		if err := s.Write(f.Context(), changes); err != nil {
			f.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte{})
	f.Add(uint32(16), []byte{0xED})
	f.Add(uint32(4096*3), []byte{3, 0, 0, 0, 0, 0, 0, 0, 2})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := append([]byte{}, sound...)
		at %= uint32(len(b))
		copy(b[at:], patch)
		path := filepath.Join(t.TempDir(), "a.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		err = read(file, func([]byte, []byte) {})
		if err != nil && !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNewer) {
			t.Errorf("%v", err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
}
