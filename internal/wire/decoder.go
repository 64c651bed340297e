package wire

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
)

// decoder keeps the first error, so that decoding reads like a literal.
type decoder struct{ err error }

func (d *decoder) fail(field string, err error) {
	if d.err == nil {
		d.err = fmt.Errorf("%s: %w", field, err)
	}
}

// within is fail for an error that there may not be.
func (d *decoder) within(field string, err error) {
	if err != nil {
		d.fail(field, err)
	}
}

// requiredID reads an identifier.
func requiredID[T ~string](d *decoder, field, id string) T {
	if d.err == nil {
		d.err = proffer.ValidateID(field, id)
	}
	return T(id)
}

// optionalID reads an identifier that may be empty.
func optionalID[T ~string](d *decoder, field, id string) T {
	if id == "" {
		return ""
	}
	return requiredID[T](d, field, id)
}

// enum reads a value of an enum that is numbered as in package proffer.
func enum[T ~uint8, E interface {
	~int32
	fmt.Stringer
}](d *decoder, field string, v E, last T,
) T {
	if v < 0 || int32(v) > int32(last) {
		d.fail(field, fmt.Errorf("value %d is not known: want at most %d; was it sent by a newer version?", int32(v), last))
	}
	return T(v)
}

func (d *decoder) int(field string, v int64) int {
	if v > math.MaxInt || v < math.MinInt {
		d.fail(field, fmt.Errorf("number %d is out of range", v))
	}
	return int(v)
}

func (d *decoder) data(b []byte) []byte {
	if len(b) > proffer.MaxDataSize {
		d.fail("data", fmt.Errorf("it has %d bytes, at most %d are allowed", len(b), proffer.MaxDataSize))
	}
	if len(b) == 0 {
		return nil
	}
	return b
}

// yearOne is the Unix time of the zero time.
const yearOne = -62135596800

func encodeTime(t time.Time) (seconds int64, nanos uint32) {
	return t.Unix() - yearOne, uint32(t.Nanosecond())
}

func (d *decoder) time(field string, seconds int64, nanos uint32) time.Time {
	if nanos >= 1e9 {
		d.fail(field, fmt.Errorf("%d nanoseconds are a second or more", nanos))
	}
	return time.Unix(seconds+yearOne, int64(nanos)).UTC()
}

func encodeLabels(labels map[string]string) []*Label {
	if len(labels) == 0 {
		return nil
	}
	list, all := make([]Label, len(labels)), make([]*Label, len(labels))
	for i, key := range slices.Sorted(maps.Keys(labels)) {
		list[i].Key, list[i].Value = key, labels[key]
		all[i] = &list[i]
	}
	return all
}

func (d *decoder) labels(field string, all []*Label) map[string]string {
	if len(all) == 0 {
		return nil
	}
	labels := make(map[string]string, len(all))
	for _, l := range all {
		if _, twice := labels[l.GetKey()]; twice {
			d.fail(field, fmt.Errorf("key %q is there twice", excerpt(l.GetKey())))
		}
		labels[l.GetKey()] = l.GetValue()
	}
	return labels
}

// excerpt keeps error texts readable whatever the input was.
func excerpt(s string) string {
	const length = 64
	if len(s) <= length {
		return s
	}
	return strings.ToValidUTF8(s[:length], "") + "…"
}
