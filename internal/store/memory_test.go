package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer/internal/store"
)

func TestCheckNamesWhatIsTooLarge(t *testing.T) {
	err := store.Check(map[string][]byte{
		"fits":                    make([]byte, store.MaxRecordSize),
		"large":                   make([]byte, store.MaxRecordSize+1),
		strings.Repeat("k", 2000): {},
		"":                        {},
	}, store.MaxRecordSize)
	if !errors.Is(err, store.ErrTooLarge) {
		t.Fatalf("%v does not wrap ErrTooLarge", err)
	}
	for _, part := range []string{`"large"`, "has 4194305 bytes", "has 2000 bytes", "a key is empty"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "fits") {
		t.Errorf("%q complains about what fits", err)
	}
}

func TestMemoryReopensWithWhatWasWritten(t *testing.T) {
	m := new(store.Memory)
	record := []byte("one")
	if err := m.Write(t.Context(), map[string][]byte{"a": record, "b": {}}); err != nil {
		t.Fatal(err)
	}
	record[0] = 'X' // the caller's again
	next := m.Reopen()
	if _, err := m.Load(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("the old one: %v, want ErrClosed", err)
	}
	got, err := next.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]byte{"a": []byte("one"), "b": {}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
