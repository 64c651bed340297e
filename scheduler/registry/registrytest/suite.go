package registrytest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/proffer-go/proffer/scheduler/registry"
)

// Subject is the implementation under test.
type Subject struct {
	// Open opens the registry at a place: a new one for a place that was
	// never named before, else the one with what was written there. The suite
	// closes what it opens, and opens a place again only after that, but for
	// the test of Exclusive.
	Open func(place string) (registry.Registry, error)

	// Exclusive: a second Open of a place that is in use returns
	// [registry.ErrInUse].
	Exclusive bool

	// Records is how many the test of a large registry writes. Default
	// 100,000.
	Records int
}

// Run tests every promise of [registry.Registry].
func Run(t *testing.T, s Subject) {
	t.Helper()
	if s.Records == 0 {
		s.Records = 100_000
	}
	for _, group := range []struct {
		name string
		run  func(*place)
	}{
		{"Empty", testEmpty},
		{"Write", testWrite},
		{"EmptyRecord", testEmptyRecord},
		{"AllOrNothing", testAllOrNothing},
		{"Bounds", testBounds},
		{"Ownership", testOwnership},
		{"Cancelled", testCancelled},
		{"Closed", testClosed},
		{"Concurrent", testConcurrent},
		{"History", testHistory},
		{"Large", testLarge},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(newPlace(t, s, group.name)) })
	}
	if s.Exclusive {
		t.Run("Exclusive", func(t *testing.T) { testExclusive(newPlace(t, s, "Exclusive")) })
	}
}

// place is a registry in a test.
type place struct {
	*testing.T
	registry.Registry
	subject Subject
	name    string
}

func newPlace(t *testing.T, s Subject, name string) *place {
	t.Helper()
	p := &place{T: t, subject: s, name: name}
	p.open()
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *place) open() {
	p.Helper()
	r, err := p.subject.Open(p.name)
	if err != nil {
		p.Fatalf("open: %v", err)
	}
	p.Registry = r
}

// reopen has a later program open the place.
func (p *place) reopen() {
	p.Helper()
	if err := p.Close(); err != nil {
		p.Fatalf("close: %v", err)
	}
	p.open()
}

func (p *place) write(changes map[string][]byte) {
	p.Helper()
	if err := p.Write(p.Context(), changes); err != nil {
		p.Fatalf("write: %v", err)
	}
}

// want holds what is stored against what should be, now and after the place
// was opened again.
func (p *place) want(records map[string][]byte) {
	p.Helper()
	for _, when := range []string{"at once", "opened again"} {
		got, err := p.Load(p.Context())
		if err != nil {
			p.Fatalf("load: %v", err)
		}
		if diff := difference(records, got); diff != "" {
			p.Fatalf("%s (-want +got)\n%s", when, diff)
		}
		if when == "at once" {
			p.reopen()
		}
	}
}

// wantError reports an error that is not of the kind.
func (p *place) wantError(what string, kind, err error) {
	p.Helper()
	if !errors.Is(err, kind) {
		p.Errorf("%s: %v, want an error that wraps %q", what, err, kind)
	}
}

func key(i int) string { return fmt.Sprintf("task/framework-%d/task-%d", i%7, i) }

// difference returns the records that differ, and nothing if none do.
func difference(want, got map[string][]byte) string {
	all := maps.Clone(want)
	maps.Copy(all, got)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(all)) {
		w, wanted := want[k]
		g, found := got[k]
		if wanted == found && bytes.Equal(w, g) && (g == nil) == (w == nil) {
			continue
		}
		if wanted {
			fmt.Fprintf(&b, "- %.80q: %.80q (%d bytes)\n", k, w, len(w))
		}
		if found {
			fmt.Fprintf(&b, "+ %.80q: %.80q (%d bytes, nil: %t)\n", k, g, len(g), g == nil)
		}
	}
	return b.String()
}
