package resources

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// canonicalSet sorts a set in place.
func canonicalSet(items []string) ([]string, error) {
	for _, item := range items {
		if item == "" {
			return nil, errors.New("an item of the set is empty")
		}
		if err := validateText("item", item); err != nil {
			return nil, err
		}
	}
	slices.Sort(items)
	for i := 1; i < len(items); i++ {
		if items[i] == items[i-1] {
			return nil, fmt.Errorf("item %q is in the set twice", excerpt(items[i]))
		}
	}
	return items, nil
}

// commonItem returns the first item of two canonical sets.
func commonItem(a, b []string) (string, bool) {
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0], b[0]); {
		case c == 0:
			return a[0], true
		case c < 0:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return "", false
}

// containsSet reports whether canonical a has every item of canonical b.
func containsSet(a, b []string) bool {
	return len(b) <= len(a) && len(minusSet(b, a)) == 0
}

// unionSet joins two canonical and disjoint sets.
func unionSet(a, b []string) []string {
	joined := append(slices.Clone(a), b...)
	slices.Sort(joined)
	return joined
}

// minusSet returns the items of canonical a that are not in canonical b.
func minusSet(a, b []string) []string {
	var rest []string
	for _, item := range a {
		for len(b) > 0 && b[0] < item {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != item {
			rest = append(rest, item)
		}
	}
	return rest
}

func appendSet(b []byte, items []string) []byte {
	b = append(b, '{')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendWord(b, item)
	}
	return append(b, '}')
}
