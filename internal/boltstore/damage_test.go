package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proffer-go/proffer/internal/store"
)

// history fills a new store with enough for branches, a free list, overflow
// pages and a bucket of its own size, and returns the file with its content.
func history(t *testing.T, rng *rand.Rand, records int) ([]byte, map[string][]byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	want := map[string][]byte{}
	for i := 0; i < records || i == 0; i += 50 {
		changes := map[string][]byte{}
		for range min(records, 50) {
			k := fmt.Sprintf("task/framework/%d", rng.IntN(records))
			changes[k] = make([]byte, rng.IntN(300))
			switch rng.IntN(20) {
			case 0:
				changes[k] = nil
			case 1:
				changes[k] = make([]byte, 10_000)
			}
			for j := range changes[k] {
				changes[k][j] = byte(rng.Uint32())
			}
		}
		if err := s.Write(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
		maps.Copy(want, changes)
		maps.DeleteFunc(want, func(_ string, v []byte) bool { return v == nil })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b, want
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestDamageIsFoundOrHarmless flips bits and cuts files in many places. What is
// opened then has exactly the content that was written, and goes on to take and
// keep more; anything else is an error that names the file.
func TestDamageIsFoundOrHarmless(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	tries := 300
	if testing.Short() {
		tries = 50
	}
	for _, records := range []int{0, 5, 2000} {
		t.Run(fmt.Sprintf("%d records", records), func(t *testing.T) {
			sound, want := history(t, rng, records)
			path := filepath.Join(t.TempDir(), "damaged.db")
			found := 0
			for try := range tries {
				damaged, how := spoil(rng, sound)
				if err := os.WriteFile(path, damaged, 0o600); err != nil {
					t.Fatal(err)
				}
				err := use(t.Context(), path, want)
				switch {
				case err == nil:
				case !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), path):
					t.Fatalf("seed %d, try %d: %s: %v", seed, try, how, err)
				default:
					found++
				}
			}
			t.Logf("%d of %d damages were found, the others did no harm", found, tries)
			if found == 0 {
				t.Error("none was found")
			}
		})
	}
}

// spoil damages a copy of a file.
func spoil(rng *rand.Rand, sound []byte) (damaged []byte, how string) {
	const page = 4096
	b := append([]byte{}, sound...)
	pages := len(b) / page
	switch rng.IntN(8) {
	case 0: // cut anywhere
		n := rng.IntN(len(b))
		return b[:n], fmt.Sprintf("cut at %d", n)
	case 1: // cut between pages
		n := rng.IntN(pages) * page
		return b[:n], fmt.Sprintf("cut at %d", n)
	case 2: // a page that was never written
		at := rng.IntN(pages) * page
		clear(b[at : at+page])
		return b, fmt.Sprintf("page %d empty", at/page)
	case 3: // a page in the place of another
		from, to := rng.IntN(pages)*page, rng.IntN(pages)*page
		copy(b[to:to+page], sound[from:])
		return b, fmt.Sprintf("page %d written over page %d", from/page, to/page)
	case 4: // a burst
		at := rng.IntN(len(b))
		n := min(1+rng.IntN(64), len(b)-at)
		for i := at; i < at+n; i++ {
			b[i] = byte(rng.Uint32())
		}
		return b, fmt.Sprintf("%d bytes from %d", n, at)
	case 5: // one bit at the beginning of a page, where its structure is
		at := rng.IntN(pages)*page + rng.IntN(256)
		bit := rng.IntN(8)
		b[at] ^= 1 << bit
		return b, fmt.Sprintf("bit %d of byte %d", bit, at)
	default: // one bit anywhere
		at, bit := rng.IntN(len(b)), rng.IntN(8)
		b[at] ^= 1 << bit
		return b, fmt.Sprintf("bit %d of byte %d", bit, at)
	}
}

// use opens a store, expects the content, writes a lot more and expects that.
func use(ctx context.Context, path string, want map[string][]byte) (err error) {
	s, err := Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	got, err := s.Load(ctx)
	if err != nil {
		return err
	}
	if len(got) == 0 && len(want) == 0 {
		return nil
	}
	if !maps.EqualFunc(want, got, bytes.Equal) {
		return fmt.Errorf("the content is another: %d records, want %d", len(got), len(want))
	}
	later := maps.Clone(want)
	for round := range 3 {
		changes := map[string][]byte{}
		for i := range 300 {
			changes[fmt.Sprintf("later/%d/%d", round, i)] = make([]byte, 100)
		}
		if err := s.Write(ctx, changes); err != nil {
			return err
		}
		maps.Copy(later, changes)
	}
	got, err = s.Load(ctx)
	if err != nil {
		return errors.New("after more writes: " + err.Error()) // not ErrCorrupt: it was sound before
	}
	if !maps.EqualFunc(later, got, bytes.Equal) {
		return fmt.Errorf("the content is another after more writes: %d records, want %d", len(got), len(later))
	}
	return nil
}

// TestDamageWhileOpenIsFound: what goes bad under a store that is open is an
// error of Write or Load, and the store can be closed.
func TestDamageWhileOpenIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	sound, want := history(t, rng, 2000)
	for _, at := range []int{0, len(sound) / 2} { // all but what the meta pages need
		path := filepath.Join(t.TempDir(), "a.db")
		if err := os.WriteFile(path, sound, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, int64(at)); err != nil {
			t.Fatal(err)
		}
		changes := map[string][]byte{}
		for i := range 2000 {
			changes[fmt.Sprintf("task/framework/%d", i)] = []byte("new")
		}
		writeErr := s.Write(t.Context(), changes)
		if !errors.Is(writeErr, store.ErrCorrupt) || !strings.Contains(writeErr.Error(), path) {
			t.Errorf("cut at %d: write: %v, want ErrCorrupt with the file", at, writeErr)
		}
		if _, err := s.Load(t.Context()); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("cut at %d: load: %v, want ErrCorrupt", at, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("cut at %d: close: %v", at, err)
		}
		// Whoever repairs the file can go on at once.
		if err := os.WriteFile(path, sound, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(t.Context(), path, want); err != nil {
			t.Errorf("cut at %d and repaired: %v", at, err)
		}
	}
}
